"""Which events a month gets, where and when: everything that is planted, before a single sample is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from effnb.datasets._funnel._history import DeployLog
from effnb.datasets._funnel._ranges import SHIFTS, Ranges, draw, draw_sizes
from effnb.datasets._funnel._shifts import BUILDERS, CostShift, Site
from effnb.datasets._funnel._traffic import DAY, Floats, Grid
from effnb.datasets._funnel._tree import CallTree
from effnb.datasets._funnel._truth import PlantedEvent

Ints = npt.NDArray[np.int64]
QUIET_START = 6.0
QUIET_END = 30.0
"""Hours at either end of the evaluated span without events: an extended window must fit behind the last."""
DEEPEST_CUT = 0.8
"""Largest part of a function's cost that an improvement takes away."""
TRIES = 60
WHOLE_SHIFTS = ("rename", "inline", "split", "library-swap")
"""Shifts that move all of a function's work, not a drawn part of it."""
LAUNCH_STEPS = ((0.0, 0.01), (12.0, 0.1), (24.0, 0.5), (36.0, 1.0))


@dataclass(frozen=True)
class Wishes:
    """What a caller wants otherwise than drawn."""

    counts: Mapping[str, int] | None = None
    """Events of each kind; a kind that is not named gets none. None: all drawn from the ranges."""
    sizes: Sequence[float] | None = None
    """Sizes of the regressions in turn, shares of the service's cost."""
    relative: tuple[float, float] | None = None
    """Range of size over gCPU, in place of the ranges' own."""
    at_hours: Sequence[float] | None = None
    """Hours after the history at which lasting rises start, in turn; they still wait for the next deploy."""


@dataclass
class Planner:
    """Plants events one after the other; no two lasting ones change the same stack."""

    tree: CallTree
    grid: Grid
    ranges: Ranges
    traffic: Floats
    deploys: DeployLog
    first: float
    """Hour from which on events happen."""
    last: float
    wishes: Wishes
    rng: np.random.Generator
    events: list[PlantedEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Index the tree as it is before any event adds to it."""
        n = len(self.tree.functions)
        holding: list[list[int]] = [[] for _ in range(n)]
        own: list[list[int]] = [[] for _ in range(n)]
        children: dict[tuple[int, ...], list[int]] = {}
        for row, path in enumerate(self.tree.stacks):
            own[path[-1]].append(row)
            children.setdefault(path[:-1], []).append(path[-1])
            for function in path:
                holding[function].append(row)
        self.site = Site(self.tree, holding, own, children, set(), self.rng, 1.0)
        self.gcpu = self.tree.gcpu()
        self.own = np.array([self.tree.cost_of(rows).sum() for rows in own])
        self.n_shifts, self.first_shift = 0, int(self.rng.integers(len(SHIFTS)))
        fixed = {0, *self.tree.handlers, *(i for i, m in enumerate(self.tree.modules) if m == 0)}
        self.choice = np.array([i for i in range(n) if i not in fixed and own[i]], dtype=np.int64)

    def plant_all(self, n_functions: int, days: float) -> None:
        """All kinds, as many as the ranges or the wishes say."""
        plant: dict[str, Callable[[], None]] = {
            "regression": self.regression,
            "improvement": self.improvement,
            "drift": self.drift,
            "launch": self.launch,
            "cost-shift": self.cost_shift,
            "server-failure": self.server_failure,
            "canary": self.canary,
            "rolling-update": self.rolling_update,
            "load-spike": self.load_spike,
            "traffic-shift": self.traffic_shift,
        }
        for kind, span in self.ranges.per_thousand:
            mean = draw(self.rng, span) * n_functions / 1000 * days / 30
            drawn = int(mean + self.rng.uniform())
            n = drawn if self.wishes.counts is None else self.wishes.counts.get(kind, 0)
            for _ in range(n):
                plant[kind]()

    # -- what lasts ---------------------------------------------------------------------------------------------

    def regression(self) -> None:
        """A function gets dearer at a deploy: its own work, all below it, or a new callee."""
        size = self._size()
        for function in self._near(size):
            how = str(self.rng.choice(["own work", "all below it", "new callee"], p=[0.6, 0.25, 0.15]))
            rows = self.site.free(
                self.site.holding[function] if how == "all below it" else self.site.own[function],
            )
            if not rows:
                continue
            target = self._new_callee(function, rows) if how == "new callee" else rows
            deltas = self._spread(rows, self._cost(function, size))
            self.plant_lasting("regression", how, [function], target, deltas)
            return

    def improvement(self) -> None:
        """A function gets cheaper at a deploy."""
        size = float(draw_sizes(self.rng, self.ranges.sizes, 1)[0])
        for function in self._near(size / DEEPEST_CUT):
            rows = self.site.free(self.site.own[function])
            if rows:
                cut = min(size, DEEPEST_CUT * float(self.tree.cost_of(rows).sum()))
                self.plant_lasting("improvement", "own work", [function], rows, -self._spread(rows, cut))
                return

    def drift(self) -> None:
        """A function gets dearer little by little, without a deploy."""
        size = self._size()
        room = self.last - self.first
        length = min(draw(self.rng, self.ranges.drift_days) * DAY, 0.8 * room)
        start = self.first + self.rng.uniform() * (room - length)
        for function in self._near(size):
            rows = self.site.free(self.site.own[function])
            if rows:
                exposure = self.grid.ramp(start, length)
                deltas = self._spread(rows, self._cost(function, size))
                self._record("drift", "", start, length, None, [function], rows, deltas, exposure)
                return

    def launch(self) -> None:
        """New functions behind a flag, ramped up in steps, with an announced cost."""
        size = draw(self.rng, self.ranges.launch_cost)
        callers = [f for f in self.rng.choice(self.choice, 8).tolist() if self.site.own[f]]
        rows: list[int] = []
        functions: list[int] = []
        for caller in callers:
            new = self.site.like(caller, "launched")
            path = self.tree.stacks[self.site.own[caller][0]]
            rows.append(self.tree.add_stack((*path, new), self.tree.endpoints[self.site.own[caller][0]]))
            functions.append(new)
        start = self.first + self.rng.uniform() * max(self.last - self.first - LAUNCH_STEPS[-1][0], 1.0)
        share, exposure = 0.0, np.zeros(self.grid.n_buckets)
        for after, fraction in LAUNCH_STEPS:
            exposure += (fraction - share) * self.grid.ramp(start + after, 0)
            share = fraction
        parts = size * self.rng.dirichlet(np.full(len(rows), 3.0))
        flag = self.deploys.launch(f"launch_{len(self.events)}", start, LAUNCH_STEPS, size)
        self._record("launch", "", start, LAUNCH_STEPS[-1][0], None, functions, rows, parts, exposure, flag)

    def cost_shift(self) -> None:
        """Work moves, in the seven ways in turn; some of the commits also make the target dearer."""
        kind = SHIFTS[(self.first_shift + self.n_shifts) % len(SHIFTS)]
        self.n_shifts += 1
        self.site.share = draw(self.rng, self.ranges.moved_share)
        size = float(draw_sizes(self.rng, self.ranges.sizes, 1)[0])
        wanted = size if kind in WHOLE_SHIFTS else size / self.site.share
        for function in self._closest(self.gcpu if kind == "rename" else self.own, wanted, len(self.choice)):
            shift = BUILDERS[kind](self.site, function)
            if shift is not None:
                self._plant_shift(kind, shift)
                return

    def _plant_shift(self, kind: str, shift: CostShift) -> None:
        moved: dict[int, float] = {}
        for source, target, cost in shift.moves:
            moved[source] = moved.get(source, 0.0) - cost
            moved[target] = moved.get(target, 0.0) + cost
        functions = [*shift.sources, *shift.targets]
        start, commit = self.deploys.commit(self.first, self.last, self._title(shift), functions, self.tree)
        length = self.deploys.rollout_hours
        exposure = self.grid.ramp(start, length)
        deltas = np.array(list(moved.values()))
        self._record("cost-shift", kind, start, length, None, functions, list(moved), deltas, exposure, commit)
        if self.rng.uniform() < self.ranges.shift_with_regression:
            rows = sorted({target for _, target, _ in shift.moves})
            size = float(draw_sizes(self.rng, self.ranges.sizes, 1)[0])
            extra = np.full(len(rows), size / len(rows))
            targets = list(shift.targets)
            self._record("regression", "with a shift", start, length, None, targets, rows, extra, exposure, commit)

    def _title(self, shift: CostShift) -> str:
        return shift.title.format(self.tree.functions[shift.sources[0]], self.tree.functions[shift.targets[0]])

    # -- what passes --------------------------------------------------------------------------------------------

    def server_failure(self) -> None:
        """Some hosts run a part of the code many times dearer for some hours."""
        rows, functions = self._part_of_the_code()
        factor = draw(self.rng, self.ranges.failed_share) * (draw(self.rng, self.ranges.failure_factor) - 1)
        start, length = self._when(), draw(self.rng, self.ranges.spike_hours)
        self._passing("server-failure", "", start, length, functions, rows, factor * self.tree.cost_of(rows))

    def canary(self) -> None:
        """A commit reaches a few hosts, makes a function dearer there, and is rolled back."""
        size = 10 * float(draw_sizes(self.rng, self.ranges.sizes, 1)[0])
        for function in self._near(size):
            rows = self.site.free(self.site.own[function])
            if rows:
                length = draw(self.rng, self.ranges.canary_hours)
                title = f"Change {self.tree.functions[function]}"
                start, commit = self.deploys.canary(self.first, self.last, length, title, [function], self.tree)
                deltas = draw(self.rng, self.ranges.canary_share) * self._spread(rows, size)
                self._passing("canary", "rolled back", start, length, [function], rows, deltas, commit)
                return

    def rolling_update(self) -> None:
        """Restarted servers warm up: a part of the code is dearer until the rollout is done."""
        rows, functions = self._part_of_the_code()
        start = self.deploys.next(self._when(), self.last)
        length = self.deploys.rollout_hours + 0.5
        deltas = self.rng.uniform(0.1, 1.0) * self.tree.cost_of(rows)
        self._passing("rolling-update", "warm-up", start, length, functions, rows, deltas)

    def load_spike(self) -> None:
        """One endpoint gets more requests for some hours, and part of its code contends for a lock."""
        endpoint = int(self.rng.integers(len(self.tree.handlers)))
        start, length = self._when(), draw(self.rng, self.ranges.spike_hours)
        factor = draw(self.rng, self.ranges.spike_factor)
        self._change_traffic("load-spike", endpoint, factor, start, 0.25, start + length)
        rows, functions = self._part_of_the_code(endpoint)
        deltas = self.rng.uniform(0.05, 0.5) * self.tree.cost_of(rows)
        self._passing("load-spike", "contention", start, length, functions, rows, deltas)

    def traffic_shift(self) -> None:
        """One endpoint gets more or fewer requests from some time on; no request costs more."""
        endpoint = int(self.rng.integers(len(self.tree.handlers)))
        factor = draw(self.rng, self.ranges.shift_factor)
        self._change_traffic("traffic-shift", endpoint, factor, self._when(), self.rng.uniform(0.2, 12.0), None)

    # -- parts --------------------------------------------------------------------------------------------------

    def _size(self) -> float:
        if self.wishes.sizes is not None:
            return float(self.wishes.sizes[len(self.events) % len(self.wishes.sizes)])
        return float(draw_sizes(self.rng, self.ranges.sizes, 1)[0])

    def _cost(self, function: int, size: float) -> float:
        """Cost that lifts a function's share by so much: what is added is part of the whole as well."""
        return size / max(1 - float(self.gcpu[function]) - size, 0.1)

    def _near(self, size: float) -> list[int]:
        """Functions in whose gCPU an event of this size is of ordinary relative size, best first."""
        wanted = size / draw(self.rng, self.wishes.relative or self.ranges.relative_size)
        return self._closest(self.gcpu, wanted, TRIES)

    def _closest(self, costs: Floats, wanted: float, n: int) -> list[int]:
        distance = np.abs(np.log(np.maximum(costs[self.choice], 1e-12) / wanted))
        return [int(row) for row in self.choice[np.argsort(distance)[:n]]]

    def _spread(self, rows: Sequence[int], size: float) -> Floats:
        """A cost divided over stacks as their own costs are."""
        costs = self.tree.cost_of(rows)
        return np.asarray(size * costs / costs.sum())

    def _new_callee(self, function: int, rows: list[int]) -> list[int]:
        new = self.site.like(function, "added")
        return [self.tree.add_stack((*self.tree.stacks[row], new), self.tree.endpoints[row]) for row in rows]

    def _part_of_the_code(self, endpoint: int | None = None) -> tuple[list[int], list[int]]:
        """All stacks below a function of middling size that no lasting event has."""
        for function in self.rng.permutation(self.choice)[: 5 * TRIES].tolist():
            rows = self.site.free(self.site.holding[function])
            if endpoint is not None:
                rows = [row for row in rows if self.tree.endpoints[row] == endpoint]
            if len(rows) > 2:
                return rows, [function]
        return [], []

    def _when(self) -> float:
        return float(self.first + self.rng.uniform() * (self.last - self.first))

    def plant_lasting(self, kind: str, detail: str, functions: list[int], rows: Sequence[int], deltas: Floats) -> None:
        """A change of cost that arrives with a deploy and stays."""
        title = f"Change {self.tree.functions[functions[0]]}"
        at = self.wishes.at_hours
        first = self.first if at is None else self.first - QUIET_START + at[len(self.events) % len(at)]
        last = self.last if at is None else first
        start, commit = self.deploys.commit(first, last, title, functions, self.tree)
        length = self.deploys.rollout_hours
        exposure = self.grid.ramp(start, length)
        self._record(kind, detail, start, length, None, functions, rows, deltas, exposure, commit)

    def _passing(
        self,
        kind: str,
        detail: str,
        start: float,
        length: float,
        functions: list[int],
        rows: Sequence[int],
        deltas: Floats,
        commit: str | None = None,
    ) -> None:
        if len(rows):
            exposure = self.grid.during(start, start + length)
            self._record(kind, detail, start, 0.0, start + length, functions, rows, deltas, exposure, commit)

    def _change_traffic(
        self, kind: str, endpoint: int, factor: float, start: float, ramp: float, end: float | None
    ) -> None:
        exposure = self.grid.ramp(start, ramp) - (0 if end is None else self.grid.ramp(end, ramp))
        self.traffic[endpoint] *= 1 + (factor - 1) * exposure
        rows = [row for row, at in enumerate(self.tree.endpoints) if at == endpoint]
        deltas = (factor - 1) * self.tree.cost_of(rows)
        handler = [self.tree.handlers[endpoint]]
        self._record(kind, "requests", start, ramp, end, handler, rows, deltas, exposure, by_traffic=True)

    def _record(
        self,
        kind: str,
        detail: str,
        start: float,
        length: float,
        end: float | None,
        functions: Sequence[int],
        rows: Sequence[int],
        deltas: Floats,
        exposure: Floats,
        commit: str | None = None,
        *,
        by_traffic: bool = False,
    ) -> None:
        clock = self.grid.start
        if end is None and not by_traffic:
            self.site.used |= set(rows)
        added = float(deltas.sum()) if kind != "cost-shift" else 0.0
        share = float(self.gcpu[functions[0]]) if functions[0] < len(self.gcpu) else 0.0
        event = PlantedEvent(
            id=f"{kind}-{len(self.events)}",
            kind=kind,
            detail=detail,
            at=clock + round(start * 3600),
            full_at=clock + round((start + length) * 3600),
            end=None if end is None else clock + round(end * 3600),
            functions=tuple(self.tree.functions[row] for row in functions),
            size=(share + added) / (1 + added) - share,
            rows=np.array(rows, dtype=np.int64),
            deltas=np.asarray(deltas, dtype=float),
            exposure=exposure,
            commit=commit,
            by_traffic=by_traffic,
        )
        self.events.append(event)
