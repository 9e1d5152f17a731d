"""What each deployed revision costs, from short recordings, without turning recording error into steps.

A recording is a sample: at 100 Hz for 10 s a function with 1 % of the CPU is known to ±31 %. Drawn as they are, two
recordings of one revision would look like a deploy that changed a hundred functions. So a stack's cost may change
between two revisions only where the diff touches one of its functions, and only if the recordings show it:

1. Recordings between which no executed function was touched are pooled.
2. At each remaining revision, stacks are put into categories: touched frames are replaced by one wildcard, so that a
   renamed, extracted or inlined function stays in its category.
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
WILDCARD = "*"
MODULE_LEVEL = ":<module>"
LEAST_DRIFT = 0.02
"""Drift that is assumed where recordings of the same code agree better, or none were repeated."""
ENOUGH_COUNTS = 40
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
        level = _advance(level, _sum(parts), touched, alpha=alpha, drift=drift)
        costs += [level.costs] * len(parts)
    return costs


def recording_drift(repeats: Sequence[Sequence[Mapping[Stack, int]]]) -> float:
    """Relative standard deviation of the cost of one leaf function between recordings of the same code.

    Each group holds recordings of equal code. The drift is what, added to Poisson noise, makes the median of the
    squared standardised deviations what it is for a normal distribution. Not below ``LEAST_DRIFT``.
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
        return LEAST_DRIFT
    found = np.array(squares)
    steps = np.linspace(LEAST_DRIFT, 0.5, 481)
    typical = [float(np.median(found / (np.array(poisson) + drift**2))) for drift in steps]
    return float(steps[int(np.argmax(np.array(typical) <= MEDIAN_OF_CHI_SQUARE))])


def _leaf_counts(group: Sequence[Mapping[Stack, int]]) -> npt.NDArray[np.float64]:
    """Samples by innermost function, shape ``(n_recordings, n_functions)``."""
    leaves = sorted({stack[-1] for counts in group for stack in counts})
    rank = {leaf: i for i, leaf in enumerate(leaves)}
    seen = np.zeros((len(group), len(leaves)))
    for row, counts in enumerate(group):
        for stack, n in counts.items():
            seen[row, rank[stack[-1]]] += n
    return seen


def changed_costs(base: Costs, support: float, counts: Mapping[Stack, int], touched: Iterable[str]) -> Costs:
    """Cost of stacks under another setting of the same revision; ``support`` is the sample size behind ``base``."""
    level = _Level(base, {stack: max(cost * support, 1e-9) for stack, cost in base.items()})
    return _advance(level, counts, frozenset(touched), alpha=1e-3, drift=LEAST_DRIFT).costs


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
    for stack in level.costs.keys() | counts.keys():
        members[_category(stack, touched)].add(stack)
    categories = list(members)
    seen = np.array([sum(counts.get(s, 0) for s in members[c]) for c in categories], dtype=float)
    cost = np.array([sum(level.costs.get(s, 0.0) for s in members[c]) for c in categories])
    support = np.array([sum(level.support.get(s, 0.0) for s in members[c]) for c in categories])
    free = np.array([WILDCARD in c for c in categories])
    limit = NormalDist().inv_cdf(1 - alpha / 2 / max(1, int(free.sum())))
    scale, changed = _compare(seen, cost, support, free, limit, drift)
    names_moved = _names_differ(level.costs, counts, touched)
    following = _Level({}, {})
    for i, category in enumerate(categories):
        if changed[i]:
            _take(following, members[category], counts, 1.0 / scale)
        elif free[i] and names_moved and seen[i] > 0 and cost[i] > 0:
            _take(following, members[category], counts, cost[i] / seen[i])
        else:
            _keep(following, members[category], level)
    return following


def _category(stack: Stack, touched: frozenset[str]) -> Stack:
    out: list[str] = []
    for name in stack:
        if name not in touched:
            out.append(name)
        elif not out or out[-1] != WILDCARD:
            out.append(WILDCARD)
    return tuple(out)


def _compare(
    seen: npt.NDArray[np.float64],
    cost: npt.NDArray[np.float64],
    support: npt.NDArray[np.float64],
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
        scale = float(seen[~changed].sum() / cost[~changed].sum())
    return scale, changed


def _weighted_median(values: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]) -> float:
    order = np.argsort(values)
    cumulated = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(cumulated, cumulated[-1] / 2)])


def _names_differ(before: Iterable[Stack], after: Iterable[Stack], touched: frozenset[str]) -> bool:
    """Whether a touched function runs on one side only: renamed, added or removed."""
    old = {name for stack in before for name in stack} & touched
    new = {name for stack in after for name in stack} & touched
    return old != new


def _take(level: _Level, stacks: Iterable[Stack], counts: Mapping[Stack, int], factor: float) -> None:
    for stack in stacks:
        if counts.get(stack):
            level.costs[stack] = counts[stack] * factor
            level.support[stack] = float(counts[stack])


def _keep(level: _Level, stacks: Iterable[Stack], former: _Level) -> None:
    for stack in stacks:
        if stack in former.costs:
            level.costs[stack] = former.costs[stack]
            level.support[stack] = former.support[stack]
