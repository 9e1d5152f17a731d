"""Stage 1: which functions change level at all, and when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from effnb.detect._history import Floats, Ints, ServiceHistory
from effnb.detect._types import Step
from effnb.settings import DetectSettings
from effnb.stats import difference_sd, has_daily_season, long_run_sd, scan_statistic, split_levels, without_daily_season

Bools = npt.NDArray[np.bool_]
PARTS = 4
AS_LITTLE = 1.1
"""Scatter of a cost over that of the share up to which the cost is looked at."""
UNEVEN = 0.5
"""A part of the history in which a function had less than this share of what it had in another."""
FEWEST_BLOCKS = 8
MIN_POINTS = 4
"""Shortest level, in buckets: fewer cannot be told from a spike."""


@dataclass(frozen=True)
class Scanned:
    """What the scan looked at."""

    values: Floats
    """gCPU or cost at constant traffic, gaps filled, daily course taken out; shape ``(n_functions, n_buckets)``."""
    noise: Floats
    """Long-run standard deviation of one bucket, shape ``(n_functions,)``."""
    by_cost: Bools
    """Functions whose ``values`` are costs, shape ``(n_functions,)``."""
    shares: Floats
    """gCPU at the mean traffic mix, likewise; shape as ``values``."""
    share_noise: Floats


def scanned(history: ServiceHistory) -> Scanned:
    """The series of all functions as the scan takes them.

    That is the cost per request, where requests are known and it scatters about as little as the share. A share falls
    when other code of its endpoint grows, and where a function is most of its endpoint it swings with the traffic; cost
    per request does neither. Where requests are badly counted it scatters more, and the share stays.
    """
    shares, share_noise = _with_noise(history, history.standard_gcpu)
    if history.requests is None:
        return Scanned(shares, share_noise, np.zeros(len(shares), dtype=bool), shares, share_noise)
    values, noise = _with_noise(history, history.gcpu_at_constant_traffic)
    by_cost = noise <= AS_LITTLE * share_noise
    by_cost &= _half_day_sd(values, history.per_day) <= AS_LITTLE * _half_day_sd(shares, history.per_day)
    values[~by_cost], noise[~by_cost] = shares[~by_cost], share_noise[~by_cost]
    return Scanned(values, noise, by_cost, shares, share_noise)


def _with_noise(history: ServiceHistory, values: Floats) -> tuple[Floats, Floats]:
    """Series without gaps and daily course, and their noise."""
    values = _filled(values, history.per_day)
    seasonal = has_daily_season(values, history.per_day)
    values[seasonal] = without_daily_season(values[seasonal], history.per_day)
    noise = np.maximum(long_run_sd(values), _sampling_sd(history))
    _mend_uneven(values, noise)
    return values, noise


def _half_day_sd(values: Floats, per_day: int) -> Floats:
    """How much means of neighbouring half days differ, 0 for few: requests may be off for hours, and so may hosts."""
    length = max(per_day // 2, 1)
    blocks = values.shape[1] // length
    if blocks < FEWEST_BLOCKS:
        return np.zeros(len(values))
    return difference_sd(values[:, : blocks * length].reshape(-1, blocks, length).mean(axis=2))


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
    """Every change of level of every function's cost, both directions, in order of function and time.

    Changes that only the share shows come with it, marked as such: whoever saw a share move wants to know why it is no
    report. The noise is estimated from each series' own differences, and never below what its sample counts alone must
    scatter.
    """
    series = scanned(history) if series is None else series
    every = np.arange(len(series.values))
    steps = _search(series.values, series.noise, every, settings)
    near = settings.merge_hours * 3600 / history.step_seconds
    known: dict[int, list[Step]] = {}
    for step in steps:
        known.setdefault(step.row, []).append(step)
    steps += [
        replace(one, by_share=True)
        for one in _search(series.shares, series.share_noise, every[series.by_cost], settings)
        if not any(abs(one.index - other.index) <= near for other in known.get(one.row, []))
    ]
    return sorted(steps, key=lambda step: (step.row, step.index))


def _search(values: Floats, noise: Floats, rows: Ints, settings: DetectSettings) -> list[Step]:
    """Changes of level in some rows: a vectorised CUSUM picks those worth an exact search."""
    limit = NormalDist().inv_cdf(1 - settings.significance / 2)
    passed = rows[
        (scan_statistic(values[rows], noise[rows]) > limit) & (np.ptp(values[rows], axis=1) >= settings.threshold / 4)
    ]
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
