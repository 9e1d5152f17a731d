"""Stage: did work appear, or only move? A renamed, extracted or inlined function rises while its callers stay level.

A function's callers hold all the work it does, so a true rise is theirs too. If some caller that holds most of the
function's samples keeps less than ``shift_share`` of the rise, something else below that caller fell by as much at the
same time: the work moved. Only the hours around the step are compared, so that an unrelated saving on another day
cannot hide a regression; a caller too large and noisy to tell is not asked (FBDetect's rule for large domains).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from effnb.detect._history import Floats, Ints, ServiceHistory, Stack
from effnb.detect._traffic import service_cost
from effnb.detect._types import Kept, Step, suppress
from effnb.settings import DetectSettings
from effnb.stats import long_run_sd

HOURS_AROUND = 12.0
HOURS_APART = 1.5
"""A rollout takes its time: the buckets right at the step belong to neither side."""
HOLDS_MOST = 0.8
LARGEST_SHARE = 0.5
"""Without request counts, a caller with more of the service's samples than this is not asked."""
ALIKE = 0.9
LARGEST_DOMAIN = 15.0
"""A caller that costs more than this many times the rise is not asked: its own noise would answer (FBDetect's rule)."""
MAX_ERROR = 0.25
"""Largest standard error of a caller's change, as a share of the rise, at which it can still tell."""


@dataclass(frozen=True)
class LocalChange:
    """Change of every stack's cost around a step, as a share of the service's cost before it."""

    stacks: Floats
    before: slice
    after: slice
    base: float


def drop_shifted(history: ServiceHistory, steps: list[Step], settings: DetectSettings) -> Kept:
    """Drops a step whose callers did not change with it, and names where the work came from or went to."""
    kept = Kept([])
    for step in steps:
        change = local_change(history, step.index)
        caller = _level_caller(history, step, change, settings.shift_share)
        if caller is None:
            kept.steps.append(step)
            continue
        moved, counterpart = _counterpart(history, step, change, caller)
        kept.dropped.append(
            suppress(
                history,
                step,
                "cost-shift",
                f"work moved {'from' if step.delta > 0 else 'to'} {counterpart}: its caller "
                f"{history.functions[caller]} did not change",
                would_keep="[detect] shift_share = 0.01",
                caller=history.functions[caller],
                counterpart=counterpart,
                counterpart_change=moved,
                caller_change=_function_change(history, change, caller),
                own_change=_function_change(history, change, step.row),
            )
        )
    return kept


def local_change(history: ServiceHistory, index: int, hours: float = HOURS_AROUND) -> LocalChange:
    """Cost of each stack in the hours after a bucket minus the hours before it."""
    apart, around = (max(1, round(h * 3600 / history.step_seconds)) for h in (HOURS_APART, hours))
    before = slice(max(0, index - around), max(1, index - apart))
    after = slice(min(index + apart, history.n_buckets - 1), min(index + around, history.n_buckets))
    base = service_cost(history, before)
    cost = history.unit_cost if history.unit_cost is not None else history.counts / np.maximum(history.totals, 1) * base
    difference = np.nanmean(cost[:, after], axis=1) - np.nanmean(cost[:, before], axis=1)
    return LocalChange(np.nan_to_num(difference) / base, before, after, base)


def stack_changes(history: ServiceHistory, at: datetime) -> dict[Stack, float]:
    """Change of each stack's cost around an instant, as a share of the service's; unchanged stacks left out."""
    index = round((at.timestamp() - history.start) / history.step_seconds)
    change = local_change(history, index).stacks
    return {history.stacks[i]: float(change[i]) for i in np.flatnonzero(change).tolist()}


def _function_change(history: ServiceHistory, change: LocalChange, row: int) -> float:
    return float((history.incidence[[row]] @ change.stacks)[0])


def _level_caller(history: ServiceHistory, step: Step, change: LocalChange, share: float) -> int | None:
    """The innermost caller that holds most of the function and keeps too little of its change; None for a true one."""
    own = _function_change(history, change, step.row)
    if own * step.delta <= 0:
        return None  # the hours around the step do not show it: no ground to call it moved
    for caller in _callers(history, step, change):
        if _cost_around(history, change, caller) > LARGEST_DOMAIN * abs(own):
            continue
        if _change_error(history, change, caller) > MAX_ERROR * abs(own):
            continue
        if _function_change(history, change, caller) / own < share:
            return caller
    return None


def _callers(history: ServiceHistory, step: Step, change: LocalChange) -> list[int]:
    """Functions above the step's in nearly all of its stacks, innermost first."""
    members = history.holds(step.row)
    weight = history.counts[:, change.before].sum(axis=1) + history.counts[:, change.after].sum(axis=1)
    name = history.functions[step.row]
    mass: dict[str, float] = {}
    height: dict[str, float] = {}
    for i in np.flatnonzero(members & (weight > 0)).tolist():
        stack = history.stacks[i]
        at = stack.index(name)
        for distance, caller in enumerate(reversed(stack[:at])):
            mass[caller] = mass.get(caller, 0.0) + weight[i]
            height[caller] = height.get(caller, 0.0) + weight[i] * distance
    total = float(weight[members].sum())
    held = [caller for caller, held_mass in mass.items() if held_mass >= HOLDS_MOST * total]
    if history.requests is None:  # shares of nearly everything cannot rise, whatever happens below
        everything = float(weight.sum())
        held = [caller for caller in held if _mass_of(history, weight, caller) <= LARGEST_SHARE * everything]
    held.sort(key=lambda caller: height[caller] / mass[caller])
    rank = {function: i for i, function in enumerate(history.functions)}
    return [rank[caller] for caller in held if caller != name]


def _mass_of(history: ServiceHistory, weight: Ints, function: str) -> float:
    return float(weight[history.holds(history.functions.index(function))].sum())


def _cost_around(history: ServiceHistory, change: LocalChange, row: int) -> float:
    """Samples with a function around the step, as a share of the service's."""
    both = np.r_[change.before, change.after]
    return float(history.counts[np.ix_(history.holds(row), both)].sum() / max(history.counts[:, both].sum(), 1))


def _change_error(history: ServiceHistory, change: LocalChange, row: int) -> float:
    costs = history.function_unit_cost
    series = history.gcpu[[row]] if costs is None else costs[[row]] / change.base
    sd = float(long_run_sd(np.nan_to_num(series))[0])
    return sd * float(
        np.sqrt(1 / (change.before.stop - change.before.start) + 1 / (change.after.stop - change.after.start))
    )


def _counterpart(history: ServiceHistory, step: Step, change: LocalChange, caller: int) -> tuple[float, str]:
    """The function below the caller whose work changed most in the other direction, and by how much.

    A function counts with all it does; one that also calls the step's function only with its own work. Of a function
    and the one it always calls, which change alike, the outer one is named.
    """
    name, outer = history.functions[step.row], history.functions[caller]
    above = {one for i in np.flatnonzero(history.holds(step.row)).tolist() for one in _before(history.stacks[i], name)}
    opposite = change.stacks * history.holds(caller) * ~history.holds(step.row) * -np.sign(step.delta)
    work: dict[str, float] = {}
    depth: dict[str, int] = {}
    for i in np.flatnonzero(opposite).tolist():
        stack = history.stacks[i]
        for at in range(stack.index(outer), len(stack)):
            if at == len(stack) - 1 or stack[at] not in {*above, *stack[at + 1 :]}:
                work[stack[at]] = work.get(stack[at], 0.0) + float(opposite[i])
                depth[stack[at]] = min(at, depth.get(stack[at], at))
    alike = [one for one in work if work[one] >= ALIKE * max(work.values())]
    best = min(alike, key=lambda one: (depth[one], one), default=outer)
    return work.get(best, 0.0) * -float(np.sign(step.delta)), best


def _before(stack: Stack, name: str) -> Stack:
    return stack[: stack.index(name)]
