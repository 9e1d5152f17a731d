"""How two functions that share stacks grew: alike, mostly beside each other, or one far more than the other."""

from __future__ import annotations

import numpy as np

from effnb.detect._history import Floats, Ints, ServiceHistory
from effnb.detect._local import LocalChange, stack_errors, sum_error
from effnb.detect._types import Step

CARRIED = 0.8
"""Part of a leader's change that a callee must carry to lead in its place."""
CARRIES = 0.7
SURELY = 4.0
"""Standard errors at which what causes leave of a step is a change of its own."""
LEFT_OVER = 0.5
"""A step is part of others when less than this share of it is left without them."""
UNIFORM = 1.5
"""Largest factor between the relative changes of two parts of a function that changed as a whole."""
FEWEST_ALIKE = 3
"""Stacks that must have grown alike: two may by chance."""
NEW = 0.9
"""Part of a cost that has come with a change from which on it is new."""
TIMES_ITS_PART = 2.0
"""A function that changed by so many times its part of a caller's change has a reason of its own."""
CLOSE_BY = 2
"""Frames below a function within which its edit may show."""


def below(history: ServiceHistory, stacks: Ints, inner: int, outer: int, frames: int = 0) -> list[int]:
    """Those of some stacks with both functions in which the inner one runs more than so many frames below the outer."""
    callee, caller = history.functions[inner], history.functions[outer]
    return [i for i in stacks.tolist() if history.stacks[i].index(callee) > history.stacks[i].index(caller) + frames]


def grew_alike(history: ServiceHistory, local: LocalChange, change: Floats, some: Ints, rest: Ints) -> bool:
    """Whether most of the rest's change is in stacks that grew by the factor some others grew by.

    Asked are stacks large enough to show that factor, and all smaller ones together; stacks that did not grow at all do
    not count against it.
    """
    after = history.mean_cost(local.after) / local.base
    factor = float(change[some].sum()) / max(float(after[some].sum()), 1e-12)
    if factor > NEW:
        return False  # all that is new grew by one factor, whatever brought it
    grew, expected, error = change[rest], factor * after[rest], stack_errors(history, local, rest)
    small = expected < SURELY * error
    grew, expected = (np.append(values[~small], values[small].sum()) for values in (grew, expected))
    error = np.append(error[~small], np.sqrt((error[small] ** 2).sum()))
    tells, rise = expected >= SURELY * error, np.clip(grew, 0, None)
    alike = tells & (rise >= expected / UNIFORM) & (rise <= expected * UNIFORM)
    return bool(alike.sum() >= FEWEST_ALIKE and rise[alike].sum() >= CARRIES * max(rise[tells].sum(), 0.5 * rise.sum()))


def is_mostly_beside(history: ServiceHistory, local: LocalChange, step: Step, other: Step) -> bool:
    """Whether most of a step is surely left in its stacks that another function has no part in."""
    change = local.stacks * float(np.sign(step.delta))
    own = history.members(step.row)
    apart = np.setdiff1d(own, history.members(other.row), assume_unique=True)
    left = float(change[apart].sum())
    return left >= max(LEFT_OVER * float(change[own].sum()), SURELY * sum_error(history, local, apart))


def outgrows(history: ServiceHistory, local: LocalChange, step: Step, around: Step) -> bool:
    """Whether a function far below another one grew by a far larger factor than the rest of that, which grew as well.

    What lies close below it does not count: an edit may call some of its callees more often.
    """
    change = local.stacks * float(np.sign(step.delta))
    own, others = history.members(step.row), history.members(around.row)
    both = np.intersect1d(own, others, assume_unique=True)
    rest = np.setdiff1d(others, own, assume_unique=True)
    shared, beside = float(change[both].sum()), float(change[rest].sum())
    if shared <= 0 or beside < (1 / CARRIED - 1) * shared:
        return False  # it carries the other one's change
    if float(change[below(history, both, step.row, around.row, CLOSE_BY)].sum()) < CARRIED * shared:
        return False
    level = history.mean_cost(local.after)
    part = beside / max(float(level[rest].sum()), 1e-12) * float(level[both].sum())
    if shared < TIMES_ITS_PART * part:
        return False
    surely = all(float(change[rows].sum()) >= SURELY * sum_error(history, local, rows) for rows in (both, rest))
    return surely and not grew_alike(history, local, change, both, rest)
