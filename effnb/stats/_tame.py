"""Spikes pulled in to where the points around them are, so that a handful of outliers is neither noise nor a level."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from effnb.stats._jit import compiled

Floats = npt.NDArray[np.float64]
REACH = 2.5
"""Measured points further than this many standard deviations from the medians around them are pulled in: Huber's ψ,
which costs 1 % of the information of normal noise and gains 60 % for Student's t with three degrees of freedom."""
REACH_COUNTED = 6.0
"""Counted shares scatter as their counts say: only what no count explains is an outlier."""


@compiled
def block_length(n: int) -> int:
    """Points per local median: outlier runs shorter than half of it are recognised."""
    return min(15, max(5, n // 20))


@compiled
def median_of(values: Floats) -> float:
    """Median of a scratch array, which is sorted on the way."""
    for i in range(1, values.size):
        value = values[i]
        j = i - 1
        while j >= 0 and values[j] > value:
            values[j + 1] = values[j]
            j -= 1
        values[j + 1] = value
    half = values.size // 2
    return float(values[half] if values.size % 2 else 0.5 * (values[half - 1] + values[half]))


@compiled
def median_of_15(values: Floats, first: int) -> float:
    """Remedian of fifteen points: the median of three medians of every third point (Rousseeuw and Bassett 1990).

    Ten times as fast as sorting; up to six outliers in a row leave it where it was.
    """
    a, b, c = first, first + 1, first + 2
    return _middle_of_3(_middle_of_5(values, a), _middle_of_5(values, b), _middle_of_5(values, c))


@compiled
def _middle_of_3(a: float, b: float, c: float) -> float:
    return max(min(a, b), min(max(a, b), c))


@compiled
def _middle_of_5(values: Floats, first: int) -> float:
    a, b, c, d = values[first], values[first + 3], values[first + 6], values[first + 9]
    low = max(min(a, b), min(c, d))
    high = min(max(a, b), max(c, d))
    return _middle_of_3(low, high, values[first + 12])


@compiled
def block_medians(values: Floats, block: int) -> Floats:
    """Median of each block of points; the last one takes the remainder."""
    count = max(1, values.size // block)
    medians = np.empty(count)
    for b in range(count):
        stop = values.size if b == count - 1 else (b + 1) * block
        if stop - b * block == 15:
            medians[b] = median_of_15(values, b * block)
        else:
            medians[b] = median_of(values[b * block : stop].copy())
    return medians


@compiled
def tame(values: Floats, known: float = 0.0) -> tuple[Floats, float]:
    """The series with its outliers pulled in, far ones to the median, and the deviation about a block's median.

    ``known`` is the variance that sampling causes (0: not known). A point may lie ``REACH`` deviations outside the
    range of the medians of its own block and the two beside it: a change of level of any size stays as sharp as it
    was. Counts that are mostly zero have no median deviation; their mean deviation stands in.
    """
    n = values.size
    block = block_length(n)
    medians = block_medians(values, block)
    last = medians.size - 1
    away = np.empty(n)
    total = 0.0
    for b in range(last + 1):
        for t in range(b * block, n if b == last else (b + 1) * block):
            away[t] = abs(values[t] - medians[b])
            total += away[t]
    # The median of an odd number of values is as often too high as too low, so the median of many such is right.
    deviation = 1.4826 * (median_of(block_medians(away, block)) if last >= 15 else np.median(away))
    if deviation <= 0.25 * total / n:
        deviation = 1.2533 * total / n
    reach = REACH * deviation
    if known > 0:
        reach = REACH_COUNTED * max(deviation, np.sqrt(known))
    tamed = np.empty(n)
    for b in range(last + 1):
        before, after = medians[max(b - 1, 0)], medians[min(b + 1, last)]
        low = min(medians[b], before, after)
        high = max(medians[b], before, after)
        for t in range(b * block, n if b == last else (b + 1) * block):
            inside = min(max(values[t], low - reach), high + reach)
            tamed[t] = inside if low - 2 * reach <= values[t] <= high + 2 * reach else medians[b]
    return tamed, deviation
