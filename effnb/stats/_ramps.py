"""Slow rises that an exact search reads as stairs: one report where the slope begins, not one for every stair."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from effnb.stats._autoregression import fit_autoregression
from effnb.stats._jit import compiled
from effnb.stats._levels import residuals

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
KNOTS = 9


@compiled
def merge_stairs(values: Floats, weights: Floats, changes: Ints, margin: int, known: float, price: float) -> Ints:
    """The changes, with every run of stairs in one direction that a ramp explains better replaced by the ramp's start.

    A ramp has a start, an end and a height, three parameters to a stair's two; where it begins at the change before
    it, that change is enough.
    """
    merged = changes
    i = 0
    while i + 1 < merged.size:
        stop = _same_direction(values, merged, i)
        if stop - i >= 2:
            start, gain = _best_ramp(values, weights, merged, i, stop, known)
            stairs = stop - i
            if gain + price * (stairs - 1.5) + np.log(values.size) * (stairs - 1) > 0:
                begins = i > 0 and start - merged[i - 1] < margin
                shorter = np.empty(merged.size - stairs + (not begins), np.int64)
                shorter[:i] = merged[:i]
                if not begins:
                    shorter[i] = start
                shorter[i + (not begins) :] = merged[stop:]
                merged = shorter
        i += 1
    return merged


@compiled
def _same_direction(values: Floats, changes: Ints, i: int) -> int:
    """Index behind the last of the changes from ``i`` on that all go up or all go down."""
    stop = i
    sign = 0.0
    while stop < changes.size:
        first = changes[stop - 1] if stop else 0
        end = changes[stop + 1] if stop + 1 < changes.size else values.size
        step = np.sign(np.mean(values[changes[stop] : end]) - np.mean(values[first : changes[stop]]))
        if stop > i and step != sign:
            break
        sign = step
        stop += 1
    return stop


@compiled
def _best_ramp(values: Floats, weights: Floats, changes: Ints, i: int, stop: int, known: float) -> tuple[int, float]:
    """Start of the ramp that fits best in place of stairs ``i:stop``, and what it gains in −2 log likelihood."""
    n = values.size
    low = changes[i - 1] if i else 0
    high = changes[stop] if stop < changes.size else n
    first, last = changes[i], changes[stop - 1]
    rest = residuals(values, weights, changes)
    stairs = _misfit(rest, known)
    best = np.inf
    where = first
    best_rest = rest
    for a in range(KNOTS):
        start = low + a * (first - low) / (KNOTS - 1)
        for b in range(KNOTS):
            end = last + b * (high - last) / (KNOTS - 1)
            trial, size = _ramp_rest(values, weights, low, high, start, end)
            if size < best:
                best = size
                where = int(np.rint(start))
                best_rest = trial
    whole = rest.copy()
    whole[low:high] = best_rest
    return max(where, low + 1), stairs - _misfit(whole, known)


@compiled
def _ramp_rest(values: Floats, weights: Floats, low: int, high: int, start: float, end: float) -> tuple[Floats, float]:
    """What a ramp from ``start`` to ``end`` leaves of ``low:high``, by weighted least squares, and its square sum."""
    course = np.empty(high - low)
    for t in range(low, high):
        course[t - low] = min(max((t - start) / max(end - start, 1.0), 0.0), 1.0)
    w = weights[low:high]
    y = values[low:high]
    total = np.sum(w)
    middle = np.sum(w * course) / total
    mean = np.sum(w * y) / total
    power = np.sum(w * (course - middle) ** 2)
    slope = np.sum(w * (course - middle) * (y - mean)) / power if power > 0 else 0.0
    rest = np.sqrt(w) * (y - mean - slope * (course - middle))
    return rest, np.sum(rest * rest)


@compiled
def _misfit(rest: Floats, known: float) -> float:
    variance, coefficients = fit_autoregression(rest)
    at_least = max(variance, known)
    return float(rest.size * (np.log(at_least) + variance / at_least) + coefficients.size * np.log(rest.size))
