"""What a caller hands over, made into regular, finite arrays, or refused with the reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from effnb.errors import AnalysisError, NotEnoughData

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FEWEST_POINTS = 8
"""Fewer finite points say nothing either way."""
SPARSEST = 4
"""Timestamps that would leave more than three of four buckets empty are not buckets: the points count as a sequence."""


@dataclass(frozen=True)
class Prepared:
    """A series on a regular grid: ``values`` without gaps (they are bridged by lines), ``weights`` 0 where a gap was.

    ``position`` is the place of each grid point among the caller's points (−1 in gaps the caller did not list),
    ``known`` the variance that sampling alone causes at weight 1, 0 where no counts are known.
    """

    values: Floats
    weights: Floats
    position: Ints
    known: float


def prepare(values: Any, timestamps: Any = None, counts: Any = None) -> Prepared:
    """The series as the search needs it; raises what ``find_change_points`` says."""
    series = as_floats(values, "values")
    if series.ndim != 1:
        raise AnalysisError(f"cannot look for changes in an array of shape {series.shape}: one series has shape (n,)")
    weights, known = binomial(series, counts)
    weights = np.where(np.isfinite(series), weights, 0.0)
    present = int(np.count_nonzero(weights))
    if present < FEWEST_POINTS:
        raise NotEnoughData(
            f"cannot look for changes in {present} finite points: at least {FEWEST_POINTS} are needed; widen the window"
        )
    position = np.arange(series.size)
    if timestamps is not None:
        position = _grid(as_seconds(timestamps, series.size))
        there = position >= 0
        series = np.where(there, series[position], np.nan)
        weights = np.where(there, weights[position], 0.0)
    return Prepared(bridged(series, weights), weights, position, known)


def as_floats(values: Any, name: str) -> Floats:
    """A float64 array of anything numeric."""
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "biuf" and not (array.dtype.kind == "O" and array.size):
            raise TypeError(array.dtype)
        return np.asarray(array, dtype=np.float64, order="C")
    except (TypeError, ValueError) as error:
        raise AnalysisError(f"cannot read {name} as numbers: {error}; hand over an array of floats") from error


def binomial(shares: Floats, counts: Any) -> tuple[Floats, float]:
    """Weights (mean 1) of shares ``k/n`` known with ``n = counts``, and the variance of a share of weight 1.

    The variance is ``p(1 − p)/mean(n)`` with the pooled ``p``; a point without counts has weight 0. Works on one
    series or, along the last axis, on one row.
    """
    if counts is None:
        return np.ones(shares.shape), 0.0
    totals = as_floats(counts, "counts")
    if totals.shape != shares.shape:
        raise AnalysisError(f"cannot weigh {shares.shape} values with {totals.shape} counts: give one count per value")
    if (totals < 0).any():
        raise AnalysisError(f"cannot weigh with a negative count ({totals[totals < 0][0]:g}): counts are samples taken")
    totals = np.where(np.isfinite(totals) & np.isfinite(shares), totals, 0.0)
    seen = shares[totals > 0]
    # One part in a billion: shares arrive as rounded quotients.
    if seen.size and (seen.min() < -1e-9 or seen.max() > 1 + 1e-9):
        worst = seen.max() if seen.max() > 1 else seen.min()
        raise AnalysisError(
            f"cannot read {worst:g} as a share k/n: 0 ≤ k ≤ n must hold; leave counts out for other units"
        )
    if not seen.size:
        return np.zeros(shares.shape), 0.0
    mean = float(totals[totals > 0].mean())
    share = float(np.average(seen, weights=totals[totals > 0]))
    return totals / mean, max(share * (1 - share), 0.0) / mean


def bridged(values: Floats, weights: Floats) -> Floats:
    """Values with a straight line over every gap."""
    there = weights > 0
    if there.all():
        return values
    index = np.arange(values.size)
    return np.interp(index, index[there], values[there])


def as_seconds(timestamps: Any, n: int) -> Floats:
    """Strictly increasing seconds of timestamps given as numbers, ``datetime64`` or datetimes."""
    times = _seconds(timestamps)
    if times.shape != (n,):
        raise AnalysisError(f"cannot match {times.size} timestamps to {n} values: give one per value")
    if not np.isfinite(times).all():
        raise AnalysisError("cannot order timestamps of which one is missing: drop those points")
    step = np.diff(times)
    if (step <= 0).any():
        where = int(np.argmax(step <= 0)) + 1
        kind = "repeats" if step[where - 1] == 0 else "precedes"
        raise AnalysisError(f"timestamp {where} {kind} the one before it: sort the series and merge what is double")
    return times


def _seconds(timestamps: Any) -> Floats:
    array = np.asarray(timestamps if isinstance(timestamps, np.ndarray) else _plain(timestamps))
    if array.dtype.kind == "M":
        seconds = array.astype("datetime64[ns]").astype(np.int64) / 1e9
        return np.where(np.isnat(array), np.nan, seconds)
    return as_floats(array, "timestamps")


def _plain(timestamps: Iterable[Any]) -> Any:
    """Datetimes as seconds; all of them know their zone, or none does."""
    listed = list(timestamps)
    if not any(isinstance(time, datetime) for time in listed):
        return listed
    aware = {isinstance(time, datetime) and time.tzinfo is not None for time in listed}
    if len(aware) > 1:
        raise AnalysisError("cannot order timestamps with and without a time zone: give all of them in UTC")
    return [(time if aware == {True} else time.replace(tzinfo=UTC)).timestamp() for time in listed]


def _grid(times: Floats) -> Ints:
    """Which point lies in each bucket of a regular grid as fine as the median distance; −1 where none does."""
    sequence = np.arange(times.size)
    if times.size < 2:
        return sequence
    bucket = np.rint((times - times[0]) / np.median(np.diff(times))).astype(np.int64)
    if bucket[-1] >= SPARSEST * times.size or (np.diff(bucket) == 0).any():
        return sequence
    grid = np.full(int(bucket[-1]) + 1, -1)
    grid[bucket] = sequence
    return grid
