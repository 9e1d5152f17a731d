"""How noisy a series is when it does not change, estimated so that a level change does not count as noise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
MAD_TO_SD = 1.4826
BLOCK = 8


def long_run_sd(values: Floats) -> Floats:
    """Standard deviation of the mean of ``n`` points times √n, for each row of ``values`` (shape ``(rows, n)``).

    First and second differences of an AR(1) series have variances ``2σ²(1−φ)`` and ``2σ²(1−φ²)``; their robust ratio
    gives φ, and σ·√((1+φ)/(1−φ)) follows. Differences touch a level change in one point only. φ is held in [0, 0.9].
    Slow noise under fast noise escapes that ratio; means of blocks of 8 points show it, and the larger estimate counts.
    Rows shorter than 8 points or without variation give 0.
    """
    if values.shape[1] < 8:
        return np.zeros(values.shape[0])
    one, two = (_robust_sd(values[:, lag:] - values[:, :-lag]) for lag in (1, 2))
    ratio = np.divide(two, one, out=np.ones_like(one), where=one > 0) ** 2
    phi = np.clip(ratio - 1.0, 0.0, 0.9)
    sigma = one / np.sqrt(2 * (1 - phi))
    return np.maximum(sigma * np.sqrt((1 + phi) / (1 - phi)), _block_sd(values))


def difference_sd(values: Floats) -> Floats:
    """Standard deviation of one point as neighbouring points show it, for each row; 0 for rows of fewer than 8."""
    if values.shape[1] < 8:
        return np.zeros(values.shape[0])
    return np.asarray(_robust_sd(np.diff(values, axis=1)) / np.sqrt(2))


def _block_sd(values: Floats) -> Floats:
    """The same from differences of the means of neighbouring blocks; 0 for fewer than 12 blocks."""
    blocks = values.shape[1] // BLOCK
    if blocks < 12:
        return np.zeros(values.shape[0])
    means = values[:, : blocks * BLOCK].reshape(-1, blocks, BLOCK).mean(axis=2)
    return np.asarray(_robust_sd(np.diff(means, axis=1)) * np.sqrt(BLOCK / 2))


def _robust_sd(values: Floats) -> Floats:
    centre = np.median(values, axis=1, keepdims=True)
    spread = MAD_TO_SD * np.median(np.abs(values - centre), axis=1)
    # Counts of rare functions are mostly zero: their MAD is 0 although they vary.
    return np.where(spread > 0, spread, values.std(axis=1))


def has_daily_season(values: Floats, per_day: int) -> npt.NDArray[np.bool_]:
    """Which rows repeat from day to day, shape ``(rows,)``: correlated with the day before by at least 0.3.

    The mean of the day around each point is taken off first, so that a change of level does not correlate. Rows of
    fewer than three days have none that could be told.
    """
    if values.shape[1] < 3 * per_day:
        return np.zeros(values.shape[0], dtype=bool)
    swing = values - _day_around(values, per_day)
    now, before = swing[:, per_day:], swing[:, :-per_day]
    scale = np.sqrt((now**2).sum(axis=1) * (before**2).sum(axis=1))
    together = np.divide((now * before).sum(axis=1), scale, out=np.zeros(len(values)), where=scale > 0)
    return np.asarray(together >= 0.3)


def without_daily_season(values: Floats, per_day: int) -> Floats:
    """Non-negative series divided by their mean daily course; shape ``(rows, n)``, mean level kept.

    A share that swings with the traffic mix swings in proportion to its level, so the course is a factor: the median
    over the days of a point over the day around it. One day with a change of level does not bend it, and a function
    that disappears takes its swing with it. Series of fewer than three days are returned as they are: a day and a
    trend cannot be told apart there.
    """
    n = values.shape[1]
    if n < 3 * per_day:
        return values
    days = n // per_day
    ratio = np.divide(values, level := _day_around(values, per_day), out=np.ones_like(values), where=level > 0)
    course = np.median(ratio[:, : days * per_day].reshape(-1, days, per_day), axis=1)
    course = np.where(course > 0, course / course.mean(axis=1, keepdims=True), 1.0)
    return np.asarray(values / course[:, np.arange(n) % per_day])


def _day_around(values: Floats, per_day: int) -> Floats:
    """Mean of the day around each point; at the ends, of the nearest whole day."""
    n = values.shape[1]
    cumulated = np.concatenate([np.zeros((values.shape[0], 1)), np.cumsum(values, axis=1)], axis=1)
    first = np.clip(np.arange(n) - per_day // 2, 0, n - per_day)
    return np.asarray((cumulated[:, first + per_day] - cumulated[:, first]) / per_day)
