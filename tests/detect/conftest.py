"""The made-up shop's traffic as the history that detection is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest

from effnb.datasets import CLOCK, ENDPOINTS, Clock, ServiceFleet, ServiceTraffic, rollout, shop_fleet, simulate_service
from effnb.detect import Detection, ServiceHistory, detect_regressions
from effnb.settings import DetectSettings

Costs = Mapping[tuple[str, ...], float]


def history_of(
    traffic: ServiceTraffic, *, clock: Clock = CLOCK, requests: bool = True, own_code: Sequence[str] = ("shop",)
) -> ServiceHistory:
    """Samples and request counts as arrays over the whole clock."""
    samples = traffic.samples
    ids, row = np.unique(samples.stack, return_inverse=True)
    counts = np.zeros((len(ids), len(clock.times)), dtype=np.int64)
    np.add.at(counts, (row, (samples.bucket - clock.start) // clock.step_seconds), samples.n)
    stacks = [samples.stacks[int(key)] for key in ids]
    place = {endpoint.handler: i for i, endpoint in enumerate(ENDPOINTS)}
    return ServiceHistory(
        service="shop",
        start=clock.start,
        step_seconds=clock.step_seconds,
        stacks=stacks,
        counts=counts,
        endpoint=np.array([next((place[name] for name in stack if name in place), -1) for stack in stacks]),
        requests=np.array([traffic.requests[one.name] for one in ENDPOINTS], dtype=float) if requests else None,
        own_code=tuple(own_code),
    )


def simulated(fleet: ServiceFleet, *, seed: int = 1, requests: bool = True) -> ServiceHistory:
    """Ten days of a fleet, one sample a second and busy core."""
    return history_of(simulate_service(fleet, CLOCK, sampling_hz=1.0, seed=seed), requests=requests)


def versions(*costs: Costs, hours: Sequence[float]) -> ServiceFleet:
    """The shop with one version after another, each rolled out so many hours after the start."""
    names = [f"v{i}" for i in range(len(costs))]
    deploys = [deploy for name, at in zip(names, (-100, *hours), strict=True) for deploy in rollout(name, at)]
    return shop_fleet(dict(zip(names, costs, strict=True)), deploys)


def moved(costs: Costs, change: Callable[[tuple[str, ...]], tuple[str, ...]]) -> dict[tuple[str, ...], float]:
    """The same costs under other stacks; stacks that become equal are added up."""
    found: dict[tuple[str, ...], float] = {}
    for stack, cost in costs.items():
        found[change(stack)] = found.get(change(stack), 0.0) + cost
    return found


def raised(costs: Costs, function: str, extra: float) -> dict[tuple[str, ...], float]:
    """The costs with so much more in the stacks that end in a function, in shares of the whole."""
    whole = sum(cost for stack, cost in costs.items() if stack[-1] == function)
    return {stack: cost * (1 + extra / whole) if stack[-1] == function else cost for stack, cost in costs.items()}


def detected(history: ServiceHistory, **settings: float) -> Detection:
    """What detection says under the defaults with some of them replaced."""
    return detect_regressions(history, DetectSettings(**settings))


@pytest.fixture(scope="session")
def shop():
    """The functions of this file, so that tests need not import a conftest."""
    from types import SimpleNamespace

    return SimpleNamespace(
        history_of=history_of,
        simulated=simulated,
        versions=versions,
        moved=moved,
        raised=raised,
        detected=detected,
    )
