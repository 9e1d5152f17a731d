"""What was planted: kept apart from the arrays a detector gets, with what a test could see that knows the time."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.stats import norm

from effnb.datasets._funnel._ranges import LASTING_RISES
from effnb.datasets._funnel._traffic import REFERENCE_HOURS, Grid

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
CARRIES = 0.5
"""The oracle tests the best function among those that hold at least this share of the event."""


@dataclass(frozen=True)
class PlantedEvent:
    """One thing that happened, and what it did to the expected cost of every stack."""

    id: str
    kind: str
    """``regression``, ``drift``, ``launch``, ``improvement``, ``cost-shift``, ``traffic-shift`` or a transient."""
    detail: str
    """The kind of cost shift, or a word on how it came about."""
    at: int
    """First effect, seconds since 1970 UTC."""
    full_at: int
    """Full effect."""
    end: int | None
    """Last effect of a transient; None for what lasts."""
    functions: tuple[str, ...]
    """The functions it is about; for a cost shift those that lost the work, then those that got it."""
    size: float
    """Change of the first function's gCPU at full effect; 0 for a cost shift, which adds nothing."""
    rows: Ints
    """Stacks whose cost it changes, shape ``(n,)``."""
    deltas: Floats
    """Change of each at full effect, as a share of the service's cost."""
    exposure: Floats = field(repr=False)
    """Part of the effect in each bucket, shape ``(n_buckets,)``."""
    commit: str | None = None
    by_traffic: bool = False
    """The cost of a request did not change: only their number did."""

    @property
    def is_lasting_rise(self) -> bool:
        """Whether reporting it is right, whatever its size."""
        return self.kind in LASTING_RISES


@dataclass(frozen=True)
class Truth:
    """All planted events of one month of one service, and the noise they were planted in."""

    service: str
    grid: Grid
    events: tuple[PlantedEvent, ...]
    functions: tuple[str, ...]
    incidence: sp.csr_array
    """1 where a function occurs in a stack, shape ``(n_functions, n_stacks)``."""
    costs: Floats
    """Cost of each stack before any event; sums to 1."""
    leaf_module: Ints
    mean_samples: float
    """Samples of an average bucket."""
    load: Floats
    """Requests of each bucket over their mean, shape ``(n_buckets,)``."""
    design_effect: float
    module_noise: float
    noise_memory: float

    @property
    def lasting_rises(self) -> tuple[PlantedEvent, ...]:
        """Regressions, drifts and launches."""
        return tuple(event for event in self.events if event.is_lasting_rise)

    @cached_property
    def _rank(self) -> dict[str, int]:
        return {name: row for row, name in enumerate(self.functions)}

    @cached_property
    def gcpu(self) -> Floats:
        """Each function's share before any event, shape ``(n_functions,)``."""
        return np.asarray(self.incidence @ self.costs)

    def gcpu_of(self, function: str) -> float:
        """A function's share before any event."""
        return float(self.gcpu[self._rank[function]])

    def effect(self, event: PlantedEvent, function: str) -> float:
        """Expected change of one function's cost at full effect; 0 for a function that does not exist."""
        row = self._rank.get(function)
        return 0.0 if row is None else float(self.effects(event).get(row, 0.0))

    def effects(self, event: PlantedEvent) -> dict[int, float]:
        """Expected change of the cost of every function an event touches, by row."""
        held = self.incidence[:, event.rows]
        change = np.asarray(held @ event.deltas)
        return {int(row): float(change[row]) for row in np.flatnonzero(np.diff(held.indptr))}

    def bucket_variance(self, row: int, rise: float = 0.0) -> tuple[float, float]:
        """Variance of one function's gCPU in an average bucket: by sampling, and by slow noise at its long-run size.

        ``rise`` is what an event adds to the function: halfway through it counts scatter accordingly.
        """
        share = float(np.clip(self.gcpu[row] + max(rise, 0.0) / 2, 1 / self.mean_samples, 0.999))
        held = self.incidence[[row]].indices
        per_module = np.bincount(self.leaf_module[held], weights=self.costs[held])
        memory = self.noise_memory ** (self.grid.step_seconds / 3600 / REFERENCE_HOURS)
        slow = self.module_noise**2 * (1 + memory) / (1 - memory)
        sampling = self.design_effect * share * (1 - share) / self.mean_samples
        return sampling, float((per_module**2).sum() * slow)

    def signal(self, event: PlantedEvent, *, before_hours: float = 240.0, after_hours: float | None = None) -> float:
        """Signal-to-noise ratio of the best test of one function that knows the time and the shape of the event.

        The level before is estimated from ``before_hours``; ``after_hours`` count from full effect, None is all there
        is. Only the part of the exposure that differs from its mean in that span tells anything; buckets with many
        samples tell more.
        """
        effects = self.effects(event)
        most = max((abs(change) for change in effects.values()), default=0.0)
        if most == 0:
            return 0.0
        hours = self.grid.hours + self.grid.start / 3600
        last = np.inf if after_hours is None else event.full_at / 3600 + after_hours
        use = (hours >= event.at / 3600 - before_hours) & (hours < last)
        carriers = [row for row, change in effects.items() if abs(change) >= CARRIES * most]
        exposure, load, net = event.exposure[use], self.load[use], float(event.deltas.sum())
        return max(self._signal(row, effects[row], net, exposure, load) for row in carriers)

    def _signal(self, row: int, change: float, change_of_all: float, exposure: Floats, load: Floats) -> float:
        change -= float(self.gcpu[row] * change_of_all)  # a share of what has grown: the root's cannot rise
        sampling, slow = self.bucket_variance(row, change)
        weight = 1 / (sampling / load + slow)
        mean = float((weight * exposure).sum() / weight.sum())
        return float(abs(change) * np.sqrt((weight * (exposure - mean) ** 2).sum()))

    def oracle_power(
        self, event: PlantedEvent, alarm_rate: float, *, before_hours: float = 240.0, after_hours: float | None = None
    ) -> float:
        """Chance that a one-sided test of one function with this alarm rate finds the event if it knows the time."""
        signal = self.signal(event, before_hours=before_hours, after_hours=after_hours)
        return float(norm.sf(norm.isf(alarm_rate) - signal))
