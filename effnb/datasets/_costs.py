"""What each deployed revision costs, from short recordings, without turning recording error into steps.

A recording is a sample: at 100 Hz for 10 s a function with 1 % of the CPU is known to ±31 %. Drawn as they are, two
recordings of one revision would look like a deploy that changed a hundred functions. So a stack's cost may change
between two revisions only where the diff touches one of its functions, and only if the recordings show it:

1. Recordings between which no executed function was touched are pooled.
2. At each remaining revision, stacks are put into categories: touched frames are replaced by one wildcard, so that a
   renamed, extracted or inlined function stays in its category; a function that lasts keeps its name there.
3. A category whose count differs from the expected one by more than noise allows (two-sided, family-wise level
   ``alpha`` over all categories) takes the newly recorded cost; every other category keeps its cost to the last digit,
   and only takes over new names. Noise is Poisson plus drift: a machine's speed at one kind of work differs from one
   recording to the next, by how much is measured where recordings were pooled.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Stack = tuple[str, ...]
Costs = dict[Stack, float]
Floats = npt.NDArray[np.float64]
WILDCARD = "*"
MODULE_LEVEL = ":<module>"
LEAST_DRIFT = 0.02
"""Drift that is assumed where recordings of the same code agree better."""
UNKNOWN_DRIFT = 0.10
"""Drift that is assumed where none was repeated: what a shared machine showed at its worst."""
ENOUGH_COUNTS = 40
ENOUGH_TO_BE_MISSED = 12
ENOUGH_UNTOUCHED = 0.25
MEDIAN_OF_CHI_SQUARE = 0.455
"""With one degree of freedom."""


@dataclass(frozen=True)
class RecordedRevision:
    """One deployed revision: what its recordings counted and which functions changed since the one before."""

    revision: str
    counts: Mapping[Stack, int]
    touched: frozenset[str]


@dataclass
class _Level:
    """Costs at one revision and the number of samples each of them rests on."""

    costs: Costs
    support: dict[Stack, float]


def stack_costs(revisions: Sequence[RecordedRevision], *, alpha: float = 1e-3) -> list[Costs]:
    """Cost of every stack at every revision, in units of the first revision's total; same order as ``revisions``."""
    segments = _pool(revisions)
    drift = recording_drift([parts for parts, _ in segments])
    first = _sum(segments[0][0])
    total = sum(first.values())
    level = _Level({s: n / total for s, n in first.items()}, {s: float(n) for s, n in first.items()})
    costs = [level.costs] * len(segments[0][0])
    for parts, touched in segments[1:]:
        # Drift is independent from recording to recording: pooled, it shrinks like sampling noise does.
        level = _advance(level, _sum(parts), touched, alpha=alpha, drift=drift / len(parts) ** 0.5)
        costs += [level.costs] * len(parts)
    return costs


def recording_drift(repeats: Sequence[Sequence[Mapping[Stack, int]]]) -> float:
    """Relative standard deviation of the cost of one leaf function between recordings of the same code.

    Each group holds recordings of equal code. The drift is what, added to Poisson noise, makes the median of the
    squared standardised deviations what it is for a normal distribution. Not below ``LEAST_DRIFT``; ``UNKNOWN_DRIFT``
    where no code was recorded twice.
    """
    squares: list[float] = []
    poisson: list[float] = []
    for group in repeats:
        seen = _leaf_counts(group)
        expected = np.outer(seen.sum(axis=1), seen.sum(axis=0) / seen.sum())
        use = expected >= ENOUGH_COUNTS
        if len(group) > 1:
            free = len(group) / (len(group) - 1)  # the mean of the group took one degree of freedom
            squares += list(free * (seen[use] / expected[use] - 1) ** 2)
            poisson += list(1 / expected[use])
    if not squares:
        return UNKNOWN_DRIFT
    found = np.array(squares)
    steps = np.linspace(LEAST_DRIFT, 0.5, 481)
    typical = [float(np.median(found / (np.array(poisson) + drift**2))) for drift in steps]
    return float(steps[int(np.argmax(np.array(typical) <= MEDIAN_OF_CHI_SQUARE))])


def _leaf_counts(group: Sequence[Mapping[Stack, int]]) -> Floats:
    """Samples by innermost function, shape ``(n_recordings, n_functions)``."""
    leaves = sorted({stack[-1] for counts in group for stack in counts})
    rank = {leaf: i for i, leaf in enumerate(leaves)}
    seen = np.zeros((len(group), len(leaves)))
    for row, counts in enumerate(group):
        for stack, n in counts.items():
            seen[row, rank[stack[-1]]] += n
    return seen


def changed_costs(base: Costs, support: float, parts: Sequence[Mapping[Stack, int]], touched: Iterable[str]) -> Costs:
    """Cost of stacks under another setting of the same revision, from one or more recordings of it.

    ``support`` is the sample size behind ``base``.
    """
    level = _Level(base, {stack: max(cost * support, 1e-9) for stack, cost in base.items()})
    drift = recording_drift([parts]) / len(parts) ** 0.5
    return _advance(level, _sum(parts), frozenset(touched), alpha=1e-3, drift=drift).costs


def _sum(parts: Iterable[Mapping[Stack, int]]) -> Counter[Stack]:
    total: Counter[Stack] = Counter()
    for part in parts:
        total.update(part)
    return total


def _pool(revisions: Sequence[RecordedRevision]) -> list[tuple[list[Mapping[Stack, int]], frozenset[str]]]:
    """Runs of revisions between which no executed function was touched: their counts, and what was touched before."""
    segments: list[tuple[list[Mapping[Stack, int]], frozenset[str]]] = []
    executed: set[str] = set()
    for revision in revisions:
        now = {name for stack in revision.counts for name in stack}
        touched = _executed(revision.touched, executed | now) if segments else frozenset()
        if segments and not touched:
            segments[-1][0].append(revision.counts)
        else:
            segments.append(([revision.counts], touched))
        executed = now | (executed if not touched else set())
    return segments


def _executed(touched: Iterable[str], executed: set[str]) -> frozenset[str]:
    """Touched functions that run; a change at module level touches every function of its module that runs."""
    names = set(touched)
    modules = {name.removesuffix(MODULE_LEVEL) for name in names if name.endswith(MODULE_LEVEL)}
    return frozenset(name for name in executed if name in names or name.split(":")[0] in modules)


def _advance(
    level: _Level, counts: Mapping[Stack, int], touched: frozenset[str], *, alpha: float, drift: float
) -> _Level:
    members: dict[Stack, set[Stack]] = defaultdict(set)
    moved = _one_sided(level, counts, touched)
    lasting = touched - moved
    for stack in level.costs.keys() | counts.keys():
        members[_category(stack, touched, lasting)].add(stack)
    categories = list(members)
    seen = np.array([sum(counts.get(s, 0) for s in members[c]) for c in categories], dtype=float)
    cost = np.array([sum(level.costs.get(s, 0.0) for s in members[c]) for c in categories])
    support = np.array([sum(level.support.get(s, 0.0) for s in members[c]) for c in categories])
    free = np.array([any(name.startswith(WILDCARD) for name in c) for c in categories])
    limit = NormalDist().inv_cdf(1 - alpha / 2 / max(1, int(free.sum())))
    scale, changed = _compare(seen, cost, support, free, limit, drift)
    factor = _shared_changes(categories, seen, cost, support, free & ~changed, scale, limit, drift)
    following = _Level({}, {})
    for i, category in enumerate(categories):
        if changed[i]:
            _record(following, members[category], counts, 1.0 / scale)
        elif free[i] and moved and seen[i] > 0 and cost[i] > 0:
            _record(following, members[category], counts, factor[i] * cost[i] / seen[i])
        else:
            _carry(following, members[category], level, float(factor[i]))
    return following


def _one_sided(level: _Level, counts: Mapping[Stack, int], touched: frozenset[str]) -> frozenset[str]:
    """Touched functions that run before or after but not both: renamed, added or removed.

    A function too rare to be sampled each time is not one of them.
    """
    before, after = _by_function(level.support), _by_function(counts)
    return frozenset(
        name
        for name in touched
        if (before[name] == 0) != (after[name] == 0) and before[name] + after[name] >= ENOUGH_TO_BE_MISSED
    )


def _by_function(stacks: Mapping[Stack, float]) -> Counter[str]:
    found: Counter[str] = Counter()
    for stack, n in stacks.items():
        for name in set(stack):
            found[name] += n  # type: ignore[assignment]  # supports are fractions
    return found


def _category(stack: Stack, touched: frozenset[str], lasting: frozenset[str]) -> Stack:
    """The stack with each run of touched frames as one wildcard, named after its first frame if that one lasts."""
    out: list[str] = []
    inside = False
    for name in stack:
        if name not in touched:
            out.append(name)
        elif not inside:
            out.append(WILDCARD + (name if name in lasting else ""))
        inside = name in touched
    return tuple(out)


def _shared_changes(
    categories: Sequence[Stack],
    seen: Floats,
    cost: Floats,
    support: Floats,
    open_: npt.NDArray[np.bool_],
    scale: float,
    limit: float,
    drift: float,
) -> Floats:
    """Factor of each category's cost where only categories together show a change: below one caller, outermost first.

    A setting that makes a loop longer makes everything below it dearer by one factor, each category too little to
    tell on its own.
    """
    below: dict[Stack, list[int]] = defaultdict(list)
    for i in np.flatnonzero(open_).tolist():
        stack = categories[i]
        first = next(depth for depth, name in enumerate(stack) if name.startswith(WILDCARD))
        for depth in range(first + 1, len(stack) + 1):
            below[stack[:depth]].append(i)
    factor, left = np.ones(len(categories)), open_.copy()
    for prefix in sorted(below, key=lambda prefix: (len(prefix), prefix)):
        rows = [i for i in below[prefix] if left[i]]
        expected, counted, known = scale * cost[rows].sum(), seen[rows].sum(), support[rows].sum()
        if len(rows) < 2 or expected <= 0 or known <= 0:
            continue
        deviation = np.sqrt(max(expected, 1.0) + expected**2 * (1 / known + drift**2))
        if abs(counted - expected) > limit * deviation:
            factor[rows], left[rows] = counted / expected, False
    return factor


def _compare(
    seen: Floats,
    cost: Floats,
    support: Floats,
    free: npt.NDArray[np.bool_],
    limit: float,
    drift: float,
) -> tuple[float, npt.NDArray[np.bool_]]:
    """Samples per unit of cost in the new recording, and which free categories differ from expectation."""
    changed = np.zeros(len(seen), dtype=bool)
    scale = _weighted_median(seen[cost > 0] / cost[cost > 0], cost[cost > 0])
    for _ in range(5):
        expected = scale * cost
        relative = np.divide(1.0, support, out=np.zeros_like(support), where=support > 0)
        deviation = np.sqrt(np.maximum(expected, 1.0) + expected**2 * (relative + drift**2))
        changed = free & (np.abs(seen - expected) > limit * deviation)
        # What no touched function is in cannot have changed: it is the yardstick, if there is enough of it.
        same = ~free if cost[~free].sum() >= ENOUGH_UNTOUCHED else ~changed
        scale = float(seen[same].sum() / cost[same].sum())
    return scale, changed


def _weighted_median(values: Floats, weights: Floats) -> float:
    order = np.argsort(values)
    cumulated = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(cumulated, cumulated[-1] / 2)])


def _record(level: _Level, stacks: Iterable[Stack], counts: Mapping[Stack, int], factor: float) -> None:
    """Stacks as they were recorded, so many units of cost a sample."""
    for stack in stacks:
        if counts.get(stack):
            level.costs[stack] = counts[stack] * factor
            level.support[stack] = float(counts[stack])


def _carry(level: _Level, stacks: Iterable[Stack], former: _Level, factor: float) -> None:
    """Stacks as they were before, times a factor."""
    for stack in stacks:
        if stack in former.costs:
            level.costs[stack] = former.costs[stack] * factor
            level.support[stack] = former.support[stack]
