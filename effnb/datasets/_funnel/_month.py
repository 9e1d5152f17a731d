"""A month of one service: the arrays a detector gets, and, apart from them, the truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from effnb.datasets._funnel._draw import Counts, draw_counts, empty_counts
from effnb.datasets._funnel._history import deploy_log
from effnb.datasets._funnel._plan import QUIET_END, QUIET_START, Planner, Wishes
from effnb.datasets._funnel._ranges import LARGE, SMALL, Ranges, draw, draw_int
from effnb.datasets._funnel._traffic import DAY, Grid, draw_traffic
from effnb.datasets._funnel._tree import CallTree, grow_tree
from effnb.datasets._funnel._truth import Truth
from effnb.domain import Change, Experiment, Rollout, TouchedFunction

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
START = 1_759_708_800
"""Monday 2025-10-06 00:00 UTC."""
REQUESTS_PER_SERVER_SECOND = 10.0
CHAIN = 8
"""Callers above the leaves of correlated series."""
CORRELATED_COST = 0.0004
CORRELATED_RISE = 0.4


@dataclass(frozen=True)
class FleetMonth:
    """What can be observed of one service; nothing here says what was planted."""

    service: str
    start: int
    """Start of the first bucket, seconds since 1970 UTC."""
    step_seconds: int
    history_days: float
    """Days at the beginning in which nothing was planted."""
    functions: tuple[str, ...]
    stacks: tuple[tuple[str, ...], ...]
    """Root first."""
    counts: Counts
    """Samples of each stack, shape ``(n_stacks, n_buckets)``; memory-mapped when a path was given."""
    totals: Ints
    """All samples of each bucket, shape ``(n_buckets,)``."""
    endpoint: Ints
    """Row of ``requests`` of each stack, −1 for none; shape ``(n_stacks,)``."""
    endpoints: tuple[tuple[str, str], ...]
    """Name and handler of each endpoint."""
    requests: Floats
    """Requests, shape ``(n_endpoints, n_buckets)``."""
    changes: tuple[Change, ...]
    touched: Mapping[str, tuple[TouchedFunction, ...]]
    """Functions each commit edits."""
    rollouts: tuple[Rollout, ...]
    experiments: tuple[Experiment, ...]

    @cached_property
    def incidence(self) -> sp.csr_array:
        """1 where a function occurs in a stack, shape ``(n_functions, n_stacks)``."""
        rank = {name: row for row, name in enumerate(self.functions)}
        columns = np.repeat(np.arange(len(self.stacks)), [len(stack) for stack in self.stacks])
        rows = np.array([rank[name] for stack in self.stacks for name in stack], dtype=np.int64)
        shape = (len(self.functions), len(self.stacks))
        return sp.csr_array((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=shape)

    def function_counts(self, block: int = 512) -> Iterator[tuple[slice, npt.NDArray[np.float64]]]:
        """Samples with each function, some functions at a time: their rows, and counts ``(n_rows, n_buckets)``."""
        for first in range(0, len(self.functions), block):
            rows = slice(first, min(first + block, len(self.functions)))
            part = self.incidence[rows].tocsc()
            held = np.flatnonzero(np.diff(part.indptr))
            yield rows, np.asarray(part[:, held].astype(np.float64) @ np.asarray(self.counts[held], dtype=np.float64))

    def stack_counts(self, start: int, end: int) -> Ints:
        """Samples of each stack in buckets that start between two times, shape ``(n_stacks,)``."""
        first, stop = (max(0, -(-(at - self.start) // self.step_seconds)) for at in (start, end))
        return np.asarray(self.counts[:, first:stop].sum(axis=1), dtype=np.int64)

    def before_after(self, at: int, *, hours: float = 12.0, gap_hours: float = 0.0) -> tuple[Ints, Ints]:
        """Samples of each stack in the hours before a time and in the hours that begin some hours after it."""
        span, gap = round(hours * 3600), round(gap_hours * 3600)
        return self.stack_counts(at - span, at), self.stack_counts(at + gap, at + gap + span)


def simulate_month(
    seed: int | Sequence[int],
    ranges: Ranges = LARGE,
    *,
    n_functions: int | None = None,
    history_days: float = 10,
    days: float = 30,
    step_seconds: int = 1800,
    wishes: Wishes | None = None,
    correlated: int = 0,
    service: str = "frontend",
    servers: float | None = None,
    counts_path: Path | None = None,
) -> tuple[FleetMonth, Truth]:
    """One service over ``history_days + days``; the same seed gives the same month.

    Args:
        seed: Any integers.
        ranges: What the parameters are drawn from.
        n_functions: Functions before events add some; None draws the number.
        history_days: Days without events at the beginning.
        days: Days with events.
        step_seconds: Width of a bucket.
        wishes: Events other than the ranges' own.
        correlated: Also plant one regression that lifts this many series alike, no other; at least 10.
        service: Its name.
        servers: Servers; None draws them.
        counts_path: Where to memory-map the counts (``.npy``); None keeps them in memory.
    """
    rng = np.random.default_rng(seed)
    grid = Grid(START, step_seconds, round((history_days + days) * 86_400 / step_seconds))
    tree = grow_tree(ranges, n_functions or draw_int(rng, ranges.functions), rng)
    n_before = len(tree.functions)
    series = _add_correlated(tree, correlated) if correlated else []
    log = deploy_log(service, ranges, grid, rng)
    traffic = draw_traffic(ranges, len(tree.handlers), grid, rng)
    first, last = history_days * DAY + QUIET_START, (history_days + days) * DAY - QUIET_END
    planner = Planner(tree, grid, ranges, traffic, log, first, max(last, first + 1), wishes or Wishes(), rng)
    if series:
        rows = [tree.rows[tree.stacks[row]] for row in series]
        rise = CORRELATED_RISE * tree.cost_of(rows)
        planner.plant_lasting("regression", "correlated series", [tree.stacks[row][-1] for row in rows], rows, rise)
    else:
        planner.plant_all(n_before, days)
    log.finish(tree, n_before)
    servers = draw(rng, ranges.servers) if servers is None else servers
    counts = empty_counts(len(tree.stacks), grid, counts_path)
    costs = np.array(tree.costs)
    endpoint = np.array(tree.endpoints, dtype=np.int64)
    weight = np.bincount(endpoint[endpoint >= 0], weights=costs[endpoint >= 0], minlength=len(tree.handlers))
    weight = weight / weight.sum()
    traffic = np.vstack([traffic, weight @ traffic])  # row −1 is all requests
    truth = Truth(
        service=service,
        grid=grid,
        events=tuple(planner.events),
        functions=tuple(tree.functions),
        incidence=tree.incidence(),
        costs=costs,
        leaf_module=np.array([tree.modules[path[-1]] for path in tree.stacks]),
        mean_samples=servers * draw(rng, ranges.samples_per_server_second) * step_seconds,
        load=traffic[-1],
        design_effect=draw(rng, ranges.design_effect),
        module_noise=draw(rng, ranges.module_noise),
        noise_memory=draw(rng, ranges.noise_memory),
    )
    totals = draw_counts(
        counts,
        costs=truth.costs,
        endpoint=endpoint,
        module=truth.leaf_module,
        traffic=traffic,
        events=planner.events,
        grid=grid,
        mean_samples=truth.mean_samples,
        design_effect=truth.design_effect,
        module_noise=truth.module_noise,
        noise_memory=truth.noise_memory,
        rng=rng,
    )
    mean_requests = REQUESTS_PER_SERVER_SECOND * servers * step_seconds * weight
    month = FleetMonth(
        service=service,
        start=grid.start,
        step_seconds=step_seconds,
        history_days=history_days,
        functions=truth.functions,
        stacks=tuple(tree.names(path) for path in tree.stacks),
        counts=counts,
        totals=totals,
        endpoint=endpoint,
        endpoints=tuple((f"/{e}", tree.functions[handler]) for e, handler in enumerate(tree.handlers)),
        requests=rng.poisson(mean_requests[:, None] * traffic[:-1]).astype(float),
        changes=tuple(log.changes),
        touched=log.touched,
        rollouts=tuple(log.rollouts),
        experiments=tuple(log.experiments),
    )
    return month, truth


def simulate_small_fleet(
    seed: int, ranges: Ranges = SMALL, *, history_days: float = 10, days: float = 30, step_seconds: int = 1800
) -> Iterator[tuple[FleetMonth, Truth]]:
    """Each service of a small fleet in turn: 10–200 pods in 5–50 services, at least one pod each."""
    rng = np.random.default_rng([seed, 0])
    pods = draw_int(rng, ranges.servers)
    services = min(draw_int(rng, ranges.services), pods)
    each = 1 + rng.multinomial(pods - services, rng.dirichlet(np.full(services, 1.0)))
    for i in range(services):
        yield simulate_month(
            [seed, i + 1],
            ranges,
            history_days=history_days,
            days=days,
            step_seconds=step_seconds,
            service=f"service-{i}",
            servers=float(each[i]),
        )


def without_noise(ranges: Ranges) -> Ranges:
    """The same ranges with nothing but multinomial scatter: for checks of the arithmetic."""
    return replace(ranges, design_effect=(1.0, 1.0), module_noise=(0.0, 0.0))


def _add_correlated(tree: CallTree, n: int) -> list[int]:
    """A chain of callers with leaves of one class below it, ``n`` functions in all; the rows of the leaves' stacks."""
    path: tuple[int, ...] = tree.stacks[0]
    module = max(tree.modules) + 1
    for i in range(CHAIN):
        path = (*path, tree.add_function(f"shared.codec:Chain.step_{i}", module))
        tree.costs[tree.add_stack(path, 0)] = CORRELATED_COST / 20
    leaves = [tree.add_function(f"shared.codec:Codec.leaf_{i}", module) for i in range(n - CHAIN)]
    rows = [tree.add_stack((*path, leaf), 0) for leaf in leaves]
    for row in rows:
        tree.costs[row] = CORRELATED_COST / len(rows) * 4
    whole = sum(tree.costs)
    tree.costs = [cost / whole for cost in tree.costs]
    return rows
