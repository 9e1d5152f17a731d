"""Stage: one report per edit. What one commit changed in several places rises in each of them at the same time.

Two causes of one time are one when something ties them together that does not change by chance: a function that both
reach appears or vanishes there, they are methods of one class, or a small caller close by has all of both below it.
This is asked after the cost shifts, so that moved work never takes a rise with it.
"""

from __future__ import annotations

import numpy as np

from effnb.detect._history import Floats, ServiceHistory
from effnb.detect._local import windows
from effnb.detect._merge import Cause, is_one_class, merged_row
from effnb.detect._types import Step
from effnb.domain import Suppressed
from effnb.settings import DetectSettings

FEWEST = 25.0
"""Samples in the hours before or after that make sure a function was or is there: five standard deviations."""
GONE = 0.1
SMALL_CALLER = 0.02
"""gCPU of a caller below which two causes of one time are hardly there by chance."""
CLOSE_BY = 2
"""Frames above a function within which its callers are close."""
ABOVE = 0.7
"""Part of a cause's change that must run below the caller."""


def join_edits(history: ServiceHistory, causes: list[Cause], _: DetectSettings) -> tuple[list[Cause], list[Suppressed]]:
    """The causes, those that one edit ties together as the largest of them, and rows of the others."""
    kept: list[Cause] = []
    dropped: list[Suppressed] = []
    for cause in sorted(causes, key=lambda one: -abs(one.step.delta)):
        same = next((one for one in kept if _is_one_edit(history, one, cause)), None)
        if same is None:
            kept.append(cause)
        else:
            dropped.append(merged_row(history, cause.step, same.step, "pairwise-dedup"))
    return kept, dropped


def _is_one_edit(history: ServiceHistory, one: Cause, other: Cause) -> bool:
    if one.step.delta * other.step.delta <= 0 or one.planned_by != other.planned_by:
        return False
    if one.step.begin is not None or other.step.begin is not None:
        return False  # a climb has no hour at which an edit came
    if abs(one.step.starts - other.step.starts) > max(1, 3600 // history.step_seconds):
        return False  # the next release is another edit
    if is_one_class(history, one, other):
        return True
    pair = _Pair(history, one.step, other.step)
    return pair.meet_in_what_came_or_went() or pair.lie_below_a_small_caller()


class _Pair:
    """Two steps of one time, and what each stack cost before and after them."""

    def __init__(self, history: ServiceHistory, one: Step, other: Step) -> None:
        self.history, self.steps = history, (one, other)
        sides = windows(history, min(one.starts, other.starts), max(one.ends, other.ends))
        self.levels = [history.mean_cost(side) for side in sides]
        self.lengths = [max(side.stop - side.start, 1) for side in sides]

    def meet_in_what_came_or_went(self) -> bool:
        """Whether some function is new, or no longer there, and lies below both, of which neither calls the other."""
        one, other = (self.history.members(step.row) for step in self.steps)
        if len(np.intersect1d(one, other, assume_unique=True)) == min(len(one), len(other)):
            return False  # in a large caller's stacks something always comes or goes
        before, after = (np.asarray(self.history.incidence @ level) for level in self.levels)
        came, went = before <= GONE * after, after <= GONE * before  # as a whole: new below a caller is not new
        for step in self.steps:
            left, right = (self._below(level, step) for level in self.levels)
            came &= right * self.lengths[1] >= FEWEST
            went &= left * self.lengths[0] >= FEWEST
        return bool((came | went).any())

    def _below(self, level: Floats, step: Step) -> Floats:
        """Cost of every function in the stacks of a step's function."""
        part = np.zeros_like(level)
        members = self.history.members(step.row)
        part[members] = level[members]
        return np.asarray(self.history.incidence @ part)

    def lie_below_a_small_caller(self) -> bool:
        """Whether a caller of little cost close by has nearly all of both changes below it."""
        one, other = (self._callers(step) for step in self.steps)
        whole = max(float(self.levels[0].sum()), 1e-12)
        rank = {name: row for row, name in enumerate(self.history.functions)}
        return any(
            float(self.levels[0][self.history.members(rank[name])].sum()) <= SMALL_CALLER * whole
            for name in one & other
        )

    def _callers(self, step: Step) -> set[str]:
        """Functions close above a step's that have nearly all of its change below them."""
        members, name = self.history.members(step.row), self.history.functions[step.row]
        part = (self.levels[1] - self.levels[0])[members] * np.sign(step.delta)
        above: dict[str, float] = {}
        for i, value in zip(members.tolist(), part.tolist(), strict=True):
            stack = self.history.stacks[i]
            at = stack.index(name)
            for caller in set(stack[max(at - CLOSE_BY, 0) : at]):
                above[caller] = above.get(caller, 0.0) + value
        whole = float(part.sum())
        return {caller for caller, value in above.items() if value >= ABOVE * whole > 0}
