"""Which of many series are worth a search: one pass of compiled code over the rows where they lie."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from effnb.stats._alone import SEARCH, read_alone
from effnb.stats._autoregression import (
    UNIT_ROOT,
    fit_autoregression,
    half_squared_difference,
    local_long_run_deviation,
)
from effnb.stats._jit import compiled
from effnb.stats._levels import best_split, contrast, misfit, shortest_level
from effnb.stats._season import find_period, less_cycle_mean, season
from effnb.stats._tame import tame

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

ODD = 0.12
"""A season of half a standard deviation adds so much to the variance; less cannot hide a change."""
LENIENCE = 0.95
"""Share of a change's price that the best split must save for the search to be worth its time."""


@compiled
def scan_plain(
    values: npt.NDArray[Any],
    first: int,
    stop: int,
    limit: float,
    full: float,
    price: float,
    present: Ints,
    verdict: Ints,
) -> None:
    """Fill in for rows ``first:stop`` how many points are finite and the verdict: a change, 0 for none, ``SEARCH``.

    ``values`` has shape ``(series, points)``; a row is read where it lies, into one buffer. ``limit`` is the scan's,
    ``full`` the search's; a ``limit`` below 0 leaves everything to the search.
    """
    n = values.shape[1]
    row = np.empty(n)
    weights = np.ones(n)
    for r in range(first, stop):
        present[r] = bridge(values[r], row)
        if limit < 0:
            verdict[r] = SEARCH
        elif present[r] > 0 and is_worth_searching(row, limit, price):
            verdict[r] = SEARCH
            span = np.max(row) - np.min(row)
            if present[r] == n and span > 1e-12 * np.max(np.abs(row)):
                verdict[r] = read_alone((row - np.median(row)) / span, weights, 0.0, price, full)


@compiled
def scan_counted(
    values: npt.NDArray[Any],
    counts: npt.NDArray[Any],
    first: int,
    stop: int,
    limit: float,
    present: Ints,
    verdict: Ints,
) -> None:
    """The same for shares with the counts behind them: every point is weighed, and the noise is at least binomial."""
    n = values.shape[1]
    row = np.empty(n)
    root = np.empty(n)
    for r in range(first, stop):
        total = mass = 0.0
        count = 0
        for t in range(n):
            known = np.isfinite(values[r, t]) and counts[r, t] > 0
            root[t] = counts[r, t] if known else 0.0
            row[t] = values[r, t] if known else 0.0
            count += known
            total += root[t]
            mass += root[t] * row[t]
        present[r] = count
        if count == 0:
            continue
        mean = mass / total
        variance = mean * (1 - mean)
        for t in range(n):
            root[t] = np.sqrt(root[t] / max(variance, 1e-300))
            row[t] = root[t] * (row[t] - mean)
        if limit < 0 or (variance > 0 and weighted_strength(row, root) > limit):
            verdict[r] = SEARCH


@compiled
def weighted_strength(scores: Floats, root: Floats) -> float:
    """Largest weighted CUSUM of standardised residuals, in units of their noise, which is no less than one."""
    n = scores.size
    tamed, deviation = tame(scores, 1.0)
    noise = max(local_long_run_deviation(tamed, deviation), 1.0)
    margin = shortest_level(n)
    weight = np.sum(root * root)
    mean = np.sum(root * tamed) / weight
    walk = left = largest = 0.0
    for t in range(n - margin):
        walk += root[t] * (tamed[t] - root[t] * mean)
        left += root[t] * root[t]
        if t + 1 >= margin and 0 < left < weight:
            largest = max(largest, walk * walk * weight / (left * (weight - left)))
    return float(np.sqrt(largest) / noise)


@compiled
def bridge(values: npt.NDArray[Any], row: Floats) -> int:
    """Copy a row, what is not finite as the value before it (leading ones as the first finite); count the finite."""
    last = 0.0
    for t in range(values.size):
        if np.isfinite(values[t]):
            last = values[t]
            break
    count = 0
    size = 0.0
    for t in range(values.size):
        if np.isfinite(values[t]):
            last = values[t]
            count += 1
        row[t] = last
        size = max(size, abs(row[t]))
    if size > 1e100 or 0 < size < 1e-100:
        # Squares would overflow or vanish.
        for t in range(values.size):
            row[t] /= size
    return count


@compiled
def is_worth_searching(row: Floats, limit: float, price: float) -> bool:
    """Whether a series without its season has a split, or two neighbouring windows, that noise hardly explains.

    ``limit`` is in standard deviations of the noise as near points show it. What passes only for its best split is
    looked at again with the noise that split leaves, as the search will: it must save most of ``price``.
    """
    tamed, deviation = tame(row)
    noise = local_long_run_deviation(tamed, deviation)
    seasonal = _may_be_seasonal(tamed, deviation)
    if not seasonal and noise > 0 and max(contrast(tamed)) < limit * noise:
        return False
    period = find_period(tamed)
    if period > 0:
        tamed = tamed - season(less_cycle_mean(tamed, period), period)
        noise = local_long_run_deviation(tamed, deviation)
    split, windows = contrast(tamed)
    if max(split, windows) <= limit * noise:
        return False
    # Values that vary, but not between neighbours, have no noise: only a change is left.
    if noise == 0 or windows > limit * noise:
        return True
    weights = np.ones(row.size)
    change = np.empty(1, np.int64)
    change[0], _size = best_split(tamed, weights, 0, row.size, shortest_level(row.size))
    saved = misfit(tamed, weights, change[:0], 0.0) - misfit(tamed, weights, change, 0.0)
    return saved > LENIENCE * price or _wanders(tamed)


@compiled
def _wanders(values: Floats) -> bool:
    _variance, coefficients = fit_autoregression(values - np.mean(values))
    return bool(np.sum(coefficients) > 1 - UNIT_ROOT / values.size)


@compiled
def _may_be_seasonal(values: Floats, deviation: float) -> bool:
    """Whether values vary otherwise over the series than over eight points, as a season that hides a change must."""
    near = half_squared_difference(values, 8, 12.5 * deviation * deviation)
    return bool(abs(np.var(values) - near) > ODD * near)
