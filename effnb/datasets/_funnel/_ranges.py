"""What a simulated fleet may look like: every parameter's range, written down before any detector was tuned on it.

A month draws each parameter from its range. ``LARGE`` and ``SMALL`` are open to anybody who tunes; ``HELD_OUT`` is not:
its results are reported apart, and no setting may be chosen by looking at them. Shares and costs are fractions of the
service's CPU, times are hours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Range = tuple[float, float]

SHIFTS = ("rename", "extract", "inline", "between-callers", "between-classes", "split", "library-swap")
LASTING_RISES = ("regression", "drift", "launch")
TRANSIENTS = ("server-failure", "canary", "rolling-update", "load-spike")

SIZE_LEVELS = (0.0, 0.1, 0.5, 0.9, 0.99, 1.0)
REPORT_SIZES = (0.00005, 0.0001, 0.00043, 0.00232, 0.00948, 0.15094)
"""Sizes of FBDetect's reports at ``SIZE_LEVELS`` (its Table 4, all reports)."""
SMALL_FLEET_SIZES = (0.002, 0.005, 0.015, 0.05, 0.12, 0.15)
"""No paper says what small fleets see: ours, within what issue 3 asks for."""


def _months(**per_thousand: Range) -> tuple[tuple[str, Range], ...]:
    return tuple((name.replace("_", "-"), span) for name, span in per_thousand.items())


@dataclass(frozen=True)
class Ranges:
    """Ranges of one family of fleets; pairs are lowest and highest."""

    name: str
    servers: Range
    """Servers of one service (large), pods of the whole fleet (small)."""
    services: Range
    samples_per_server_second: Range
    """Samples of a busy server: sampling rate × share of CPU in use."""
    functions: Range
    """Functions a service has when the caller names no number."""
    median_gcpu: Range | None
    """Median gCPU of functions with at least 0.001 %; None: the functions are a whole service, sizes by ``spread``."""
    spread: Range
    """Standard deviation of the logarithm of a stack's own cost, where no median is asked for."""
    stacks_per_function: Range
    endpoints: Range
    deepest: Range
    """Longest stack."""
    design_effect: Range
    """Variance of a bucket's count over the multinomial one: samples of one host are alike."""
    module_noise: Range
    """Standard deviation of a module's common cost factor in one 30-minute bucket."""
    noise_memory: Range
    """Correlation of that factor from one 30-minute bucket to the next."""
    day_swing: Range
    """Traffic of the quietest hour below that of the busiest, as a share of the mean."""
    mix_swing: Range
    """Swing of one endpoint's share of the traffic over the day, and half of it over the week."""
    deploy_every: Range
    rollout: Range
    """Hours from the first host to the last; 0 is unstaged."""
    sizes: tuple[float, ...]
    """Rise of gCPU of planted regressions at ``SIZE_LEVELS``."""
    relative_size: Range
    """Planted size over the function's gCPU."""
    spike_hours: Range = (0.5, 6.0)
    """How long failures and load spikes last."""
    canary_hours: Range = (2.0, 12.0)
    canary_share: Range = (0.005, 0.05)
    failed_share: Range = (0.002, 0.05)
    """Share of hosts a failure hits."""
    failure_factor: Range = (3.0, 30.0)
    """Cost of the hit functions on those hosts, over the usual."""
    spike_factor: Range = (1.3, 3.0)
    """Traffic of an endpoint in a load spike, over the usual."""
    shift_factor: Range = (0.6, 1.7)
    """Traffic of an endpoint after a traffic shift, over that before."""
    drift_days: Range = (4.0, 15.0)
    launch_cost: Range = (0.0005, 0.01)
    moved_share: Range = (0.3, 0.9)
    """Share of a function's own cost that an extraction or a move takes."""
    shift_with_regression: float = 0.1
    """Share of cost shifts whose commit also makes something dearer."""
    per_thousand: tuple[tuple[str, Range], ...] = ()
    """Events of each kind per 1,000 functions and 30 days, in the order they are planted: what lasts comes first."""


LARGE = Ranges(
    name="large",
    servers=(500_000, 500_000),
    services=(1, 1),
    samples_per_server_second=(1 / 60, 1 / 60),
    functions=(12_000, 12_000),
    median_gcpu=(0.000075, 0.000092),
    spread=(0.8, 1.6),
    stacks_per_function=(1.2, 2.0),
    endpoints=(8, 16),
    deepest=(9, 16),
    design_effect=(1.05, 1.6),
    module_noise=(0.0002, 0.001),
    noise_memory=(0.2, 0.7),
    day_swing=(0.3, 0.9),
    mix_swing=(0.02, 0.15),
    deploy_every=(3, 3),
    rollout=(0.5, 2.0),
    sizes=REPORT_SIZES,
    relative_size=(0.02, 3.0),
    per_thousand=_months(
        regression=(9, 15),
        improvement=(4, 8),
        drift=(1, 2),
        launch=(0.5, 2),
        cost_shift=(10, 20),
        server_failure=(2, 6),
        canary=(4, 8),
        rolling_update=(2, 6),
        load_spike=(2, 4),
        traffic_shift=(0.5, 2),
    ),
)
"""FrontFaaS-like: 500,000 servers, one sample a minute each, a deploy every three hours in stages."""

SMALL = replace(
    LARGE,
    name="small",
    servers=(10, 200),
    services=(5, 50),
    samples_per_server_second=(19 * 0.2, 100 * 0.7),
    functions=(100, 400),
    median_gcpu=None,
    endpoints=(2, 8),
    design_effect=(1.5, 6.0),
    module_noise=(0.003, 0.015),
    day_swing=(0.3, 1.2),
    mix_swing=(0.02, 0.25),
    deploy_every=(6, 48),
    rollout=(0, 0.1),
    sizes=SMALL_FLEET_SIZES,
    relative_size=(0.05, 3.0),
    canary_share=(0.05, 0.3),
    failed_share=(0.05, 0.3),
    launch_cost=(0.01, 0.08),
    per_thousand=_months(
        regression=(4, 10),
        improvement=(2, 5),
        drift=(0, 2),
        launch=(0, 2),
        cost_shift=(5, 12),
        server_failure=(2, 6),
        canary=(1, 4),
        rolling_update=(2, 6),
        load_spike=(2, 6),
        traffic_shift=(1, 3),
    ),
)
"""10–200 pods in 5–50 services, profiled at 19–100 Hz, deployed at once."""

HELD_OUT = replace(
    LARGE,
    name="held-out",
    servers=(150_000, 300_000),
    stacks_per_function=(1.5, 2.0),
    deepest=(14, 20),
    design_effect=(1.6, 2.5),
    module_noise=(0.001, 0.002),
    noise_memory=(0.6, 0.85),
    mix_swing=(0.15, 0.3),
    rollout=(0.1, 0.5),
    relative_size=(0.01, 1.0),
    spike_hours=(4.0, 10.0),
    shift_factor=(0.4, 2.5),
    moved_share=(0.15, 0.4),
    shift_with_regression=0.25,
)
"""Never tuned on: fewer, noisier servers, stronger seasons, longer failures, smaller moves that hide more."""


def draw(rng: np.random.Generator, span: Range) -> float:
    """A value from a range: log-uniform where both ends are positive, uniform otherwise."""
    low, high = span
    if low <= 0:
        return float(rng.uniform(low, high))
    return float(np.clip(np.exp(rng.uniform(np.log(low), np.log(high))), low, high))


def draw_int(rng: np.random.Generator, span: Range) -> int:
    """An integer from a range, ends included."""
    return int(rng.integers(round(span[0]), round(span[1]) + 1))


def draw_sizes(rng: np.random.Generator, sizes: tuple[float, ...], n: int) -> npt.NDArray[np.float64]:
    """Planted sizes whose quantiles at ``SIZE_LEVELS`` are ``sizes``, log-linear between them; shape ``(n,)``."""
    return np.asarray(np.exp(np.interp(rng.uniform(size=n), SIZE_LEVELS, np.log(sizes))))
