"""What every stack's cost did around one change, and how sure that is: evidence for merging and cost shifts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from effnb.detect._history import Floats, Ints, ServiceHistory, Stack
from effnb.stats import long_run_sd

HOURS_AROUND = 12.0
HOURS_APART = 1.5
"""A rollout takes its time: the buckets right at the step belong to neither side."""


@dataclass(frozen=True)
class LocalChange:
    """Change of every stack's cost around a step, as a share of the service's cost before it."""

    stacks: Floats
    before: slice
    after: slice
    base: float

    @property
    def scale(self) -> float:
        """Standard error of the difference of both means over the standard deviation of one bucket."""
        lengths = (self.before.stop - self.before.start, self.after.stop - self.after.start)
        return float(np.sqrt(sum(1 / max(length, 1) for length in lengths)))


def local_change(
    history: ServiceHistory, index: int, last: int | None = None, hours: float = HOURS_AROUND
) -> LocalChange:
    """Cost of each stack in the hours after a change minus the hours before it; ``last``: bucket a climb ends in."""
    before, after = windows(history, index, last, hours)
    base = float(np.sum(history.mean_cost(before)))
    level, new_level = history.mean_cost(before), history.mean_cost(after)
    if history.requests is None:  # shares: what grew pushed all else down by one factor
        new_level = new_level / _common_factor(level, new_level)
    difference = new_level - level
    return LocalChange(difference / base if base > 0 else np.zeros(len(history.stacks)), before, after, base)


def _common_factor(before: Floats, after: Floats) -> float:
    """Factor by which most of the cost changed; 1 when nothing is left of it."""
    use = np.flatnonzero(before > 0)
    if not len(use):
        return 1.0
    ratio = after[use] / before[use]
    order = np.argsort(ratio)
    cumulated = np.cumsum(before[use][order])
    return float(ratio[order][np.searchsorted(cumulated, cumulated[-1] / 2)]) or 1.0


def windows(
    history: ServiceHistory, index: int, last: int | None = None, hours: float = HOURS_AROUND
) -> tuple[slice, slice]:
    """The buckets before and after a change that are compared."""
    apart, around = (max(1, round(h * 3600 / history.step_seconds)) for h in (HOURS_APART, hours))
    end = index if last is None else last
    before = slice(max(0, index - around), max(1, index - apart))
    after = slice(min(end + apart, history.n_buckets - 1), min(max(end + around, end + apart + 1), history.n_buckets))
    return before, after


def stack_changes(history: ServiceHistory, at: datetime) -> dict[Stack, float]:
    """Change of each stack's cost around an instant, as a share of the service's; unchanged stacks left out."""
    index = round((at.timestamp() - history.start) / history.step_seconds)
    change = local_change(history, index).stacks
    return {history.stacks[i]: float(change[i]) for i in np.flatnonzero(change).tolist()}


def sum_error(history: ServiceHistory, change: LocalChange, stacks: Ints) -> float:
    """Standard error of the summed change of some stacks, from how that sum scatters when nothing happens.

    Never below what the samples alone must scatter: a stack that exists on one side only has no past to tell from.
    """
    if not len(stacks) or change.base <= 0:
        return 0.0
    series = np.nan_to_num(history.stack_cost[stacks].sum(axis=0))
    seen = float(long_run_sd(series[None, :])[0]) * change.scale
    by_samples = sum(
        float(history.mean_cost(side)[stacks].sum()) / max(side.stop - side.start, 1)
        for side in (change.before, change.after)
    )
    return float(max(seen, np.sqrt(by_samples))) / change.base


def stack_errors(history: ServiceHistory, change: LocalChange, stacks: Ints) -> Floats:
    """Standard error of each stack's change as its samples alone must scatter, as a share of the service's cost."""
    parts = [
        (history.mean_cost(side)[stacks], max(side.stop - side.start, 1)) for side in (change.before, change.after)
    ]
    # One sample more or less is always possible: a stack without any has no scatter of its own.
    return np.asarray(np.sqrt(sum((level + 1 / length) / length for level, length in parts)) / change.base)
