"""A seeded fleet model: recorded stack costs become two weeks of sampled traffic on several host groups.

Simulated here, and said so wherever it is shown: traffic, hosts, their noise, rollout times and incidents. Recorded:
which stacks exist at each revision and what they cost. Counts are independent Poisson draws, one per stack, version,
host group and bucket; given their total that is a multinomial draw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from effnb.store import Samples, stack_id

Stack = tuple[str, ...]
Costs = Mapping[Stack, float]
Floats = npt.NDArray[np.float64]
HOUR = 3600


@dataclass(frozen=True)
class Endpoint:
    """One kind of request."""

    name: str
    handler: str
    weight: float
    """Share of the requests on an average day."""
    night_factor: float = 1.0
    """Its weight at night relative to noon: what makes the mix swing over the day."""


@dataclass(frozen=True)
class Deploy:
    """A version reaching one host group."""

    version: str
    host_group: str
    start: int
    """Seconds since 1970 UTC."""
    minutes: float
    """Time until the last host has it."""


@dataclass(frozen=True)
class Setting:
    """A config value or flag that changes the cost of stacks while it is on."""

    name: str
    delta: Costs
    """Cost added to a stack at full exposure; may be negative."""
    steps: Sequence[tuple[int, float]]
    """(time, share of requests) in time order."""


@dataclass(frozen=True)
class Incident:
    """Something outside the code that lasts a while: a bad host group, or a version that is rolled back."""

    functions: frozenset[str]
    """Stacks with one of these functions cost more."""
    host_groups: frozenset[str]
    start: int
    end: int
    factor: float


@dataclass(frozen=True)
class MixShift:
    """An endpoint that gets more requests from some time on."""

    endpoint: str
    start: int
    factor: float


@dataclass(frozen=True)
class ServiceFleet:
    """Everything the model needs to know about one service."""

    name: str
    host_groups: Mapping[str, int]
    """Host group → servers."""
    endpoints: Sequence[Endpoint]
    utilisation: float
    """Mean share of CPU in use."""
    costs: Mapping[str, Costs]
    """Version → cost of each stack, in units of the first version's total."""
    deploys: Sequence[Deploy]
    settings: Sequence[Setting] = ()
    incidents: Sequence[Incident] = ()
    mix_shifts: Sequence[MixShift] = ()


@dataclass(frozen=True)
class Clock:
    """The grid of buckets."""

    start: int
    """Seconds since 1970 UTC."""
    days: int
    step_seconds: int

    @property
    def times(self) -> npt.NDArray[np.int64]:
        """Start of each bucket."""
        return self.start + self.step_seconds * np.arange(self.days * 24 * HOUR // self.step_seconds, dtype=np.int64)


@dataclass(frozen=True)
class ServiceTraffic:
    """What was drawn for one service."""

    samples: Samples
    requests: Mapping[str, npt.NDArray[np.int64]]
    """Endpoint → requests a bucket, over all hosts."""
    cpu: Mapping[str, Floats]
    """Endpoint → sampled CPU per request relative to its mean, a value a bucket."""


@dataclass
class _Draw:
    bucket: list[npt.NDArray[np.int64]] = field(default_factory=list)
    stack: list[npt.NDArray[np.int64]] = field(default_factory=list)
    version: list[npt.NDArray[np.object_]] = field(default_factory=list)
    host_group: list[npt.NDArray[np.object_]] = field(default_factory=list)
    n: list[npt.NDArray[np.int64]] = field(default_factory=list)


def simulate_service(fleet: ServiceFleet, clock: Clock, *, sampling_hz: float, seed: int) -> ServiceTraffic:
    """Samples and request counts of one service; the same seed gives the same fleet."""
    rng = np.random.default_rng([seed, *fleet.name.encode()])
    stacks = sorted(
        {stack for costs in fleet.costs.values() for stack in costs}
        | {stack for setting in fleet.settings for stack in setting.delta}
    )
    owner = _owners(stacks, fleet.endpoints)
    requests = _requests(fleet, clock, rng)
    per_endpoint = np.stack([requests[endpoint.name] for endpoint in fleet.endpoints]).astype(float)
    # A cost is a share of the whole at the recorded mix: stacks of one endpoint scale with its own requests.
    weights = np.array([endpoint.weight for endpoint in fleet.endpoints])
    per_endpoint = np.vstack([per_endpoint / weights[:, None], per_endpoint.sum(axis=0) / weights.sum()])
    scale = _samples_per_request(fleet, clock, sampling_hz, stacks, owner, per_endpoint)
    extra = _settings_cost(fleet, clock, stacks)
    drawn = _Draw()
    total_servers = sum(fleet.host_groups.values())
    for group, servers in fleet.host_groups.items():
        noise = _host_noise(rng, stacks, owner, len(clock.times)) * _incident_factor(fleet, group, clock, stacks)
        traffic = scale * servers / total_servers * per_endpoint
        for version, share in _version_shares(fleet, group, clock).items():
            active = np.flatnonzero(share)
            cost = _vector(fleet.costs[version], stacks)[:, None] + extra[:, active]
            rate = np.maximum(cost, 0) * noise[:, active] * traffic[owner][:, active] * share[active]
            _append(drawn, rng.poisson(rate), clock.times[active], version, group)
    samples = _collect(drawn, fleet.name, stacks, clock)
    return ServiceTraffic(samples, requests, _cpu_per_request(samples, stacks, owner, fleet, clock, per_endpoint))


def _owners(stacks: Sequence[Stack], endpoints: Sequence[Endpoint]) -> npt.NDArray[np.int64]:
    """Endpoint index of each stack; one past the last for stacks outside every handler, which follow all requests."""
    place = {endpoint.handler: i for i, endpoint in enumerate(endpoints)}
    return np.array([next((place[name] for name in stack if name in place), len(endpoints)) for stack in stacks])


def _requests(fleet: ServiceFleet, clock: Clock, rng: np.random.Generator) -> dict[str, npt.NDArray[np.int64]]:
    """Requests of each endpoint: a daily and a weekly swing, slow noise, the night mix, and mix shifts."""
    hours = (clock.times % (24 * HOUR)) / HOUR
    day = 0.5 - 0.5 * np.cos(2 * np.pi * (hours - 3) / 24)
    weekend = np.isin((clock.times // (24 * HOUR) + 3) % 7, (5, 6))
    swing = (0.55 + 0.9 * day) * np.where(weekend, 0.82, 1.0)
    per_bucket = 12.0 * clock.step_seconds * sum(fleet.host_groups.values())
    found = {}
    for endpoint in fleet.endpoints:
        mix = endpoint.night_factor + (1 - endpoint.night_factor) * day
        for shift in fleet.mix_shifts:
            if shift.endpoint == endpoint.name:
                mix = mix * np.where(clock.times >= shift.start, shift.factor, 1.0)
        mean = per_bucket * endpoint.weight * swing * mix * np.exp(_slow_noise(rng, 1, len(hours), 0.02)[0])
        found[endpoint.name] = rng.poisson(mean)
    return found


def _slow_noise(rng: np.random.Generator, rows: int, n: int, sd: float, memory: float = 0.7) -> Floats:
    """Autocorrelated noise of order one, mean zero, standard deviation ``sd``; shape ``(rows, n)``."""
    white = rng.standard_normal((rows, n + 20)) * sd * np.sqrt(1 - memory**2)
    return np.asarray(lfilter([1.0], [1.0, -memory], white, axis=1))[:, 20:]


def _host_noise(rng: np.random.Generator, stacks: Sequence[Stack], owner: npt.NDArray[np.int64], n: int) -> Floats:
    """Cost factors of one host group: the hosts as a whole, each endpoint, each module; shape ``(n_stacks, n)``."""
    modules = sorted({stack[-1].split(":")[0] for stack in stacks})
    module = np.array([modules.index(stack[-1].split(":")[0]) for stack in stacks])
    hosts = _slow_noise(rng, 1, n, 0.02)
    endpoints = _slow_noise(rng, int(owner.max()) + 1, n, 0.008)
    return np.asarray(np.exp(hosts + endpoints[owner] + _slow_noise(rng, len(modules), n, 0.015)[module]))


def _incident_factor(fleet: ServiceFleet, group: str, clock: Clock, stacks: Sequence[Stack]) -> Floats:
    factor = np.ones((len(stacks), len(clock.times)))
    for incident in fleet.incidents:
        if group in incident.host_groups:
            rows = [i for i, stack in enumerate(stacks) if incident.functions & set(stack)]
            during = (clock.times >= incident.start) & (clock.times < incident.end)
            factor[np.ix_(np.array(rows, dtype=np.int64), np.flatnonzero(during))] *= incident.factor
    return factor


def _samples_per_request(
    fleet: ServiceFleet,
    clock: Clock,
    sampling_hz: float,
    stacks: Sequence[Stack],
    owner: npt.NDArray[np.int64],
    requests: Floats,
) -> float:
    """Factor that makes the mean sample count equal servers × CPU in use × sampling rate × time."""
    wanted = sum(fleet.host_groups.values()) * fleet.utilisation * sampling_hz * clock.step_seconds
    cost = _vector(fleet.costs[fleet.deploys[0].version], stacks)
    return wanted / float((cost[:, None] * requests[owner]).sum(axis=0).mean())


def _settings_cost(fleet: ServiceFleet, clock: Clock, stacks: Sequence[Stack]) -> Floats:
    """Cost that settings add to each stack, a column a bucket."""
    extra = np.zeros((len(stacks), len(clock.times)))
    for setting in fleet.settings:
        share = np.zeros(len(clock.times))
        for start, fraction in setting.steps:
            inside = np.clip((clock.times + clock.step_seconds - start) / clock.step_seconds, 0, 1)
            share = share * (1 - inside) + fraction * inside
        extra += _vector(setting.delta, stacks)[:, None] * share
    return extra


def _version_shares(fleet: ServiceFleet, group: str, clock: Clock) -> dict[str, Floats]:
    """Share of a host group's traffic that each version serves in each bucket; shares of a bucket sum to one."""
    mine = sorted((deploy for deploy in fleet.deploys if deploy.host_group == group), key=lambda deploy: deploy.start)
    middle = clock.times + clock.step_seconds / 2
    arrived = [np.clip((middle - deploy.start) / (60 * deploy.minutes), 0, 1) for deploy in mine]
    shares: dict[str, Floats] = {}
    for i, deploy in enumerate(mine):
        here = (np.ones(len(middle)) if i == 0 else arrived[i]) - (arrived[i + 1] if i + 1 < len(mine) else 0)
        shares[deploy.version] = shares.get(deploy.version, 0) + np.maximum(here, 0)
    return shares


def _vector(costs: Costs, stacks: Sequence[Stack]) -> Floats:
    return np.array([costs.get(stack, 0.0) for stack in stacks])


def _append(
    drawn: _Draw,
    counts: npt.NDArray[np.int64],
    times: npt.NDArray[np.int64],
    version: str,
    group: str,
) -> None:
    row, column = np.nonzero(counts)
    drawn.bucket.append(times[column])
    drawn.stack.append(row)
    drawn.n.append(counts[row, column])
    drawn.version.append(np.full(len(row), version, dtype=object))
    drawn.host_group.append(np.full(len(row), group, dtype=object))


def _collect(drawn: _Draw, service: str, stacks: Sequence[Stack], clock: Clock) -> Samples:
    ids = np.array([stack_id(stack) for stack in stacks], dtype=np.int64)
    row = np.concatenate(drawn.stack)
    return Samples(
        service=service,
        stacks={int(ids[i]): stacks[i] for i in np.unique(row)},
        step_seconds=clock.step_seconds,
        bucket=np.concatenate(drawn.bucket),
        version=np.concatenate(drawn.version),
        host_group=np.concatenate(drawn.host_group),
        stack=ids[row],
        n=np.concatenate(drawn.n),
    )


def _cpu_per_request(
    samples: Samples,
    stacks: Sequence[Stack],
    owner: npt.NDArray[np.int64],
    fleet: ServiceFleet,
    clock: Clock,
    requests: Floats,
) -> dict[str, Floats]:
    """Sampled CPU of each endpoint per request, relative to its own mean."""
    place = {stack_id(stack): owner[i] for i, stack in enumerate(stacks)}
    ids, inverse = np.unique(samples.stack, return_inverse=True)
    endpoint = np.array([place[int(key)] for key in ids])[inverse]
    total = np.zeros_like(requests)
    np.add.at(total, (endpoint, (samples.bucket - clock.start) // clock.step_seconds), samples.n)
    cost = total / np.maximum(requests, 1)
    return {e.name: cost[i] / max(cost[i].mean(), 1e-12) for i, e in enumerate(fleet.endpoints)}
