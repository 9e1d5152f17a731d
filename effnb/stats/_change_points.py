"""Where the level of metric series changes: the two questions a caller asks, of one series and of many."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from effnb.errors import AnalysisError

ALPHA = 0.01
"""Share of series without a change that may show one."""


def find_change_points(
    values: npt.ArrayLike, timestamps: Any = None, *, counts: npt.ArrayLike | None = None, alpha: float = ALPHA
) -> list[int]:
    """First index of each new lasting level of a metric series; empty when the level never changes.

    Noise that is autocorrelated, heavy-tailed, quantised or counted, spikes, pulses that fall back within an eighth
    of the series, daily and weekly seasons and steady trends are no change. A slow rise is one change where it
    begins. A series that keeps no level at all (a walk) changes where its drift does.

    Args:
        values: shape ``(n,)``, any unit. NaN and infinities are gaps: their points are left out.
        timestamps: one per value, strictly increasing: seconds, ``datetime64`` or datetimes, all with a time zone or
            all without. They place the points in their buckets, so that missing buckets do not bend a season;
            irregular ones are ignored. Without them the points count as evenly spaced.
        counts: samples behind each value when values are shares ``k/n`` (gCPU): shape ``(n,)``, ``n ≥ 0``. Each
            point then weighs as its counts do, and noise is never taken for less than binomial. 0 or NaN is a gap.
        alpha: share of series without a change that may show one.

    Returns:
        Ascending indices into ``values``, each the first finite point of a new level. A constant series has none.

    Raises:
        NotEnoughData: fewer than 8 finite points.
        AnalysisError: not one numeric series; timestamps unsorted, double, missing or of mixed kinds; a negative
            count; a share outside [0, 1] where counts are given; ``alpha`` outside (0, 0.5].
    """
    _check_alpha(alpha)
    # numba stands behind these; `import effnb` stays light.
    from effnb.stats._input import prepare
    from effnb.stats._rows import search_row

    return search_row(prepare(values, timestamps, counts), alpha)


def find_change_points_batch(
    values: npt.ArrayLike,
    *,
    counts: npt.ArrayLike | None = None,
    alpha: float = ALPHA,
    threads: int | None = None,
) -> list[list[int] | None]:
    """What ``find_change_points`` says of each row of ``(series, points)`` values; ``None``: not enough data.

    C-contiguous float32 and float64 arrays, memory-mapped ones too, are scanned where they lie by ``threads`` threads
    (default: all processors); only rows that pass the scan are copied and searched. Others are converted once.

    Raises:
        AnalysisError: not two-dimensional or not numeric; counts as for one series, in any row searched.
    """
    _check_alpha(alpha)
    from effnb.stats._rows import search_rows

    return search_rows(values, counts, alpha, threads)


def _check_alpha(alpha: float) -> None:
    if not 0 < alpha <= 0.5:
        raise AnalysisError(f"cannot search at alpha {alpha:g}: it is a share of false alarms, above 0 and up to 0.5")


find_change_points.batch = find_change_points_batch  # type: ignore[attr-defined]  # one detector, two forms
