"""Stage 1: which functions change level at all, and when."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from effnb.detect._history import Floats, ServiceHistory
from effnb.detect._types import Step
from effnb.settings import DetectSettings
from effnb.stats import difference_sd, has_daily_season, long_run_sd, scan_statistic, split_levels, without_daily_season

PARTS = 4
MUCH = 0.3
"""Part of an endpoint from which on its other samples are a poor yardstick."""
UNEVEN = 0.5
"""A part of the history in which a function had less than this share of what it had in another."""
MIN_POINTS = 4
"""Shortest level, in buckets: fewer cannot be told from a spike."""


@dataclass(frozen=True)
class Scanned:
    """What the scan looked at."""

    values: Floats
    """gCPU at the mean traffic mix, gaps filled, daily course taken out; shape ``(n_functions, n_buckets)``."""
    noise: Floats
    """Long-run standard deviation of one bucket, shape ``(n_functions,)``."""


def scanned(history: ServiceHistory) -> Scanned:
    """The series of all functions as the scan takes them."""
    values = _without_course(history, history.standard_gcpu)
    noise = long_run_sd(values)
    _take_quieter(history, values, noise)
    noise = np.maximum(noise, _sampling_sd(history))
    _mend_uneven(values, noise)
    return Scanned(values, noise)


def _without_course(history: ServiceHistory, values: Floats) -> Floats:
    values = _filled(values, history.per_day)
    seasonal = has_daily_season(values, history.per_day)
    values[seasonal] = without_daily_season(values[seasonal], history.per_day)
    return values


def _take_quieter(history: ServiceHistory, values: Floats, noise: Floats) -> None:
    """Takes the cost per request of large functions instead, where that scatters less.

    A share needs others to be measured against: a function that is much of its endpoint has few there.
    """
    if history.requests is None:
        return
    large = np.flatnonzero(history.largest_part >= MUCH)
    costs = _without_course(history, history.gcpu_at_constant_traffic(large))
    scatter = long_run_sd(costs)
    quieter = scatter < noise[large]
    values[large[quieter]], noise[large[quieter]] = costs[quieter], scatter[quieter]


def _mend_uneven(values: Floats, noise: Floats) -> None:
    """The noise of functions that did not always exist is that of the part in which they did."""
    parts = [part for part in np.array_split(np.arange(values.shape[1]), PARTS) if len(part) >= 8]
    if len(parts) < PARTS:
        return
    levels = np.array([values[:, part].mean(axis=1) for part in parts])
    uneven = np.flatnonzero(levels.min(axis=0) < UNEVEN * levels.max(axis=0))
    fullest = levels[:, uneven].argmax(axis=0)
    for i, part in enumerate(parts):
        rows = uneven[fullest == i]
        noise[rows] = np.maximum(noise[rows], long_run_sd(values[np.ix_(rows, part)]))


def find_steps(history: ServiceHistory, settings: DetectSettings, series: Scanned | None = None) -> list[Step]:
    """Every change of level of every function's gCPU, both directions, in order of function and time.

    A vectorised CUSUM over all functions picks those worth an exact search. The noise is estimated from each series'
    own differences, and never below what its sample counts alone must scatter.
    """
    series = scanned(history) if series is None else series
    values, noise = series.values, series.noise
    limit = NormalDist().inv_cdf(1 - settings.significance / 2)
    passed = np.flatnonzero(
        (scan_statistic(values, noise) > limit) & (np.ptp(values, axis=1) >= settings.threshold / 4)
    )
    steps: list[Step] = []
    for row in passed:
        cuts = split_levels(values[row], float(noise[row]), penalty=limit**2, min_points=MIN_POINTS)
        steps += _steps(int(row), values[row], float(noise[row]), cuts)
    return steps


def _filled(values: Floats, per_day: int) -> Floats:
    """Buckets without samples take the value of a day before: no data is no change, of level, noise or season."""
    filled = values.copy()
    for index in np.flatnonzero(np.isnan(values).any(axis=0)).tolist():
        filled[:, index] = filled[:, index - per_day if index >= per_day else max(index - 1, 0)]
    return np.nan_to_num(filled)


def _sampling_sd(history: ServiceHistory) -> Floats:
    """Binomial standard deviation of one bucket's gCPU, for each function."""
    p = history.incidence @ history.counts.sum(axis=1) / max(history.totals.sum(), 1.0)
    typical = max(float(np.median(history.totals)), 1.0)
    return np.asarray(np.sqrt(np.clip(p * (1 - p), 0, None) / typical))


def _steps(row: int, values: Floats, noise: float, cuts: list[int]) -> list[Step]:
    edges = [0, *cuts, len(values)]
    found = []
    parts = np.split(values, cuts)
    near, levels = float(difference_sd(values[None, :])[0]), [float(part.mean()) for part in parts]
    if min(levels) < UNEVEN * max(levels):  # where a function was missing there is no noise: its noisiest level tells
        near = max(near, *(float(difference_sd(part[None, :])[0]) for part in parts))
    slow = noise / near if near > 0 else 1.0
    for first, index, stop in zip(edges, edges[1:], edges[2:], strict=False):
        before, after = float(values[first:index].mean()), float(values[index:stop].mean())
        # Noise grows with the level: a function that has just become large is noisier than its past. How slow the noise
        # is comes from the whole series; a short level does not tell.
        sides = (values[first:index], values[index:stop])
        spread = [max(noise, slow * float(difference_sd(side[None, :])[0])) for side in sides]
        error = float(np.hypot(spread[0] / len(sides[0]) ** 0.5, spread[1] / len(sides[1]) ** 0.5))
        found.append(Step(row, index, first, stop, max(before, 0.0), max(after, 0.0), error))
    return found
