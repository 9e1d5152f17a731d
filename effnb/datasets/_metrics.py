"""Metric series that a monitoring system would hold beside the samples, consistent with what was drawn.

Simulated: request counts are the fleet model's own; latency follows the sampled CPU per request and the load; log
records follow the sampled share of logging; memory and errors are level with noise.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from effnb.datasets._fleet import Clock, ServiceTraffic
from effnb.domain import Metric, Series

Floats = npt.NDArray[np.float64]
BASE_LATENCY_SECONDS = 0.040
BASE_MEMORY_BYTES = 420e6
ERROR_RATE = 2e-4
RECORDS_PER_REQUEST = 1.5
LOGGING = "logging:"


def service_metrics(traffic: ServiceTraffic, clock: Clock, *, seed: int) -> list[Series]:
    """Requests, latency and errors of each endpoint; memory and log records of the service."""
    service = traffic.samples.service
    rng = np.random.default_rng([seed, 7, *service.encode()])
    found = [series for name in traffic.requests for series in _endpoint(traffic, clock, name, rng)]
    memory = BASE_MEMORY_BYTES * (1 + 0.01 * rng.standard_normal(len(clock.times)).cumsum() / 20)
    found.append(_series(Metric(name="memory_rss", unit="bytes"), {"service": service}, clock, memory.round()))
    records = Metric(name="log_records", unit="records")
    found.append(_series(records, {"service": service}, clock, rng.poisson(_log_rate(traffic, clock))))
    return found


def _endpoint(traffic: ServiceTraffic, clock: Clock, name: str, rng: np.random.Generator) -> Iterator[Series]:
    labels = {"service": traffic.samples.service, "endpoint": name}
    requests = traffic.requests[name]
    load = 0.6 * requests / max(float(requests.max()), 1.0)
    latency = BASE_LATENCY_SECONDS * traffic.cpu[name] / (1 - load) * np.exp(0.02 * rng.standard_normal(len(requests)))
    yield _series(Metric(name="requests", unit="requests", worse="less"), labels, clock, requests)
    yield _series(Metric(name="latency_p95", unit="s"), labels, clock, latency.round(6))
    yield _series(Metric(name="errors", unit="requests"), labels, clock, rng.poisson(ERROR_RATE * requests))


def _log_rate(traffic: ServiceTraffic, clock: Clock) -> Floats:
    """Expected log records a bucket: as many more than at the start as logging takes more samples."""
    samples = traffic.samples
    logs = {key for key, stack in samples.stacks.items() if any(name.startswith(LOGGING) for name in stack)}
    hit = np.isin(samples.stack, np.fromiter(logs, dtype=np.int64, count=len(logs)))
    bucket = (samples.bucket - clock.start) // clock.step_seconds
    logging = np.bincount(bucket[hit], samples.n[hit], len(clock.times))
    requests = np.sum(list(traffic.requests.values()), axis=0)
    first_day = slice(0, 24 * 3600 // clock.step_seconds)
    per_request = max(float(logging[first_day].sum() / requests[first_day].sum()), 1e-12)
    return np.asarray(RECORDS_PER_REQUEST * logging / per_request)


def _series(metric: Metric, labels: dict[str, str], clock: Clock, values: npt.NDArray[np.number]) -> Series:
    start = datetime.fromtimestamp(clock.start, tz=UTC)
    return Series(
        metric=metric, labels=labels, start=start, step_seconds=clock.step_seconds, values=tuple(values.tolist())
    )
