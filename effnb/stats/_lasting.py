"""Which changes last and are no child of uneven noise: pulses are taken out, each step is tested again."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from effnb.stats._autoregression import fit_autoregression, long_run_deviation
from effnb.stats._jit import compiled
from effnb.stats._levels import residuals

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

PULSE_SHARE = 0.125
"""A level that lasts no more than an eighth of the series, and less than the levels beside it, may be a pulse."""


@compiled
def noise_deviation(values: Floats, weights: Floats, changes: Ints, known: float) -> float:
    """√n times the standard deviation of a mean of n points of weight 1, from what the levels leave."""
    variance, coefficients = fit_autoregression(residuals(values, weights, changes))
    return long_run_deviation(max(variance, known), coefficients)


@compiled
def find_pulse(values: Floats, weights: Floats, changes: Ints, deviation: float, limit: float) -> tuple[int, int]:
    """First and last (exclusive) point of the longest pulse between two changes; ``(0, 0)`` when there is none.

    The levels beside a pulse may differ by no more than noise allows, nor by half of what the pulse stands out.
    """
    n = values.size
    longest = 0
    found = (0, 0)
    for i in range(changes.size - 1):
        for j in range(i + 1, changes.size):
            first, stop = changes[i], changes[j]
            start = changes[i - 1] if i else 0
            end = changes[j + 1] if j + 1 < changes.size else n
            width = stop - first
            if width > PULSE_SHARE * n or width >= min(first - start, end - stop) or width <= longest:
                continue
            before, weight_before = _level(values, weights, start, first)
            inside, _ = _level(values, weights, first, stop)
            after, weight_after = _level(values, weights, stop, end)
            gap = abs(after - before)
            scatter = deviation * np.sqrt(1 / max(weight_before, 1e-300) + 1 / max(weight_after, 1e-300))
            if gap < limit * scatter and gap < 0.5 * abs(inside - 0.5 * (before + after)):
                longest = width
                found = (first, stop)
    return found


@compiled
def _level(values: Floats, weights: Floats, first: int, stop: int) -> tuple[float, float]:
    total = weight = 0.0
    for t in range(first, stop):
        total += weights[t] * values[t]
        weight += weights[t]
    return (total / weight if weight > 0 else 0.0), weight


@compiled
def least_certain(values: Floats, noisy: Floats, weights: Floats, changes: Ints, known: float) -> tuple[int, float]:
    """The change whose two levels differ least for their own noise, and by how many standard deviations (Welch).

    A series that only gets noisier has a best split too; judged by the noise of both sides together it passes. Each
    side's variance is that of ``noisy``, the values with their noisy stretches left as they are, and leans on the
    common one with the weight of ten points.
    """
    n = values.size
    rest = residuals(values, weights, changes)
    variance, coefficients = fit_autoregression(rest)
    common = max(float(np.mean(rest * rest)), 1e-300)
    inflation = long_run_deviation(max(variance, known), coefficients) ** 2 / max(common, known)
    rest = residuals(noisy, weights, changes)
    common = max(float(np.mean(rest * rest)), common)
    least = np.inf
    which = 0
    for i in range(changes.size):
        first = changes[i - 1] if i else 0
        stop = changes[i + 1] if i + 1 < changes.size else n
        left, left_weight = _level(values, weights, first, changes[i])
        right, right_weight = _level(values, weights, changes[i], stop)
        left_variance = max(_spread(rest, first, changes[i], common), known)
        right_variance = max(_spread(rest, changes[i], stop, common), known)
        scatter = inflation * (left_variance / max(left_weight, 1e-300) + right_variance / max(right_weight, 1e-300))
        size = abs(right - left) / np.sqrt(scatter)
        if size < least:
            least = size
            which = i
    return which, least


@compiled
def _spread(rest: Floats, first: int, stop: int, common: float) -> float:
    total = 10 * common
    for t in range(first, stop):
        total += rest[t] * rest[t]
    return total / (stop - first + 9)
