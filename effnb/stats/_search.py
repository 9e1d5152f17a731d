"""Where the level of a series changes: a cheap scan of many series, an exact search in the few that pass it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def scan_statistic(values: Floats, sd: Floats) -> Floats:
    """Largest standardised difference between the means before and after any split, for each row.

    ``values`` has shape ``(rows, n)``, ``sd`` shape ``(rows,)``. The split with the largest CUSUM is the maximum of
    the likelihood ratio for one change in the mean. Rows with ``sd`` 0 give 0. Splits closer than 2 % to an end are
    not looked at: a handful of points is no level.
    """
    n = values.shape[1]
    margin = max(2, n // 50)
    if n < 4 * margin:
        return np.zeros(values.shape[0])
    split = np.arange(margin, n - margin)
    cumulated = np.cumsum(values - values.mean(axis=1, keepdims=True), axis=1)[:, split - 1]
    scaled = np.abs(cumulated) / np.sqrt(split * (n - split) / n)
    largest = scaled.max(axis=1)
    return np.asarray(np.divide(largest, sd, out=np.zeros_like(largest), where=sd > 0))


def split_levels(values: Floats, sd: float, *, penalty: float, min_points: int) -> list[int]:
    """First index of each new level of one series (shape ``(n,)``), by ruptures' exact penalised search.

    ``penalty`` is in units of ``sd²``: what one more level must save in squared error. Empty when the level never
    changes, and for series shorter than two minimal segments.
    """
    if sd <= 0 or len(values) < 2 * min_points:
        return []
    import ruptures  # costs 0.3 s to import; most commands never search

    signal = ((values - values.mean()) / sd).reshape(-1, 1)
    found = ruptures.KernelCPD(kernel="linear", min_size=min_points).fit(signal).predict(pen=penalty)
    return [int(index) for index in found[:-1]]
