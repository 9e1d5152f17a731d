"""Requests of each endpoint: daily and weekly seasons, a mix that swings, spikes and lasting shifts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from effnb.datasets._funnel._ranges import Ranges, draw

Floats = npt.NDArray[np.float64]
DAY = 24.0
WEEK = 7 * DAY
REFERENCE_HOURS = 0.5
"""Ranges of noise are given for buckets of 30 minutes."""
SLOW_TRAFFIC_NOISE = 0.01


@dataclass(frozen=True)
class Grid:
    """The time axis."""

    start: int
    """Seconds since 1970 UTC."""
    step_seconds: int
    n_buckets: int

    @property
    def hours(self) -> Floats:
        """Start of each bucket in hours after the first."""
        return np.arange(self.n_buckets) * self.step_seconds / 3600

    def ramp(self, start: float, length: float) -> Floats:
        """Mean of a rise from 0 to 1 that starts at an hour and takes some hours; one value a bucket."""
        parts = (np.arange(6) + 0.5) / 6 * self.step_seconds / 3600
        at = self.hours[:, None] + parts
        return np.asarray(np.clip((at - start) / max(length, 1e-3), 0, 1).mean(axis=1))

    def during(self, start: float, end: float) -> Floats:
        """1 between two hours, in part at the edges."""
        return self.ramp(start, 0) - self.ramp(end, 0)


def slow_noise(rng: np.random.Generator, rows: int, grid: Grid, sd: float, memory: float) -> Floats:
    """Autocorrelated noise, mean 0, shape ``(rows, n_buckets)``.

    ``sd`` and ``memory`` are those of 30-minute buckets: a finer grid sees the same process more often.
    """
    step = memory ** (grid.step_seconds / 3600 / REFERENCE_HOURS)
    white = rng.standard_normal((rows, grid.n_buckets + 50)) * sd * np.sqrt(1 - step**2)
    return np.asarray(lfilter([1.0], [1.0, -step], white, axis=1))[:, 50:]


def draw_traffic(ranges: Ranges, n_endpoints: int, grid: Grid, rng: np.random.Generator) -> Floats:
    """Requests of each endpoint over its mean; shape ``(n_endpoints, n_buckets)``."""
    hours = grid.hours
    common = _wave(hours, DAY, draw(rng, ranges.day_swing) / 2, 15.0)
    common = common * np.where((hours // DAY) % 7 >= 5, rng.uniform(0.8, 0.95), 1.0)
    mix = draw(rng, ranges.mix_swing) / 2
    rows = [
        _wave(hours, DAY, mix * rng.uniform(0.2, 1), rng.uniform(0, DAY))
        * _wave(hours, WEEK, mix / 2 * rng.uniform(0.2, 1), rng.uniform(0, WEEK))
        for _ in range(n_endpoints)
    ]
    jitter = np.exp(slow_noise(rng, n_endpoints, grid, SLOW_TRAFFIC_NOISE, 0.8))
    traffic = common * np.array(rows) * jitter
    return np.asarray(traffic / traffic.mean(axis=1, keepdims=True))


def _wave(hours: Floats, period: float, amplitude: float, peak: float) -> Floats:
    return np.asarray(1 + amplitude * np.cos(2 * np.pi * (hours - peak) / period))
