"""From scattered rows to the regular grid a ``Series`` stands on.

The step is the shortest distance between two neighbouring times; every time must lie a whole number of steps from the
first, or the rows are refused: filling in between would invent data.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from effnb.domain import Metric, Series
from effnb.errors import SourceError

LONGEST = 5_000_000

Times = NDArray[np.int64]
Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


def shortest_step(times: Times) -> int | None:
    """Seconds between the closest two different times; null for fewer than two."""
    gaps = np.diff(np.unique(times))
    return int(gaps.min()) if gaps.size else None


def on_grid(
    metric: Metric, labels: dict[str, str], *, times: Times, values: Floats, counts: Counts | None, step: int
) -> Series:
    """A series over all buckets from the first time to the last; buckets without a row are null, with count 0.

    ``times`` are Unix seconds in rising order without repeats, ``values`` NaN where unknown.
    """
    off = (times - times[0]) % step
    if off.any():
        odd = times[int(np.flatnonzero(off)[0])]
        raise SourceError(
            f"{named(metric.name, labels)} has a row at {moment(odd)} that is off its {step} s grid; "
            "round the times to one step, or resample"
        )
    where = (times - times[0]) // step
    length = int(where[-1]) + 1
    if length > LONGEST:
        raise SourceError(
            f"{named(metric.name, labels)} would have {length:,} buckets of {step} s, more than {LONGEST:,}; "
            "check its first and last time, or resample"
        )
    return Series(
        metric=metric,
        labels=labels,
        start=datetime.fromtimestamp(int(times[0]), tz=UTC),
        step_seconds=step,
        values=_nulls(_spread(values, where, length)),
        counts=None if counts is None else _filled(counts, where, length),
    )


def named(metric: str, labels: dict[str, str]) -> str:
    """``metric{label=value, …}``, as it is called in messages."""
    inside = ", ".join(f"{key}={value}" for key, value in labels.items())
    return f"{metric}{{{inside}}}" if inside else metric


def moment(seconds: int | np.int64) -> str:
    """Unix seconds as ISO-8601 UTC."""
    return datetime.fromtimestamp(int(seconds), tz=UTC).isoformat()


def _spread(values: Floats, where: Times, length: int) -> Floats:
    grid = np.full(length, np.nan)
    grid[where] = values
    return grid


def _filled(counts: Counts, where: Times, length: int) -> tuple[int, ...]:
    grid = np.zeros(length, dtype=np.int64)
    grid[where] = counts
    return tuple(grid.tolist())


def _nulls(values: Floats) -> tuple[float | None, ...]:
    found: Sequence[float] = values.tolist()
    return tuple(None if value != value else value for value in found)  # noqa: PLR0124  # NaN alone differs from itself
