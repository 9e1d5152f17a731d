"""Stage: one report per cause. A function that gets dearer lifts all its callers; they are one report, not ten.

The step that stands furthest out of its samples' scatter leads. A change is clearest where all of it and least else is
measured: of a function and its callers the function leads. Two changes below one caller may make the caller clearest:
then the callee that carries most leads, and the caller is explained by both. Where all that grew below a function did
so by one factor, that function leads. What a step shows is explained when little of it is left without the stacks of
the causes of its time; a function far below another one that grew by a far larger factor is not explained by it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

import numpy as np

from effnb.detect._growth import CARRIED, CARRIES, LEFT_OVER, SURELY, below, grew_alike, is_mostly_beside, outgrows
from effnb.detect._history import Floats, Ints, ServiceHistory
from effnb.detect._local import LocalChange, local_change, sum_error, windows
from effnb.detect._traffic import cost_change
from effnb.detect._types import Step, suppress
from effnb.domain import Suppressed
from effnb.settings import DetectSettings

ROLLOUT_HOURS = 0.5
"""Hours between two steps of one rollout, beside what noise leaves open of their places: all its functions see the same
hosts change. The next release may follow soon."""
WIDER = 1.2
NARROWER = 0.8
SHOWN = 0.6
"""A step is sharp when the hours around it show at least this share of it."""
DRIFT_HOURS = 120.0
TOWERS = 0.5
"""A step of more than this share of a climb is a change of its own."""
HALF = 0.5
DRIFT_STAIRS = 3
"""So many changes of one function in one direction, each within ``DRIFT_HOURS`` of the last, are one drift."""
ELSEWHERE = 0.1
"""What the callee must change in other places, as a share of the leader's change."""
CLEARLY = 3.0
"""Standard errors that count as seen."""
INSIDE = 0.95
"""Part of a callee's change that must lie below a caller for it to be inside."""
NEARLY_ALL = 0.99
"""Of functions that have at least this part of the largest change below them, the smallest leads."""


@dataclass(frozen=True)
class Cause:
    """Steps that are one change of cost, and the function it is named after."""

    step: Step
    """The step of the naming function."""
    leader: Step
    """The step that shows the change best; its function may carry more of it."""
    carriers: tuple[str, ...]
    """Functions that carry it, root first."""
    merged: list[Suppressed]
    """The other steps it explains."""
    moved: float = 0.0
    """Part of the change that is work moved from elsewhere, in gCPU; the rest is reported."""
    planned_by: str | None = None
    """The announced change it is a step of."""
    also: list[Step] = field(default_factory=list)
    """Steps of the same function that belong to it."""
    members: dict[str, Step] = field(default_factory=dict)
    """Steps of the rows in ``merged``, by the id of the row; not of those that came with other causes."""

    def explain(self, history: ServiceHistory, step: Step) -> None:
        """Take a step in as part of this change."""
        row = merged_row(history, step, self.step)
        self.merged.append(row)
        self.members[row.id] = step

    def take_out(self, is_apart: Callable[[Step], bool]) -> list[Step]:
        """Give up the steps that are not part of this change after all."""
        loose = {key: step for key, step in self.members.items() if is_apart(step)}
        self.merged[:] = [row for row in self.merged if row.id not in loose]
        for key in loose:
            del self.members[key]
        return list(loose.values())


def join_stairs(steps: list[Step], history: ServiceHistory, settings: DetectSettings) -> list[Step]:
    """Steps of one function in one direction within ``merge_hours`` become one: a staged rollout climbs in stairs."""
    limit = settings.merge_hours * 3600 / history.step_seconds
    joined: list[Step] = []
    for step in steps:
        last = joined[-1] if joined else None
        near = last is not None and last.row == step.row and step.index - last.index <= limit
        if last is not None and near and last.delta * step.delta > 0:
            larger = max(last, step, key=lambda one: abs(one.delta))
            error = max(last.error, step.error)
            joined[-1] = Step(step.row, larger.index, last.first, step.stop, last.before, step.after, error)
        else:
            joined.append(step)
    return joined


def merge_causes(
    history: ServiceHistory, steps: list[Step], settings: DetectSettings, *, known: Sequence[Cause] = ()
) -> list[Cause]:
    """Groups steps of one direction that are near in time and lie in the same stacks, the clearest first.

    What ``known`` causes explain is merged into them; they are not returned.
    """
    limit = settings.merge_hours * 3600 / history.step_seconds
    clear = {id(step): _clearness(history, step) for step in steps}
    waiting = sorted(steps, key=lambda step: (-clear[id(step)], step.row, step.index))
    causes: list[Cause] = list(known)
    while waiting:
        leader = waiting[0]
        other = _explained_by(history, leader, causes, limit)
        if other is not None:
            other.explain(history, leader)
            waiting = waiting[1:]
            continue
        theirs = _stacks_of_narrower(history, leader, causes)
        left = _clearness(history, leader, theirs)
        if left < clear[id(leader)]:  # part of what made it clear is another cause's
            clear[id(leader)] = left
            waiting.sort(key=lambda step: (-clear[id(step)], step.row, step.index))
            if waiting[0] is not leader:
                continue
        leader = _carrying_callee(history, leader, waiting, causes, limit)
        leader = _larger_callee(history, leader, waiting, causes, limit)
        leader = _uniform_caller(history, leader, waiting, limit)
        local = local_change(history, leader.starts, leader.ends)
        change = local.stacks * np.sign(leader.delta)
        change[theirs] = 0.0
        members = [
            step
            for step in waiting
            if step is leader
            or (
                _is_near(history, step, leader, limit)
                and _overlap(history, change, step.row, leader.row)
                and not is_mostly_beside(history, local, step, leader)
                and not outgrows(history, local, step, leader)
            )
        ]
        causes.append(_cause(history, leader, members, change, settings))
        gone = {id(step) for step in members}
        waiting = [step for step in waiting if id(step) not in gone]
    return causes[len(known) :] if known else _without_wider(history, causes, limit)


def _without_wider(history: ServiceHistory, causes: list[Cause], limit: float) -> list[Cause]:
    """The causes without those that narrower ones explain, which are merged into them: leaders may come too early."""
    left = list(causes)
    for cause in sorted(causes, key=lambda one: -_level(one.step)):
        narrower = [one for one in left if _level(one.step) <= NARROWER * _level(cause.step)]
        other = _explained_by(history, cause.step, narrower, limit)
        if other is not None:
            other.explain(history, cause.step)
            other.merged.extend(cause.merged)
            other.members.update(cause.members)
            left = [one for one in left if one is not cause]
    return left


def _clearness(history: ServiceHistory, step: Step, without: Ints | None = None) -> float:
    """Change of a function's samples around its step over what they alone must scatter.

    Slow noise is left out on purpose: a function shares it with its callees, so it does not tell which of them changed.
    """
    before, after = windows(history, step.starts, step.ends)
    members = history.members(step.row)
    if without is not None:
        members = np.setdiff1d(members, without, assume_unique=True)
    levels = [float(history.mean_cost(side, members).sum()) for side in (before, after)]
    lengths = [max(side.stop - side.start, 1) for side in (before, after)]
    scatter = sum((level + 1 / length) / length for level, length in zip(levels, lengths, strict=True))
    change = max((levels[1] - levels[0]) * float(np.sign(step.delta)), 0.0)
    if step.margin is not None:  # what else changed during a climb is not the climb's
        change = min(change, abs(step.delta) * float(history.mean_cost(before).sum()))
    return float(change / scatter**0.5)


def _stacks_of_narrower(history: ServiceHistory, step: Step, causes: list[Cause]) -> Ints:
    """Stacks of smaller functions' causes that change while a step is looked at: what they do is not the step's."""
    before, after = windows(history, step.starts, step.ends)
    known = [
        history.members(cause.step.row)
        for cause in causes
        if _level(cause.step) <= NARROWER * _level(step)
        and cause.step.starts < after.stop
        and before.start < cause.step.ends + 1
    ]
    return np.unique(np.concatenate(known)) if known else np.zeros(0, dtype=np.int64)


def _carrying_callee(
    history: ServiceHistory, leader: Step, waiting: list[Step], causes: list[Cause], limit: float
) -> Step:
    """The function below the leader that carries most of its change where the rest surely changed as well.

    Two changes below one caller make it clearer than either; each is a cause, and the caller none.
    """
    while True:
        local = local_change(history, leader.starts, leader.ends)
        change = local.stacks * np.sign(leader.delta)
        own = history.members(leader.row)
        whole = float(change[own].sum())
        inside: list[tuple[Step, float]] = []
        for step in waiting:
            if _level(step) >= _level(leader) or not _is_near(history, step, leader, limit):
                continue
            rows = history.members(step.row)
            both = np.intersect1d(own, rows, assume_unique=True)
            part = float(change[below(history, both, step.row, leader.row)].sum())
            if part > 0 and part >= INSIDE * float(change[rows].sum()):
                inside.append((step, part))
        for step, part in sorted(inside, key=lambda one: _level(one[0])):
            if part < HALF * whole or _explained_by(history, step, causes, limit) is not None:
                continue
            rest = np.setdiff1d(own, history.members(step.row), assume_unique=True)
            is_left = float(change[rest].sum()) >= SURELY * sum_error(history, local, rest)
            if is_left or any(is_mostly_beside(history, local, other, step) for other, _ in inside):
                leader = step
                break
        else:
            return leader


def _larger_callee(
    history: ServiceHistory, leader: Step, waiting: list[Step], causes: list[Cause], limit: float
) -> Step:
    """The function below the leader that carries the leader's change and more of it elsewhere; else the leader.

    A callee of several places is clearest in the one where nothing else is measured, but the change is its own.
    """
    local = local_change(history, leader.starts, leader.ends)
    change = local.stacks * np.sign(leader.delta)
    own = history.members(leader.row)
    whole = float(change[own].sum())
    best, most = leader, (1 + ELSEWHERE) * whole
    for step in waiting:
        if step.row == leader.row or not _is_near(history, step, leader, limit):
            continue
        rows = history.members(step.row)
        both = np.intersect1d(own, rows, assume_unique=True)
        inner = below(history, both, step.row, leader.row)
        rest = np.setdiff1d(rows, own, assume_unique=True)
        extra = float(change[rest].sum())
        is_more = whole + extra > most and extra > CLEARLY * sum_error(history, local, rest)
        if is_more and change[inner].sum() >= CARRIED * whole and _explained_by(history, step, causes, limit) is None:
            best, most = step, whole + extra
    return best


def _uniform_caller(history: ServiceHistory, leader: Step, waiting: list[Step], limit: float) -> Step:
    """The function around the leader below which all that grew did so by one factor; the leader when there is none."""
    local = local_change(history, leader.starts, leader.ends)
    change = local.stacks * float(np.sign(leader.delta))
    own = history.members(leader.row)
    whole = float(change[own].sum())
    if whole <= 0:
        return leader
    found = [(whole, leader)]
    for step in waiting:
        if step.row == leader.row or not _is_near(history, step, leader, limit):
            continue
        rows = history.members(step.row)
        inside = np.intersect1d(own, rows, assume_unique=True)
        rest = np.setdiff1d(rows, own, assume_unique=True)
        left = float(change[rest].sum())
        if left < SURELY * sum_error(history, local, rest):
            continue
        if change[below(history, inside, leader.row, step.row)].sum() < CARRIED * whole:
            continue
        if grew_alike(history, local, change, own, rest):
            found.append((left + whole, step))
    most = max(change for change, _ in found)
    return min((step for change, step in found if change >= NEARLY_ALL * most), key=_level)


def _is_near(history: ServiceHistory, step: Step, leader: Step, limit: float) -> bool:
    same_kind = (step.begin is None) == (leader.begin is None)
    # The stairs of a climb are explained one by one: only what is left of them tells.
    return same_kind and step.delta * leader.delta > 0 and _same_time(history, step, leader, limit)


def _same_time(history: ServiceHistory, one: Step, other: Step, limit: float) -> bool:
    """Whether two changes may have come with one rollout, as far as noise lets their places be known."""
    unsure = uncertain_buckets(one) + uncertain_buckets(other)
    return _apart(one, other) <= min(limit, ROLLOUT_HOURS * 3600 / history.step_seconds + unsure)


def _overlap(history: ServiceHistory, change: Floats, one: int, other: int) -> bool:
    """Whether at least half of the smaller function's change lies in stacks of both."""
    a, b = history.members(one), history.members(other)
    both = float(change[np.intersect1d(a, b, assume_unique=True)].sum())
    smaller = min(float(change[a].sum()), float(change[b].sum()))
    return smaller > 0 and both / smaller >= 0.5


def _cause(
    history: ServiceHistory, leader: Step, members: list[Step], change: Floats, settings: DetectSettings
) -> Cause:
    rise = np.asarray(history.incidence @ change)
    # The leader may be larger than what it is part of: what it certainly carries is the yardstick.
    sure = max(abs(leader.delta) - 1.64 * leader.error, 0.5 * abs(leader.delta))
    carrying = [step for step in members if abs(step.delta) >= settings.carry_share * sure]
    depth = {step.row: _depth(history, change, step.row) for step in carrying}
    close = [step for step in carrying if step is leader or _same_change(history, change, step.row, leader.row)]
    own = [step for step in close if history.is_own(history.functions[step.row])]
    own = own or [step for step in carrying if history.is_own(history.functions[step.row])]
    named = max(own or close, key=lambda step: (depth[step.row], rise[step.row]))
    names = [history.functions[step.row] for step in sorted(carrying, key=lambda step: depth[step.row])]
    cause = Cause(named, leader, tuple(names), [])
    for step in members:
        if step is not named:
            cause.explain(history, step)
    return cause


def _same_change(history: ServiceHistory, change: Floats, one: int, other: int) -> bool:
    """Whether a function changed by no more than a quarter more or less than another."""
    a, b = float(change[history.members(one)].sum()), float(change[history.members(other)].sum())
    return b > 0 and abs(a / b - 1) <= 0.25


def _explained_by(history: ServiceHistory, step: Step, causes: list[Cause], limit: float) -> Cause | None:
    """The cause that takes most of a step's change with it, if little is left without all causes of its time.

    A step that the hours around it show is compared there, with the causes of those hours. One that they do not show is
    the mean of several changes, or out of place: it is compared over its whole levels, with all causes inside them. So
    is one of which those hours show too little without its causes to be sure, then with smaller functions' causes only.
    A climb explains of a sudden step what it climbs in that time.
    """
    own, sign = history.members(step.row), float(np.sign(step.delta))
    near = [cause for cause in causes if cause.step.delta * step.delta > 0 and _inside(step, cause.step, limit)]
    if step.margin is not None:  # a sudden rise is no climb, even of the same function: its stacks prove nothing
        near = [one for one in near if one.step.margin is not None or _level(one.step) <= NARROWER * _level(step)]
    near = _fast_enough(history, step, near)
    whole = cost_change(history, step) * sign
    if not near or whole <= 0:
        return None
    change = local_change(history, step.starts, step.ends)
    here = float(change.stacks[own].sum()) * sign
    if here >= SHOWN * whole and here > CLEARLY * sum_error(history, change, own):
        asked = [cause for cause in near if _may_explain(history, step, cause.step, limit)]
        parts = _shared(history, step, change, asked)
        left = {id(cause): here - float(change.stacks[rows].sum()) * sign for cause, rows in parts}
        rest = np.setdiff1d(own, _union(parts), assume_unique=True)
        remains = float(change.stacks[rest].sum()) * sign
        if parts and remains < LEFT_OVER * here:
            return _most_of(parts, left)
        if remains >= SURELY * sum_error(history, change, rest):
            lasts = cost_change(history, step, without=_union(parts)) * sign
            return None if not parts or lasts >= LEFT_OVER * whole else _most_of(parts, left)
        near = [cause for cause in near if _level(cause.step) <= NARROWER * _level(step)]
    parts = _shared(history, step, change, near)
    if not parts or cost_change(history, step, without=_union(parts)) * sign >= LEFT_OVER * whole:
        return None
    return _most_of(parts, {id(cause): cost_change(history, step, without=rows) * sign for cause, rows in parts})


def _fast_enough(history: ServiceHistory, step: Step, causes: list[Cause]) -> list[Cause]:
    """The causes without climbs, where those together rise by less than half of a sudden step between its levels."""
    if step.margin is not None:
        return causes
    before, after = slice(step.first, max(step.starts, step.first + 1)), slice(min(step.ends, step.stop - 1), step.stop)
    own = history.members(step.row)
    climbs = [one for one in causes if one.step.margin is not None]
    climbs = [one for one in climbs if np.intersect1d(own, history.members(one.step.row), assume_unique=True).size]
    asked = LEFT_OVER * (abs(step.delta) - CLEARLY * step.error)
    if sum(_climbed(one.step, before, after) for one in climbs) >= asked:
        return causes
    return [one for one in causes if one.step.margin is None]


def _climbed(climb: Step, before: slice, after: slice) -> float:
    """What a steady climb rises from the mean of one span of buckets to that of a later one."""
    length = max(climb.ends - climb.starts, 1)
    low, high = (
        float(np.clip((np.arange(one.start, one.stop) - climb.starts) / length, 0, 1).mean()) for one in (before, after)
    )
    return abs(climb.delta) * (high - low)


Parts = list[tuple[Cause, Ints]]


def _shared(history: ServiceHistory, step: Step, change: LocalChange, causes: list[Cause]) -> Parts:
    """Causes and the stacks they share with a step; none when together they are far smaller than what is seen."""
    own = history.members(step.row)
    causes = [cause for cause in causes if not outgrows(history, change, step, cause.step)]
    parts = [(cause, np.intersect1d(own, history.members(cause.step.row), assume_unique=True)) for cause in causes]
    parts = [(cause, rows) for cause, rows in parts if len(rows)]
    size = sum(abs(cause.step.delta) for cause, _ in parts)
    return parts if size >= LEFT_OVER * abs(step.delta) else []


def _union(parts: Parts) -> Ints:
    return np.unique(np.concatenate([rows for _, rows in parts])) if parts else np.zeros(0, dtype=np.int64)


def _most_of(parts: Parts, left: dict[int, float]) -> Cause:
    """The cause without which least is left."""
    return min(parts, key=lambda part: left[id(part[0])])[0]


def _level(step: Step) -> float:
    return max(step.before, step.after)


def _may_explain(history: ServiceHistory, step: Step, cause: Step, limit: float) -> bool:
    """Whether a cause may be what a sharp step shows.

    It came at that time and is no climb of a larger function around it; or its function is smaller, which leaves enough
    of the step's own to tell whether anything else changed, so that noise may have moved the step by some hours.
    """
    if _same_time(history, step, cause, limit):
        return cause.begin is None or cause.before <= WIDER * _level(step)
    return _apart(step, cause) <= limit and _level(cause) <= NARROWER * _level(step)


def _inside(step: Step, cause: Step, limit: float) -> bool:
    """Whether a cause happened inside a step's two windows, or near them."""
    return (step.first < cause.ends and cause.starts < step.stop) or _apart(step, cause) <= limit


def _apart(step: Step, cause: Step) -> int:
    return max(step.starts - cause.ends, cause.starts - step.ends, 0)


def uncertain_buckets(step: Step) -> int:
    """Buckets either way the change may have come, from how far the step stands out of the noise.

    The error of a change point's place shrinks with the square of the step over the noise of one point; half a bucket
    either way is always open. Where a climb begins is known less well, see ``Step.margin``.
    """
    if step.margin is not None:
        return step.margin
    points = 1 / (1 / max(step.starts - step.first, 1) + 1 / max(step.stop - step.starts, 1))
    noise = step.error * points**0.5
    return max(1, round(4 * (noise / step.delta) ** 2)) if step.delta else 1


def merged_row(history: ServiceHistory, step: Step, named: Step, stage: str = "merged") -> Suppressed:
    """The record of a step that is part of a report."""
    report = history.functions[named.row]
    return suppress(
        history,
        step,
        stage,
        f"the same change as that of {report}",
        would_keep="none: it is part of that report",
        report=report,
    )


def _depth(history: ServiceHistory, change: Floats, row: int) -> float:
    """Mean distance from the root, weighted by the change each stack holds."""
    members = history.members(row)
    members = members[change[members] > 0]
    weight = change[members]
    if not len(members):
        return 0.0
    name = history.functions[row]
    return float(np.average([history.stacks[i].index(name) for i in members.tolist()], weights=weight))


def join_launches(history: ServiceHistory, causes: list[Cause], settings: DetectSettings) -> list[Cause]:
    """Causes of one function in one direction, each soon after the last, become one: a staged launch, or a drift.

    Functions that then climb at the same times are one launch as well, and so are methods of one class that change
    in the same hour.
    """
    hour = 3600 / history.step_seconds
    left: list[Cause] = []
    for (_, _), group in groupby(
        sorted(causes, key=lambda one: (one.step.row, one.step.delta > 0, one.step.starts)),
        key=lambda one: (one.step.row, one.step.delta > 0),
    ):
        run = list(group)
        limit = (DRIFT_HOURS if len(run) >= DRIFT_STAIRS else settings.climb_hours) * hour
        left += _runs(history, run, limit, DRIFT_HOURS * hour)
    alike: list[Cause] = []
    for cause in sorted(left, key=lambda one: -abs(one.step.delta)):
        same = next((one for one in alike if _is_same(history, one, cause, settings)), None)
        if same is None:
            alike.append(cause)
        else:
            same.merged.extend([merged_row(history, cause.step, same.step, "pairwise-dedup"), *cause.merged])
    return alike


def _is_same(history: ServiceHistory, one: Cause, other: Cause, settings: DetectSettings) -> bool:
    if one.step.delta * other.step.delta <= 0:
        return False
    if _climbs_alike(one, other) or is_one_class(history, one, other):
        return True
    limit = settings.merge_hours * 3600 / history.step_seconds
    if one.step.begin is None and other.step.begin is None:
        if not _same_time(history, one.step, other.step, limit) or not _share_a_callee(history, one.step, other.step):
            return False
        local = local_change(history, one.step.starts, one.step.ends)
        pairs = ((one.step, other.step), (other.step, one.step))
        return not any(outgrows(history, local, inner, outer) for inner, outer in pairs)
    if one.step.begin is None or other.step.begin is None:
        return False
    return _apart(one.step, other.step) <= limit and _share_a_callee(history, one.step, other.step)


def _share_a_callee(history: ServiceHistory, one: Step, other: Step) -> bool:
    """Whether one function, no larger than they are together, carries most of the change of each."""
    change = local_change(history, min(one.starts, other.starts), max(one.ends, other.ends)).stacks
    change = change * float(np.sign(one.delta))
    members = [history.members(step.row) for step in (one, other)]
    parts = np.zeros((len(change), 3))
    for column, rows in enumerate(members):
        parts[rows, column] = change[rows]
    both = np.union1d(*members)
    level = history.mean_cost(slice(min(one.first, other.first), max(one.stop, other.stop)))
    parts[:, 2] = level
    carried = np.asarray(history.incidence @ parts)
    enough = carried[:, :2] >= CARRIES * parts[:, :2].sum(axis=0)
    found = enough.all(axis=1) & (carried[:, 2] <= level[both].sum())
    return bool((parts[:, :2].sum(axis=0) > 0).all() and found.any())


def _runs(history: ServiceHistory, run: list[Cause], limit: float, slow: float) -> list[Cause]:
    joined: list[Cause] = []
    for cause in run:
        for i in range(len(joined) - 1, -1, -1):
            last = joined[i]
            is_slow = last.step.begin is not None or cause.step.begin is not None
            near = cause.step.starts - last.step.ends <= (slow if is_slow else limit)
            if near and _may_be_stair(last, cause) and (is_slow or len(run) >= DRIFT_STAIRS or _are_alike(last, cause)):
                joined[i] = _joined(history, last, cause)
                break
        else:
            joined.append(cause)
    return joined


def _are_alike(one: Cause, other: Cause) -> bool:
    """Whether two steps are of like size, as those of one launch; of three or more, the times tell."""
    sizes = sorted((abs(one.step.delta), abs(other.step.delta)))
    return sizes[0] >= HALF * sizes[1]


def _may_be_stair(one: Cause, other: Cause) -> bool:
    """Whether neither is a step that towers over the climb the other is."""
    for climb, step in ((one.step, other.step), (other.step, one.step)):
        if climb.margin is not None and step.begin is None and abs(step.delta) > TOWERS * abs(climb.delta):
            return False
    return True


def is_one_class(history: ServiceHistory, one: Cause, other: Cause) -> bool:
    """Whether two causes are methods of one class that changed in one direction within an hour."""
    if one.step.delta * other.step.delta <= 0:
        return False
    if abs(one.step.starts - other.step.starts) > max(1, 3600 // history.step_seconds):
        return False
    names = [history.functions[cause.step.row].rpartition(".")[0] for cause in (one, other)]
    return ":" in names[0] and names[0] == names[1]


def _joined(history: ServiceHistory, first: Cause, second: Cause) -> Cause:
    step = replace(
        first.step,
        begin=first.step.starts,
        end=second.step.ends,
        stop=second.step.stop,
        after=second.step.after,
        error=max(first.step.error, second.step.error),
    )
    first.merged.extend([merged_row(history, second.step, first.step, "same-regression"), *second.merged])
    leader = max(first.leader, second.leader, step, key=lambda one: abs(one.delta))
    return replace(first, step=step, leader=leader, also=[*first.also, second.step])


def _climbs_alike(one: Cause, other: Cause) -> bool:
    """Whether two staged climbs share at least two of their steps: once may be chance."""
    if not one.also or not other.also or one.step.delta * other.step.delta <= 0:
        return False
    times, others = ([cause.step.index, *(step.index for step in cause.also)] for cause in (one, other))
    shared = sum(any(abs(a - b) <= 2 for b in others) for a in times)
    return shared >= 2 and shared >= min(len(times), len(others))
