"""Stage: one report per cause. A function that gets dearer lifts all its callers; they are one report, not ten."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from effnb.detect._cost_shift import local_change
from effnb.detect._history import Floats, ServiceHistory
from effnb.detect._traffic import cost_change
from effnb.detect._types import Step, suppress
from effnb.domain import Suppressed
from effnb.settings import DetectSettings


@dataclass(frozen=True)
class Cause:
    """Steps that are one change of cost, and the function it is named after."""

    step: Step
    """The step of the naming function."""
    carriers: tuple[str, ...]
    """Functions that carry it, root first."""
    merged: list[Suppressed]
    """The other functions' steps."""


def join_stairs(steps: list[Step], history: ServiceHistory, settings: DetectSettings) -> list[Step]:
    """Steps of one function in one direction within ``merge_hours`` become one: a staged rollout climbs in stairs."""
    limit = settings.merge_hours * 3600 / history.step_seconds
    joined: list[Step] = []
    for step in steps:
        last = joined[-1] if joined else None
        near = last is not None and last.row == step.row and step.index - last.index <= limit
        if last is not None and near and last.delta * step.delta > 0:
            larger = max(last, step, key=lambda one: abs(one.delta))
            joined[-1] = Step(
                step.row, larger.index, last.first, step.stop, last.before, step.after, max(last.error, step.error)
            )
        else:
            joined.append(step)
    return joined


def merge_causes(history: ServiceHistory, steps: list[Step], settings: DetectSettings) -> list[Cause]:
    """Groups steps of one direction that are near in time and lie in the same stacks, largest first."""
    limit = settings.merge_hours * 3600 / history.step_seconds
    waiting = sorted(steps, key=lambda step: -abs(step.delta))
    causes: list[Cause] = []
    while waiting:
        leader = waiting[0]
        other = _explained_by(history, leader, causes)
        if other is not None:
            other.merged.append(_merged(history, leader, other.step))
            waiting = waiting[1:]
            continue
        change = local_change(history, leader.index).stacks * np.sign(leader.delta)
        members = [
            step
            for step in waiting
            if step.delta * leader.delta > 0
            and abs(step.index - leader.index) <= limit
            and (step is leader or _overlap(history, change, step.row, leader.row) >= 0.5)
        ]
        causes.append(_cause(history, leader, members, change, settings))
        waiting = [step for step in waiting if step not in members]
    return causes


def _overlap(history: ServiceHistory, change: Floats, one: int, other: int) -> float:
    """Share of the smaller function's change that lies in stacks of both."""
    a, b = history.holds(one), history.holds(other)
    both, smaller = float(change[a & b].sum()), min(float(change[a].sum()), float(change[b].sum()))
    return both / smaller if smaller > 0 else 0.0


def _cause(
    history: ServiceHistory, leader: Step, members: list[Step], change: Floats, settings: DetectSettings
) -> Cause:
    rise = np.asarray(history.incidence @ change)
    # The leader is often a large, noisy function: what it certainly carries is the yardstick.
    sure = max(abs(leader.delta) - 1.64 * leader.error, 0.5 * abs(leader.delta))
    carrying = [step for step in members if abs(step.delta) >= settings.carry_share * sure]
    depth = {step.row: _depth(history, change, step.row) for step in carrying}
    own = [step for step in carrying if history.is_own(history.functions[step.row])]
    named = max(own or carrying, key=lambda step: (depth[step.row], rise[step.row]))
    names = [history.functions[step.row] for step in sorted(carrying, key=lambda step: depth[step.row])]
    merged = [_merged(history, step, named) for step in members if step is not named]
    return Cause(named, tuple(names), merged)


def _explained_by(history: ServiceHistory, step: Step, causes: list[Cause]) -> Cause | None:
    """The cause inside a step's two windows without whose stacks less than half of the step's change is left."""
    whole = cost_change(history, step)
    for cause in causes:
        if step.first < cause.step.index < step.stop and whole * cause.step.delta > 0:
            rest = cost_change(history, step, without=cause.step.row)
            if abs(rest) < 0.5 * abs(whole):
                return cause
    return None


def _merged(history: ServiceHistory, step: Step, named: Step) -> Suppressed:
    report = history.functions[named.row]
    return suppress(
        history,
        step,
        "merged",
        f"the same change as that of {report}",
        would_keep="none: it is part of that report",
        report=report,
    )


def _depth(history: ServiceHistory, change: Floats, row: int) -> float:
    """Mean distance from the root, weighted by the change each stack holds."""
    name, weight, total = history.functions[row], 0.0, 0.0
    for i in np.flatnonzero(history.holds(row) & (change > 0)).tolist():
        weight += change[i] * history.stacks[i].index(name)
        total += change[i]
    return weight / total if total > 0 else 0.0
