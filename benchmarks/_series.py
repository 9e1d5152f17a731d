"""Simulated series that carry their truth: where the level changes, or that it does not. Imports nothing of effnb.

The ranges below were written down before the detector was first run on any of these families, and are not touched
when it changes. ``HELD_OUT`` are ranges no family of ``RANGES`` reaches; they are reported apart.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Range: TypeAlias = tuple[float, float]


@dataclass(frozen=True)
class Ranges:
    """What parameters are drawn from, evenly; lengths and counts evenly in their logarithms."""

    points: Range
    snr: Range
    place: Range = (0.2, 0.85)
    ar: Range = (0.1, 0.6)
    season_points: tuple[int, ...] = (24, 48, 72, 288)
    season_size: Range = (0.5, 3.0)
    counts: Range = (300, 3e5)
    share: Range = (1e-3, 0.3)
    overdispersion: Range = (1.5, 4.0)
    gaps: Range = (0.02, 0.3)


RANGES = Ranges(points=(240, 2400), snr=(1.0, 3.0))
HELD_OUT = Ranges(
    points=(2600, 5000), snr=(0.7, 1.0), ar=(0.65, 0.8), season_points=(96, 168), counts=(50, 250), share=(0.3, 0.6)
)
"""Longer series, smaller changes, noise that hangs together more strongly, other days, thinner counts."""


@dataclass(frozen=True)
class Simulated:
    """One series; ``truth`` lists intervals, in each of which one change is due: empty for a control."""

    values: Floats
    truth: tuple[tuple[int, int], ...]
    counts: Floats | None = None


def simulate(family: str, ranges: Ranges, seed: int, index: int) -> Simulated:
    """The series number ``index`` of a family: the same for the same arguments, on any machine."""
    rng = np.random.default_rng([seed, zlib.crc32(family.encode()), index])
    return FAMILIES[family](rng, ranges)


def _even(rng: np.random.Generator, bounds: Range) -> float:
    return float(rng.uniform(*bounds))


def _logarithmic(rng: np.random.Generator, bounds: Range) -> float:
    return float(np.exp(rng.uniform(*np.log(bounds))))


def _points(rng: np.random.Generator, ranges: Ranges) -> int:
    return int(_logarithmic(rng, ranges.points))


def _around(place: int, n: int) -> tuple[int, int]:
    return place - max(10, n // 50), place + max(10, n // 50)


def _autoregressive(rng: np.random.Generator, n: int, *coefficients: float) -> Floats:
    """Stationary noise of variance one."""
    noise = rng.standard_normal(n + 200)
    for t in range(len(coefficients), n + 200):
        noise[t] += sum(each * noise[t - lag] for lag, each in enumerate(coefficients, 1))
    return noise[200:] / noise[200:].std()


def _day(rng: np.random.Generator, n: int, points: int) -> Floats:
    """A working day: a broad hump with a second one beside it, mean zero, largest about one."""
    phase = (np.arange(n) / points + rng.uniform()) % 1
    course = np.exp(-(((phase - 0.4) / 0.15) ** 2)) + 0.6 * np.exp(-(((phase - 0.75) / 0.08) ** 2))
    return course - course.mean()


def _step(noise: Callable[[np.random.Generator, int, Ranges], Floats]) -> Callable[..., Simulated]:
    def make(rng: np.random.Generator, ranges: Ranges) -> Simulated:
        n = _points(rng, ranges)
        place = int(_even(rng, ranges.place) * n)
        values = noise(rng, n, ranges)
        values[place:] += _even(rng, ranges.snr) * rng.choice([-1, 1]) * values.std()
        return Simulated(values + 50, (_around(place, n),))

    return make


def _flat(noise: Callable[[np.random.Generator, int, Ranges], Floats]) -> Callable[..., Simulated]:
    def make(rng: np.random.Generator, ranges: Ranges) -> Simulated:
        return Simulated(noise(rng, _points(rng, ranges), ranges) + 50, ())

    return make


def _white(rng: np.random.Generator, n: int, _ranges: Ranges) -> Floats:
    return rng.standard_normal(n)


def _remembering(rng: np.random.Generator, n: int, ranges: Ranges) -> Floats:
    return _autoregressive(rng, n, _even(rng, ranges.ar))


def _second_order(rng: np.random.Generator, n: int, ranges: Ranges) -> Floats:
    return _autoregressive(rng, n, 0.6 * _even(rng, ranges.ar), 0.4 * _even(rng, ranges.ar))


def _moving_mean(rng: np.random.Generator, n: int, _ranges: Ranges) -> Floats:
    noise = rng.standard_normal(n + 3)
    return (noise[3:] + noise[2:-1] + noise[1:-2] + noise[:-3]) / 2


def _skewed(rng: np.random.Generator, n: int, _ranges: Ranges) -> Floats:
    """Latencies: the exponential of normal noise."""
    noise = np.exp(0.6 * rng.standard_normal(n))
    return (noise - noise.mean()) / noise.std()


def _coarse(rng: np.random.Generator, n: int, _ranges: Ranges) -> Floats:
    """Rounded to steps of one to three standard deviations."""
    grid = rng.uniform(1, 3)
    return np.round(rng.standard_normal(n) / grid + rng.uniform()) * grid


def _bursty(rng: np.random.Generator, n: int, _ranges: Ranges) -> Floats:
    """Quiet and noisy stretches take turns."""
    return rng.standard_normal(n) * np.repeat(np.exp(rng.normal(0, 0.5, n // 40 + 1)), 40)[:n]


def _stairs(rng: np.random.Generator, ranges: Ranges) -> Simulated:
    """Two changes of the same direction or of opposite ones, each level a fifth of the series or longer."""
    n = _points(rng, ranges)
    first, second = int(_even(rng, (0.2, 0.4)) * n), int(_even(rng, (0.6, 0.8)) * n)
    values = rng.standard_normal(n)
    values[first:] += 1.5 * _even(rng, ranges.snr)
    values[second:] += 1.5 * _even(rng, ranges.snr) * rng.choice([-1, 1])
    return Simulated(values + 50, (_around(first, n), _around(second, n)))


def _late(rng: np.random.Generator, ranges: Ranges) -> Simulated:
    """A change in the last eighth: the one an alarm is about."""
    n = _points(rng, ranges)
    place = int(_even(rng, (0.88, 0.95)) * n)
    values = rng.standard_normal(n)
    values[place:] += 2 * _even(rng, ranges.snr)
    return Simulated(values + 50, (_around(place, n),))


def _working_days(changed: bool) -> Callable[..., Simulated]:
    def make(rng: np.random.Generator, ranges: Ranges) -> Simulated:
        day = int(rng.choice(ranges.season_points))
        n = max(_points(rng, ranges), 4 * day)
        place = int(_even(rng, ranges.place) * n)
        values = _even(rng, ranges.season_size) * _day(rng, n, day) + rng.standard_normal(n)
        if changed:
            values[place:] += 1.5 * _even(rng, ranges.snr)
        return Simulated(values + 50, (_around(place, n),) if changed else ())

    return make


def _trend(rng: np.random.Generator, ranges: Ranges) -> Simulated:
    n = _points(rng, ranges)
    return Simulated(rng.standard_normal(n) + np.linspace(0, rng.uniform(-6, 6), n) + 50, ())


def _walk(rng: np.random.Generator, ranges: Ranges) -> Simulated:
    return Simulated(np.cumsum(rng.standard_normal(_points(rng, ranges))) + 200, ())


def _gaps(rng: np.random.Generator, ranges: Ranges) -> Simulated:
    step = _step(_white)(rng, ranges)
    step.values[rng.uniform(size=step.values.size) < _even(rng, ranges.gaps)] = np.nan
    return step


def _counted(changed: bool, dispersed: bool) -> Callable[..., Simulated]:
    """Shares k/n of samples whose number follows the traffic of the day; dispersed: hosts differ, too."""

    def make(rng: np.random.Generator, ranges: Ranges) -> Simulated:
        n = _points(rng, ranges)
        place = int(_even(rng, ranges.place) * n)
        traffic = np.exp(0.8 * _day(rng, n, 144) + 0.3 * rng.standard_normal(n))
        counts = np.maximum(np.rint(_logarithmic(rng, ranges.counts) * traffic), 1)
        share = np.full(n, _logarithmic(rng, ranges.share))
        scatter = np.sqrt(share * (1 - share) / counts)
        factor = _even(rng, ranges.overdispersion) if dispersed else 1.0
        if changed:
            share[place:] += _even(rng, ranges.snr) * np.sqrt(factor) * np.median(scatter)
        if dispersed:
            share = share + np.sqrt(factor - 1) * scatter * rng.standard_normal(n)
        share = np.clip(share, 0, 1)
        values = rng.binomial(counts.astype(np.int64), share) / counts
        return Simulated(values, (_around(place, n),) if changed else (), counts)

    return make


FAMILIES: dict[str, Callable[[np.random.Generator, Ranges], Simulated]] = {
    "step_white": _step(_white),
    "step_ar": _step(_remembering),
    "step_ar2": _step(_second_order),
    "step_skewed": _step(_skewed),
    "step_coarse": _step(_coarse),
    "step_bursty": _step(_bursty),
    "step_late": _late,
    "step_twice": _stairs,
    "step_gaps": _gaps,
    "step_working_days": _working_days(changed=True),
    "step_counted": _counted(changed=True, dispersed=False),
    "step_counted_hosts": _counted(changed=True, dispersed=True),
    "flat_white": _flat(_white),
    "flat_ar": _flat(_remembering),
    "flat_ar2": _flat(_second_order),
    "flat_moving_mean": _flat(_moving_mean),
    "flat_skewed": _flat(_skewed),
    "flat_coarse": _flat(_coarse),
    "flat_bursty": _flat(_bursty),
    "flat_working_days": _working_days(changed=False),
    "flat_counted": _counted(changed=False, dispersed=False),
    "flat_counted_hosts": _counted(changed=False, dispersed=True),
    "trend": _trend,
    "walk": _walk,
}
