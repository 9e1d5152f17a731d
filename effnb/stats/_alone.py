"""The common case in compiled code: no change, or one that nothing else competes with. Anything more is left to search.

Nearly all series that pass the scan end here; the search in ``_reading`` begins where this gives up.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from effnb.stats._autoregression import UNIT_ROOT, fit_autoregression, local_long_run_deviation
from effnb.stats._jit import compiled
from effnb.stats._lasting import least_certain
from effnb.stats._levels import best_split, contrast, keep_worthwhile, misfit, residuals, settle, shortest_level
from effnb.stats._season import find_period, less_cycle_mean, season
from effnb.stats._shapes import has_weeks, line, may_stand_in, week
from effnb.stats._tame import tame, tame_stretches

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
SEASON_PARAMETERS = 8
"""What a season costs in BIC: a period and as many harmonics as days usually have."""
SEARCH = -1
"""Verdict: more than one change may be there, or something that looks like one."""


@compiled
def one_change(
    values: Floats, tamed: Floats, weights: Floats, deviation: float, known: float, price: float, limit: float
) -> tuple[int, float]:
    """The change of a series with one at most (0: none) and its misfit; ``SEARCH`` if its split leaves a contrast.

    Of all single splits the largest CUSUM is the exact search's.
    """
    n = tamed.size
    margin = shortest_level(n)
    none = np.zeros(0, np.int64)
    local = local_long_run_deviation(tamed, deviation)
    if n < 2 * margin or local <= 0:
        return SEARCH, 0.0
    alone = np.empty(1, np.int64)
    alone[0], _size = best_split(tamed, weights, 0, n, margin)
    if max(contrast(residuals(tamed, weights, alone))) >= 0.9 * np.sqrt(price) * local:
        return SEARCH, 0.0
    kept, _score = keep_worthwhile(tamed, weights, alone, margin, known, price)
    if kept.size:
        _which, size = least_certain(tamed, tame_stretches(values, deviation), weights, kept, known)
        if size >= limit:
            return settle(tamed, weights, kept, 2 * margin)[0], misfit(tamed, weights, kept, known)
    return 0, misfit(tamed, weights, none, known)


@compiled
def read_alone(values: Floats, weights: Floats, known: float, price: float, limit: float) -> int:
    """First index of the one new level, 0 for no change, ``SEARCH`` for what only a search can tell.

    ``values`` of shape ``(n,)`` without gaps and of order one, ``weights`` and ``known`` as in ``read_series``.
    """
    n = values.size
    tamed, deviation = tame(values, known)
    change, rest = one_change(values, tamed, weights, deviation, known, price, limit)
    if change == SEARCH:
        # A season may be all that made it look like several.
        rest = np.inf
    period = find_period(tamed)
    seasonal_change = 0
    if period > 0:
        seasonal_change, seasonal_rest, plain = _seasonal(values, tamed, weights, known, price, limit, period)
        if seasonal_change == SEARCH:
            return SEARCH
        cost = SEASON_PARAMETERS * np.log(n)
        if seasonal_rest + cost + (price if seasonal_change else 0.0) < rest + (price if change else 0.0):
            return _unless_smooth(plain, weights, _as_changes(seasonal_change), known, price, seasonal_rest, period)
    if change == SEARCH:
        return SEARCH
    return _unless_smooth(tamed, weights, _as_changes(change), known, price, rest, 0.0)


@compiled
def _unless_smooth(
    values: Floats, weights: Floats, changes: Ints, known: float, price: float, rest: float, period: float
) -> int:
    """The one change, or 0, unless a walk, a trend or a week may explain the series."""
    n = values.size
    _variance, coefficients = fit_autoregression(residuals(values, weights, changes))
    if known == 0 and np.sum(coefficients) > 1 - UNIT_ROOT / n:
        return SEARCH
    if changes.size == 0:
        return 0
    if may_stand_in(values, weights, line(n), changes, known, price, rest):
        return SEARCH
    if has_weeks(n, period) and may_stand_in(values, weights, week(n, period), changes, known, price, rest):
        return SEARCH
    return int(changes[0])


@compiled
def _seasonal(
    values: Floats, tamed: Floats, weights: Floats, known: float, price: float, limit: float, period: float
) -> tuple[int, float, Floats]:
    """As ``one_change`` (and what it saw), less the season, estimated around the level and again beside it."""
    course = season(less_cycle_mean(tamed, period), period)
    plain, deviation = tame(values - course, known)
    change, _rest = one_change(values - course, plain, weights, deviation, known, price, limit)
    if change == SEARCH:
        return SEARCH, 0.0, plain
    changes = _as_changes(change)
    course = season(course + residuals(plain, np.ones(values.size), changes), period)
    plain, deviation = tame(values - course, known)
    change, rest = one_change(values - course, plain, weights, deviation, known, price, limit)
    return change, rest, plain


@compiled
def _as_changes(change: int) -> Ints:
    changes = np.empty(1 if change else 0, np.int64)
    if change:
        changes[0] = change
    return changes
