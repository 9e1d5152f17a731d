"""How one series is best explained: levels with noise, a season, a trend, a week, or a walk; and its changes.

The road of one series: outliers are pulled in; a season is found and taken out; candidates come from an exact search;
those are kept that explain more than noise would, which is judged with the noise's own memory; what falls back soon is
taken out; stairs that are a ramp become one change. Other readings compete by likelihood and may explain the series
without changes, or with fewer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from effnb.stats._alone import SEARCH, SEASON_PARAMETERS, one_change, read_alone
from effnb.stats._autoregression import UNIT_ROOT, fit_autoregression, local_long_run_deviation
from effnb.stats._lasting import find_pulse, least_certain, noise_deviation
from effnb.stats._levels import (
    charge,
    keep_worthwhile,
    misfit,
    price,
    residuals,
    search_levels,
    settle,
    shortest_level,
)
from effnb.stats._limit import scan_limit
from effnb.stats._ramps import merge_stairs
from effnb.stats._season import find_period, less_cycle_mean, season
from effnb.stats._shapes import course_price, fit_shape, has_weeks, line, may_stand_in, week
from effnb.stats._tame import tame, tame_stretches

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
NONE = np.zeros(0, np.int64)
MOST_PULSES = 8


@dataclass(frozen=True)
class Reading:
    """One explanation of a series: what it leaves without season or course, changes, score (less is better)."""

    values: Floats
    changes: Ints
    score: float
    cost: float = 0.0

    def at_cost(self, cost: float) -> Reading:
        """The same, charged for what was fitted before."""
        return replace(self, score=self.score + cost, cost=self.cost + cost)


def read_series(values: Floats, weights: Floats, known: float, alpha: float, *, tried: bool = False) -> Ints:
    """First index of each new level of a clean series, shape ``(n,)``.

    ``weights`` are inverse relative variances (1 where nothing is known), ``known`` is the variance that sampling
    causes at weight 1 (0: not known), ``alpha`` the share of unchanging series that may show a change;
    ``tried``: compiled code has found that a search is needed.
    """
    if not tried and weights.all():
        n = values.size
        limit = scan_limit(n, shortest_level(n), alpha)
        verdict = read_alone(values, weights, known, price(n, alpha, known=bool(known)), limit)
        if verdict != SEARCH:
            return np.array([verdict] if verdict else [], np.int64)
    reading = read_scale(values, weights, known, alpha)
    if known == 0 and _wanders(reading, weights):
        readings = [reading, read_drift(reading, alpha)]
        readings.append(read_shaped(reading, weights, known, alpha, line(values.size)))
        return min(readings, key=lambda each: each.score).changes
    return reading.changes


def read_scale(values: Floats, weights: Floats, known: float, alpha: float) -> Reading:
    """The best reading of a series as lasting levels, on the scale it is given in."""
    best = read_levels(values, weights, known, alpha)
    period = find_period(tame(values, known)[0])
    used = 0.0
    if period:
        seasonal = read_seasonal(values, weights, known, alpha, period)
        if seasonal.score < best.score:
            best, used = seasonal, period
    if best.changes.size:
        plain = best
        cost, rest = price(values.size, alpha, known=bool(known)), misfit(plain.values, weights, plain.changes, known)
        for shape in (line(values.size), *([week(values.size, used)] if has_weeks(values.size, used) else [])):
            # Several changes may move beside a course; one is judged where it is.
            if plain.changes.size > 1 or may_stand_in(plain.values, weights, shape, plain.changes, known, cost, rest):
                best = min(best, read_shaped(plain, weights, known, alpha, shape), key=lambda each: each.score)
    return best


def _levels_of(values: Floats, weights: Floats, changes: Ints) -> Floats:
    level = np.searchsorted(changes, np.arange(values.size), side="right")
    return np.asarray((np.bincount(level, weights * values) / np.bincount(level, weights))[level])


def _wanders(reading: Reading, weights: Floats) -> bool:
    _variance, coefficients = fit_autoregression(residuals(reading.values, weights, reading.changes)[weights > 0])
    return bool(coefficients.sum() > 1 - UNIT_ROOT / reading.values.size)


def read_levels(values: Floats, weights: Floats, known: float, alpha: float, *, stretches: bool = True) -> Reading:
    """The series as lasting levels with noise around them; ``stretches``: of which some may be noisier than others."""
    n = values.size
    margin = shortest_level(n)
    cost = price(n, alpha, known=bool(known))
    limit = scan_limit(n, margin, alpha)
    tamed, deviation = tame(values, known)
    index = np.flatnonzero(weights)
    v, w = tamed[index], weights[index]
    alone, rest = one_change(values[index], v, w, deviation, known, cost, limit)
    if alone != SEARCH:
        changes = np.array([alone] if alone else [], np.int64)
        return Reading(tamed, index[changes], rest * n / v.size + cost * changes.size)
    # Without noise every step is certain; a hair's breadth keeps the arithmetic finite.
    local = max(local_long_run_deviation(v, deviation), 1e-6 * float(np.ptp(v)))
    changes = NONE
    for last in (False,) * MOST_PULSES + (True,):
        changes, _score = keep_worthwhile(v, w, search_levels(v, w, local, cost), margin, known, cost)
        # The places are given here, so an ordinary test will do.
        same = NormalDist().inv_cdf(1 - alpha / 2)
        first, stop = find_pulse(v, w, changes, noise_deviation(v, w, changes, known), same)
        if last or stop == 0:
            break
        keep = np.ones(v.size, bool)
        keep[first:stop] = False
        v, w, index = v[keep], w[keep], index[keep]
    noisy = tame_stretches(values[index], deviation) if stretches else v
    while changes.size:
        which, size = least_certain(v, noisy, w, changes, known)
        if size >= limit:
            break
        changes = np.delete(changes, which)
    score = misfit(v, w, changes, known) * n / v.size + charge(changes.size, cost, n)
    if changes.size > 1:
        changes = merge_stairs(v, w, changes, margin, known, cost)
    return Reading(tamed, index[settle(v, w, changes, 2 * margin)], score)


def read_seasonal(values: Floats, weights: Floats, known: float, alpha: float, period: float) -> Reading:
    """The series as levels plus a course that repeats; each is found in what the other leaves."""
    tamed, _deviation = tame(values, known)
    seasonal = season(less_cycle_mean(tamed, period), period)
    reading = read_levels(values - seasonal, weights, known, alpha)
    seasonal = season(tamed - _levels_of(reading.values, weights, reading.changes), period)
    return read_levels(values - seasonal, weights, known, alpha).at_cost(SEASON_PARAMETERS * log(values.size))


def read_shaped(plain: Reading, weights: Floats, known: float, alpha: float, shape: Floats) -> Reading:
    """The series as a smooth course with levels on it, the levels found beside it, not before it."""
    best = replace(plain, score=np.inf)
    for start in (NONE, plain.changes):
        changes = start
        for _ in range(2):
            course = fit_shape(plain.values, weights, shape, changes)
            reading = read_levels(plain.values - course, weights, known, alpha)
            changes = reading.changes
        if reading.score < best.score:
            best = reading
    cost = course_price(shape, price(plain.values.size, alpha, known=bool(known)))
    return best.at_cost(cost + plain.cost)


def read_drift(plain: Reading, alpha: float) -> Reading:
    """The series as a walk: it keeps no level, but its steps have a mean, which may change.

    Where a walk is faster its steps also differ more, so their spread is not held against them.
    """
    steps = np.diff(plain.values)
    weights = np.ones(steps.size)
    changes = read_levels(steps, weights, 0.0, alpha, stretches=False).changes
    score = misfit(steps, weights, changes, 0.0) * plain.values.size / steps.size
    cost = price(plain.values.size, alpha, known=False)
    score += charge(changes.size, cost, plain.values.size)
    return Reading(plain.values, changes + 1, score).at_cost(plain.cost)
