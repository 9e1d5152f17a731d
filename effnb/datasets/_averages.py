"""Why tiny regressions show in the average of a large fleet, and earlier in a small part of the program.

The simulation of FBDetect's figures 1 to 3 (SOSP '24, section 2): CPU of servers scatters far more than it shifts;
the mean of many, and of one of a thousand equal subroutines, does not.
"""

from __future__ import annotations

from datetime import UTC, datetime
from math import sqrt

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from effnb.domain import Metric, Series

Floats = npt.NDArray[np.float64]

ONE_SERVER = ((0.5, 0.01, 0.00005),)
HALVES = ((0.4, 0.01, 0.00003), (0.6, 0.02, 0.00007))
"""Mean CPU, variance and rise at half time of each half of a fleet, as shares of a server."""
DRAWN_ONE_BY_ONE = 200
"""Servers up to which each is drawn; the mean of more is normal with the exact mean and variance of the clipped law."""


def simulate_averages(servers: int, *, subroutines: int = 1, points: int = 400, seed: int = 1) -> Series:
    """Mean CPU of so many servers a minute, with a rise of 0.005 points of CPU at half time.

    With ``subroutines`` k each server's process is k equal, independent parts and one of them is shown: it has a k-th
    of the mean and of the variance, and takes the whole rise. CPU is clipped to [0, 1]; for small parts that lifts
    the mean and lets about half of the rise through, as in the paper.
    """
    rng = np.random.default_rng(seed)
    groups = ONE_SERVER if servers == 1 else HALVES
    late = (np.arange(points) >= points // 2).astype(np.float64)
    parts = [
        _mean_of_clipped(mean / subroutines + rise * late, sqrt(variance / subroutines), servers // len(groups), rng)
        for mean, variance, rise in groups
    ]
    return Series(
        metric=Metric(name="cpu", unit="share of a server"),
        labels={"servers": f"{servers:,}", "part": "process" if subroutines == 1 else f"1 of {subroutines:,} parts"},
        start=datetime(2026, 1, 1, tzinfo=UTC),
        step_seconds=60,
        values=tuple(np.mean(parts, axis=0).tolist()),
    )


def clipped_moments(mean: Floats, sd: float) -> tuple[Floats, Floats]:
    """Mean and variance of a normal value clipped to [0, 1]."""
    low, high = -mean / sd, (1 - mean) / sd
    inside, above = ndtr(high) - ndtr(low), ndtr(-high)
    first = above + mean * inside + sd * (_density(low) - _density(high))
    second = above + (mean**2 + sd**2) * inside + 2 * mean * sd * (_density(low) - _density(high))
    second += sd**2 * (low * _density(low) - high * _density(high))
    return np.asarray(first), np.asarray(second - first**2)


def _mean_of_clipped(mean: Floats, sd: float, servers: int, rng: np.random.Generator) -> Floats:
    if servers <= DRAWN_ONE_BY_ONE:
        return np.asarray(np.clip(rng.normal(mean, sd, (servers, len(mean))), 0, 1).mean(axis=0))
    first, variance = clipped_moments(mean, sd)
    return np.asarray(rng.normal(first, np.sqrt(variance / servers)))


def _density(x: Floats) -> Floats:
    return np.asarray(np.exp(-0.5 * x**2) / sqrt(2 * np.pi))
