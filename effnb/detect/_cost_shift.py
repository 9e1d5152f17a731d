"""Stage: did work appear, or only move? A renamed, extracted or inlined function rises while its callers stay level.

Moved work leaves something else below the same callers. For every cause the stacks it changed are followed upwards,
frame by frame: all that runs below the same path (the domain) is summed up around the change. Where nothing of the rise
is left of that sum, it was moved. Where something is left that stands out of the domain's own noise, that remainder is
a regression besides the shift, and is reported with its own size, unless the rise, what fell at its time and what is
new there cancel: then the rest is others'. What changed at another time does not count at all. Further up, unrelated
changes meet: there a fall only counts when one function's matches the rise within their errors.

A caller of a whole move shows nothing of it. One that rose with it rose for another reason, and is looked at again.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from effnb.detect._history import Ints, ServiceHistory, Stack
from effnb.detect._local import HOURS_APART, LocalChange, local_change, stack_errors, sum_error
from effnb.detect._merge import Cause, merge_causes, merged_row
from effnb.detect._types import Step, suppress
from effnb.domain import Suppressed
from effnb.settings import DetectSettings

NEAR = 2
"""Frames above the cause within which whatever falls is taken as its source."""
LARGEST_SOURCE = 1.0
"""Part of a rise by which what it came from may have fallen beyond it: what fell further saved something itself, and
a true rise would vanish under it. A fall may be a small part of what rose, where several were merged into one."""
MAX_ERROR = 0.25
"""Largest standard error of a domain's sum, as a share of the rise, at which it can still tell."""
CLEAR = 4.0
"""Standard errors at which what is left of a rise is a regression of its own."""
MAX_ERROR_FAR = 0.1
MATCHES = 3.0
"""Standard errors within which a distant fall matches a rise."""
MATCHING = 0.3
"""Largest part of a rise that may be left of it and one function's fall where the two are one move."""
ALIKE = 0.9
SURELY = 4.0
"""Standard errors at which a single stack surely changed."""
HOLDS = 0.8
"""Part of a move's source that a caller must hold to be a caller of the whole move."""
OUTSHOWS = 1.5
"""A rise larger by this factor around its step than over its whole levels has something passing in it."""
GONE = 0.1
"""Largest part of a stack's cost after a change that it had before where it is new."""
TIME_TELLS = 25.0
"""Twice a log likelihood at which a source's own best time speaks against the step's: five standard deviations."""
FEWEST_BUCKETS = 8
"""Buckets below which a time cannot be told."""
MEDIAN_OF_SQUARE = 0.455
"""Median of a squared standard normal variable."""


@dataclass(frozen=True)
class Domain:
    """What runs below the callers of a change, and what its sum did."""

    stacks: Ints
    caller: str
    """Innermost caller all of it has in common with the cause; one of them where there are several."""
    kept: float
    """Change of the whole domain, as a share of the service's cost."""
    error: float
    falls: float
    """What changed in the other direction, by function, at most."""
    counterpart: str
    source: Ints
    """Stacks that surely changed in the other direction, at the step's time."""
    up: int = 0
    """Frames between the function and the callers."""


def drop_shifted(
    history: ServiceHistory, causes: list[Cause], settings: DetectSettings
) -> tuple[list[Cause], list[Suppressed]]:
    """Drops a cause whose callers did not change with it, and names where the work came from or went to."""
    paths = _PathIndex(history)
    kept: list[Cause] = []
    dropped: list[Suppressed] = []
    loose: list[Step] = []
    remainders: list[tuple[Cause, Ints]] = []
    near = settings.merge_hours * 3600 / history.step_seconds
    for cause in causes:
        change = local_change(history, cause.step.starts, _last_end(cause))
        own = float(change.stacks[history.members(cause.step.row)].sum())
        domain = (
            _level_domain(history, paths, cause.step, change, own, settings) if own * cause.step.delta > 0 else None
        )
        if domain is None:
            kept.append(cause)
        elif _is_clear(domain, own):
            whole = _whole_domain(history, paths, cause.step, change, own, domain)
            domain = whole if _is_clear(whole, own) else domain
            scale = cause.step.delta / own
            moved = cause.step.delta - domain.kept * scale
            step = replace(cause.step, before=cause.step.before + moved, error=domain.error * scale)
            remainder = replace(cause, step=step, leader=step, moved=moved)
            twin = next(
                (one for one, rows in remainders if _is_one_move(one, rows, remainder, domain.stacks, near)), None
            )
            if twin is None:
                remainders.append((remainder, domain.stacks))
                kept.append(remainder)
            else:
                dropped.append(merged_row(history, cause.step, twin.step, "pairwise-dedup"))
        else:
            dropped.append(_shifted(history, cause.step, domain, own))
            loose += cause.take_out(_rises_beside(history, change, domain))
    return kept + merge_causes(history, loose, settings, known=kept), dropped


def _rises_beside(history: ServiceHistory, change: LocalChange, domain: Domain) -> Callable[[Step], bool]:
    """Whether a caller of all of a move rose itself: of work that only moved below it, it shows nothing."""
    whole = float(change.stacks[domain.source].sum())

    def rises(step: Step) -> bool:
        rows = history.members(step.row)
        inside = float(change.stacks[np.intersect1d(rows, domain.source, assume_unique=True)].sum())
        rise = float(change.stacks[rows].sum()) * float(np.sign(step.delta))
        holds_it = abs(inside) >= HOLDS * abs(whole) > 0
        return holds_it and rise >= max(HOLDS * abs(step.delta), CLEAR * sum_error(history, change, rows))

    return rises


def _is_one_move(one: Cause, rows: Ints, other: Cause, others: Ints, near: float) -> bool:
    """Whether two remainders are of one move: what its targets did together is one sum below their callers."""
    if abs(one.step.starts - other.step.starts) > near or one.step.delta * other.step.delta <= 0:
        return False
    shared = len(np.intersect1d(rows, others, assume_unique=True))
    return bool(shared >= 0.5 * min(len(rows), len(others)))


def _last_end(cause: Cause) -> int:
    return max([cause.step.ends, *(step.ends for step in cause.also)])


def _is_clear(domain: Domain, own: float) -> bool:
    """Whether something of a rise is surely left."""
    return bool(domain.kept * np.sign(own) > CLEAR * domain.error)


class _PathIndex:
    """Stacks by the paths they begin with, for paths that are asked for."""

    def __init__(self, history: ServiceHistory) -> None:
        self.order = sorted(range(len(history.stacks)), key=lambda i: history.stacks[i])
        self.sorted: list[Stack] = [history.stacks[i] for i in self.order]

    def below(self, path: Stack) -> list[int]:
        """Rows of the stacks that begin with a path."""
        first = bisect_left(self.sorted, path)
        last = bisect_left(self.sorted, True, lo=first, key=lambda stack: stack[: len(path)] > path)
        return self.order[first:last]


def _level_domain(
    history: ServiceHistory,
    paths: _PathIndex,
    step: Step,
    change: LocalChange,
    own: float,
    settings: DetectSettings,
) -> Domain | None:
    """The innermost domain that keeps too little of the change; None for a true one."""
    name = history.functions[step.row]
    carrying = _carrying_paths(history, step, change, name)
    deepest = max((len(path) for path in carrying), default=0)
    for up in range(deepest):
        above = {path[: len(path) - up] for path in carrying if len(path) > up}
        if len(above) < len(carrying) and any(len(path) <= up for path in carrying):
            return None  # some of it is already at the root: no caller is left that holds it all
        domain = _domain(history, paths, step, change, own, above)
        found = None
        if domain is None:
            if up < NEAR and step.begin is None:  # in the days of a climb something nearby falls by as much
                found = _pair_domain(history, paths, step, change, own, above)
        elif up >= NEAR or min(len(path) for path in above) == 1:
            found = domain if _matches_far(history, change, domain, own) else None
        else:
            found = _near_move(history, step, change, own, domain, settings)
        if found is not None:
            return replace(found, up=up)
    return None


def _whole_domain(
    history: ServiceHistory, paths: _PathIndex, step: Step, change: LocalChange, own: float, domain: Domain
) -> Domain:
    """A domain with the same callers of all places the function is called from, also those that hold little of it."""
    name, members = history.functions[step.row], history.members(step.row)
    everywhere = {history.stacks[i][: history.stacks[i].index(name)] for i in members.tolist()}
    above = {path[: len(path) - domain.up] for path in everywhere if len(path) > domain.up}
    whole = _domain(history, paths, step, change, own, above)
    rows = np.union1d(whole.stacks if whole else domain.stacks, members)
    return replace(domain, stacks=rows, kept=float(change.stacks[rows].sum()), error=sum_error(history, change, rows))


def _near_move(
    history: ServiceHistory, step: Step, change: LocalChange, own: float, domain: Domain, settings: DetectSettings
) -> Domain | None:
    """The domain, or the move alone in it, where too little of the change is kept; None for a true one.

    Moved work stays: what falls as a rise passes that does not last cancels with it by chance.
    """
    is_clear, share = _is_clear(domain, own), domain.kept / own
    if is_clear and (move := _move_alone(history, step, change, own, domain)):
        return move
    if share < settings.shift_share and (step.delta < 0 or share > -LARGEST_SOURCE):
        is_sudden = step.begin is None and step.margin is None
        return None if is_sudden and abs(own) > OUTSHOWS * abs(step.delta) else domain
    is_partly = share < 1 - settings.shift_share / 2 and domain.falls >= 0.5 * (1 - share) * abs(own)
    return domain if is_partly and is_clear else None


def _matches_far(history: ServiceHistory, change: LocalChange, domain: Domain, own: float) -> bool:
    """Whether all below a distant caller, or the whole service, stayed level, and one function fell by the rise."""
    fell = [i for i in domain.source.tolist() if domain.counterpart in history.stacks[i]]
    source = abs(float(change.stacks[fell].sum()))
    is_level = domain.error <= MAX_ERROR_FAR * abs(own) and abs(domain.kept) <= MATCHES * domain.error
    return is_level and all(abs(fall - abs(own)) <= MATCHING * abs(own) for fall in (source, domain.falls))


def _changed_then(history: ServiceHistory, step: Step, change: LocalChange, stacks: Ints) -> npt.NDArray[np.bool_]:
    """Whether each stack changed when the step did: a cut there describes it as well as its best cut nearby.

    Compared are sums of squares over the variance between neighbouring buckets, for Gaussian noise twice a log
    likelihood. A climb is no cut: what belongs to it follows a line from where it begins to where it ends.
    """
    first, stop = change.before.start, change.after.stop
    values = np.nan_to_num(history.stack_cost[stacks, first:stop])
    n, slack = stop - first, max(1, round(HOURS_APART * 3600 / history.step_seconds))
    if n < FEWEST_BUCKETS:
        return np.ones(len(stacks), dtype=bool)
    variance = np.median(np.diff(values, axis=1) ** 2, axis=1) / (2 * MEDIAN_OF_SQUARE)
    variance = np.maximum(variance, values.mean(axis=1) + 1 / n)  # samples alone scatter as much as there are
    cuts = np.arange(1, n)
    sums, squares = np.cumsum(values, axis=1), np.cumsum(values**2, axis=1)
    left = squares[:, :-1] - sums[:, :-1] ** 2 / cuts
    right = squares[:, -1:] - squares[:, :-1] - (sums[:, -1:] - sums[:, :-1]) ** 2 / (n - cuts)
    by_cut = left + right
    if step.margin is None:
        low, high = max(step.starts - first - slack, 1), min(step.ends - first + slack, n - 1)
        here = by_cut[:, low - 1 : high].min(axis=1, initial=np.inf)
    else:
        climbed = np.clip((np.arange(first, stop) - step.starts) / max(step.ends - step.starts, 1), 0, 1)
        climbed -= climbed.mean()
        centred = values - values.mean(axis=1, keepdims=True)
        here = (centred**2).sum(axis=1) - (centred @ climbed) ** 2 / max(float(climbed @ climbed), 1e-12)
    return np.asarray((here - by_cut.min(axis=1)) / variance <= TIME_TELLS)


def _move_alone(history: ServiceHistory, step: Step, change: LocalChange, own: float, domain: Domain) -> Domain | None:
    """The step, its source and the stacks that are new there, where they cancel: the rest of the domain is others'."""
    before, after = (history.mean_cost(side)[domain.stacks] for side in (change.before, change.after))
    surely = change.stacks[domain.stacks] > SURELY * stack_errors(history, change, domain.stacks)
    new = domain.stacks[surely & (before <= GONE * after)]
    for others in (domain.source, np.union1d(domain.source, new)):
        rows = np.union1d(history.members(step.row), others)
        kept, error = float(change.stacks[rows].sum()), sum_error(history, change, rows)
        if error <= MAX_ERROR * abs(own) and abs(kept) <= min(MATCHES * error, MATCHING * abs(own)):
            return replace(domain, stacks=rows, kept=kept, error=error)
    return None


def _carrying_paths(history: ServiceHistory, step: Step, change: LocalChange, name: str) -> set[Stack]:
    """Paths to the function in the stacks that hold nearly all of its change."""
    members = history.members(step.row)
    part = change.stacks[members] * np.sign(step.delta)
    order = np.argsort(-part)
    total = np.cumsum(np.clip(part[order], 0, None))
    enough = int(np.searchsorted(total, 0.95 * total[-1])) + 1 if len(total) else 0
    return {history.stacks[i][: history.stacks[i].index(name)] for i in members[order[:enough]].tolist()}


def _domain(
    history: ServiceHistory, paths: _PathIndex, step: Step, change: LocalChange, own: float, above: set[Stack]
) -> Domain | None:
    """Everything below some paths but what changed at another time; None when too noisy, or nothing in it fell."""
    rows = np.array(sorted({i for path in above if path for i in paths.below(path)}), dtype=np.int64)
    if not len(rows):
        return None
    others = np.setdiff1d(rows, history.members(step.row), assume_unique=True)
    others = others[np.abs(change.stacks[others]) > SURELY * stack_errors(history, change, others)]
    then = _changed_then(history, step, change, others)
    rows = np.setdiff1d(rows, others[~then], assume_unique=True)
    source = others[then & (change.stacks[others] * own < 0)]
    if not len(source):
        return None
    opposite = rows[change.stacks[rows] * own < 0]
    if -float(change.stacks[opposite].sum()) * np.sign(own) < 0.1 * abs(own):
        return None
    error = sum_error(history, change, rows)
    if error > MAX_ERROR * abs(own):
        return None
    falls, counterpart = _counterpart(history, step, change, rows, above)
    caller = min(above, key=lambda path: (len(path), path))[-1]
    return Domain(rows, caller, float(change.stacks[rows].sum()), error, abs(falls), counterpart, source)


def _pair_domain(
    history: ServiceHistory, paths: _PathIndex, step: Step, change: LocalChange, own: float, above: set[Stack]
) -> Domain | None:
    """A function and the one near it that fell as it rose; None unless they cancel within their errors.

    Beside them much else may run below the same callers, whose noise hides a small move in the sum of all.
    """
    rows = np.array(sorted({i for path in above if path for i in paths.below(path)}), dtype=np.int64)
    if not len(rows):
        return None
    falls, counterpart = _counterpart(history, step, change, rows, above)
    if falls * own >= 0 or abs(falls) < (1 - MATCHING) * abs(own):
        return None
    members = history.members(step.row)
    other = np.array([i for i in rows.tolist() if counterpart in history.stacks[i]], dtype=np.int64)
    other = other[_changed_then(history, step, change, other)]
    pair = np.union1d(members, other)
    kept, error = float(change.stacks[pair].sum()), sum_error(history, change, pair)
    if error > MAX_ERROR * abs(own) or abs(kept) > min(MATCHES * error, MATCHING * abs(own)):
        return None
    caller = min(above, key=lambda path: (len(path), path))[-1]
    return Domain(pair, caller, kept, error, abs(falls), counterpart, other)


def _counterpart(
    history: ServiceHistory, step: Step, change: LocalChange, rows: Ints, above: set[Stack]
) -> tuple[float, str]:
    """The function in the domain whose work changed most in the other direction, and by how much.

    A function counts with all it does; one that also calls the step's function only with its own work. Of a function
    and the one it always calls, which change alike, the outer one is named.
    """
    name = history.functions[step.row]
    own = set(history.members(step.row).tolist())
    callers = {one for path in above for one in path}
    calling = {one for i in own for one in history.stacks[i][: history.stacks[i].index(name)]} | callers
    work: dict[str, float] = {}
    depth: dict[str, int] = {}
    from_here = min(len(path) for path in above) - 1
    sign = -float(np.sign(step.delta))
    for i in rows.tolist():
        value = float(change.stacks[i]) * sign
        if i in own or value == 0:
            continue
        stack = history.stacks[i]
        for at in range(from_here, len(stack)):
            if at == len(stack) - 1 or stack[at] not in {*calling, *stack[at + 1 :]}:
                work[stack[at]] = work.get(stack[at], 0.0) + value
                depth[stack[at]] = min(at, depth.get(stack[at], at))
    most = max(work.values(), default=0.0)
    alike = [one for one in work if work[one] >= ALIKE * most]
    best = min(alike, key=lambda one: (depth[one], one), default=name)
    return work.get(best, 0.0) * sign, best


def _shifted(history: ServiceHistory, step: Step, domain: Domain, own: float) -> Suppressed:
    share = domain.kept / own
    return suppress(
        history,
        step,
        "cost-shift",
        f"work moved {'from' if step.delta > 0 else 'to'} {domain.counterpart}: all that runs below "
        f"{domain.caller} kept {100 * share:.0f} % of it",
        would_keep="[detect] shift_share = 0.01",
        caller=domain.caller,
        counterpart=domain.counterpart,
        counterpart_change=float(domain.falls * -np.sign(own)),
        caller_change=domain.kept,
        caller_error=domain.error,
        own_change=own,
    )
