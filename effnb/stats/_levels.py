"""Where one series changes level: candidates from an exact search, kept only if they explain more than noise would."""

from __future__ import annotations

from math import log

import numpy as np
import numpy.typing as npt

from effnb.stats._autoregression import fit_autoregression
from effnb.stats._jit import compiled, compiled_for_sums
from effnb.stats._limit import scan_limit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SEARCH_POINTS = 250
"""The exact search looks at no more than this many (block) means; it takes time in proportion to their square."""
WINDOWS = 0.72
"""The largest of so many windows is up to two fifths larger than the largest CUSUM when nothing changes."""


@compiled
def shortest_level(n: int) -> int:
    """Points a level must last among ``n``: fewer cannot be told from a spike."""
    return max(3, min(n // 50, 20))


def price(n: int, alpha: float, *, known: bool) -> float:
    """What one change must save in −2 log likelihood: the squared scan limit, as a t test where sd is estimated."""
    squared = scan_limit(n, shortest_level(n), alpha) ** 2
    return squared if known else n * log(1 + squared / max(n - 3, 1))


def search_levels(values: Floats, weights: Floats, deviation: float, price: float) -> Ints:
    """Candidate changes of one series by ruptures' exact penalised search.

    ``deviation`` is √n times the standard deviation of a mean of n points of weight 1. Long series are searched as
    means over blocks of about equal weight, then each candidate is moved to the best point between its neighbours.
    """
    n = values.size
    margin = shortest_level(n)
    if n < 2 * margin or deviation <= 0:
        return np.zeros(0, np.int64)
    import ruptures  # costs 0.3 s to import; most series never get here

    edges = block_edges(weights, min(n, SEARCH_POINTS))
    means = block_means(values, weights, edges) / deviation
    per_block = n / (edges.size - 1)
    search = ruptures.KernelCPD(kernel="linear", min_size=max(2, int(margin / per_block)))
    found = search.fit(means.reshape(-1, 1)).predict(pen=0.75 * price / per_block)[:-1]
    return move_to_best(values, weights, edges[np.asarray(found, np.int64)], margin)


@compiled
def block_edges(weights: Floats, blocks: int) -> Ints:
    """First index of each of about ``blocks`` runs of equal weight, and the end."""
    n = weights.size
    edges = np.zeros(blocks + 1, np.int64)
    total = weights.sum()
    count = 0
    passed = 0.0
    for t in range(n):
        if passed >= total * (count + 1) / blocks and count + 1 < blocks:
            count += 1
            edges[count] = t
        passed += weights[t]
    edges[count + 1] = n
    return edges[: count + 2]


@compiled
def block_means(values: Floats, weights: Floats, edges: Ints) -> Floats:
    """Weighted mean of each block."""
    means = np.empty(edges.size - 1)
    for b in range(means.size):
        total = weight = 0.0
        for t in range(edges[b], edges[b + 1]):
            total += weights[t] * values[t]
            weight += weights[t]
        means[b] = total / weight if weight > 0 else 0.0
    return means


@compiled
def best_split(values: Floats, weights: Floats, first: int, stop: int, margin: int) -> tuple[int, float]:
    """Split of ``first:stop`` with the largest weighted CUSUM, and that statistic in units of the values' noise."""
    total = weight = 0.0
    for t in range(first, stop):
        total += weights[t] * values[t]
        weight += weights[t]
    best = -1.0
    where = (first + stop) // 2
    mean = total / weight if weight > 0 else 0.0
    walk = left = 0.0
    for t in range(first, stop - margin):
        walk += weights[t] * (values[t] - mean)
        left += weights[t]
        if t + 1 - first >= margin and 0 < left < weight:
            size = walk * walk * weight / (left * (weight - left))
            if size > best:
                best = size
                where = t + 1
    return where, np.sqrt(max(best, 0.0))


@compiled
def move_to_best(values: Floats, weights: Floats, changes: Ints, margin: int) -> Ints:
    """Every change at its best place between its neighbours, twice over."""
    moved = np.empty(changes.size + 2, np.int64)
    moved[0] = 0
    moved[-1] = values.size
    moved[1:-1] = changes
    for _ in range(2):
        for i in range(1, moved.size - 1):
            if moved[i + 1] - moved[i - 1] >= 2 * margin:
                moved[i], _size = best_split(values, weights, moved[i - 1], moved[i + 1], margin)
    return moved[1:-1]


@compiled
def residuals(values: Floats, weights: Floats, changes: Ints) -> Floats:
    """Values less the mean of their level, each times the root of its weight."""
    rest = np.empty(values.size)
    first = 0
    for i in range(changes.size + 1):
        stop = changes[i] if i < changes.size else values.size
        total = weight = 0.0
        for t in range(first, stop):
            total += weights[t] * values[t]
            weight += weights[t]
        mean = total / weight if weight > 0 else 0.0
        for t in range(first, stop):
            rest[t] = np.sqrt(weights[t]) * (values[t] - mean)
        first = stop
    return rest


@compiled
def misfit(values: Floats, weights: Floats, changes: Ints, known: float) -> float:
    """−2 log likelihood of the levels with autoregressive normal noise, plus BIC's price of its coefficients.

    ``known`` is the variance that sampling alone causes at weight 1 (0: not known); noise is never taken for less.
    """
    n = values.size
    variance, coefficients = fit_autoregression(residuals(values, weights, changes))
    at_least = max(variance, known)
    return float(n * np.log(at_least) + n * variance / at_least + coefficients.size * np.log(n))


@compiled
def charge(changes: int, price: float, n: int) -> float:
    """What changes cost together: the first its price, each further one 2.5 log n if that is more.

    So much is the modified BIC of Zhang and Siegmund (Biometrics 63, 2007), 3 log n a change less what levels of usual
    lengths get back.
    """
    return price * min(changes, 1) + max(price, 2.5 * float(np.log(n))) * max(changes - 1, 0)


@compiled
def weakest(values: Floats, weights: Floats, changes: Ints) -> int:
    """Which change separates its two levels least, for its number of points."""
    least = np.inf
    which = 0
    for i in range(changes.size):
        first = changes[i - 1] if i else 0
        stop = changes[i + 1] if i + 1 < changes.size else values.size
        left = right = left_weight = right_weight = 0.0
        for t in range(first, changes[i]):
            left += weights[t] * values[t]
            left_weight += weights[t]
        for t in range(changes[i], stop):
            right += weights[t] * values[t]
            right_weight += weights[t]
        if left_weight <= 0 or right_weight <= 0:
            return i
        gap = left / left_weight - right / right_weight
        size = gap * gap * left_weight * right_weight / (left_weight + right_weight)
        if size < least:
            least = size
            which = i
    return which


@compiled
def keep_worthwhile(
    values: Floats, weights: Floats, changes: Ints, margin: int, known: float, price: float
) -> tuple[Ints, float]:
    """The changes worth their price, and the score (less is better) of the series so explained.

    Noise that hangs together and steps explain each other away, so the two are judged together: changes are given up
    one by one, the weakest first, down to none; of all these explanations the one with the least misfit plus price
    is taken. A step read as noise costs innovation variance, noise read as steps costs their price.
    """
    kept = changes
    best = changes
    best_score = np.inf
    while True:
        score = misfit(values, weights, kept, known) + charge(kept.size, price, values.size)
        if score < best_score:
            best_score = score
            best = kept
        if kept.size == 0:
            break
        which = weakest(values, weights, kept)
        fewer = np.empty(kept.size - 1, np.int64)
        for i in range(fewer.size):
            fewer[i] = kept[i + (i >= which)]
        kept = move_to_best(values, weights, fewer, margin)
    return best, best_score


@compiled
def settle(values: Floats, weights: Floats, changes: Ints, reach: int) -> Ints:
    """Every change within ``reach`` points moved to where autoregressive noise makes it most likely.

    Noise that hangs together hardly jumps, so a jump tells more of the place than the means beside it do: the sum of
    squared innovations around a change is least at its true place. Levels are held.
    """
    _variance, coefficients = fit_autoregression(residuals(values, weights, changes))
    order = coefficients.size
    settled = changes.copy()
    for i in range(changes.size if order else 0):
        first = settled[i - 1] if i else 0
        stop = changes[i + 1] if i + 1 < changes.size else values.size
        left = np.mean(values[first : changes[i]])
        right = np.mean(values[changes[i] : stop])
        low = max(first + order + 1, changes[i] - reach)
        high = min(stop - order - 1, changes[i] + reach)
        least = np.inf
        for place in range(low, high + 1):
            total = 0.0
            for t in range(low, high + order):
                innovation = values[t] - (left if t < place else right)
                for lag in range(1, order + 1):
                    before = t - lag
                    innovation -= coefficients[lag - 1] * (values[before] - (left if before < place else right))
                total += weights[t] * innovation * innovation
            if total < least:
                least = total
                settled[i] = place
    return settled


@compiled
def contrast(values: Floats) -> tuple[float, float]:
    """Largest CUSUM over all splits; largest over neighbouring windows of an eighth and a quarter of the series.

    A level that comes and goes has a small CUSUM over the whole; in windows of its own length it has a large one.
    Windows are many: theirs is scaled to be judged by the limit of the other.
    """
    n = values.size
    margin = shortest_level(n)
    sums = np.zeros(n + 1)
    mean = np.mean(values)
    for t in range(n):
        sums[t + 1] = sums[t] + values[t] - mean
    windows = 0.0
    for window in (n // 8, n // 4):
        if window > margin:
            windows = max(windows, _largest_window(sums, window))
    return np.sqrt(_largest_split(sums, margin)), np.sqrt(windows) * WINDOWS


@compiled_for_sums
def _largest_split(sums: Floats, margin: int) -> float:
    n = sums.size - 1
    largest = 0.0
    for t in range(margin, n - margin + 1):
        largest = max(largest, sums[t] * sums[t] * n / (float(t) * float(n - t)))
    return largest


@compiled_for_sums
def _largest_window(sums: Floats, window: int) -> float:
    largest = 0.0
    for t in range(window, sums.size - window):
        gap = sums[t + window] - 2 * sums[t] + sums[t - window]
        largest = max(largest, gap * gap)
    return largest / (2 * window)
