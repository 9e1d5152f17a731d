"""One series or many through scan and search: all rows are scanned by compiled code, the few that pass are searched."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from effnb.errors import AnalysisError
from effnb.stats._alone import SEARCH
from effnb.stats._input import FEWEST_POINTS, Prepared, as_floats, prepare
from effnb.stats._levels import price, shortest_level
from effnb.stats._limit import scan_limit
from effnb.stats._reading import read_series
from effnb.stats._scan import is_worth_searching, scan_counted, scan_plain, weighted_strength

Floats = npt.NDArray[np.float64]

SHORT = 100
"""Series of fewer points are searched without a scan before: there is nothing to save."""
DUST = 1e-12
"""Values that vary by less than this part of their size vary by rounding only."""
LENIENCE = 0.9
"""The scan's noise is a rougher guess than the search's: it lets pass a little more."""
TINY = 1e-300
"""Smaller values are not told from zero."""
CHUNK = 512


def search_row(series: Prepared, alpha: float, *, scanned: bool = False) -> list[int]:
    """Changes of one prepared series, as indices of the caller's points; a constant series has none.

    ``scanned``: the scan has let it pass already.
    """
    size = float(np.abs(series.values).max())
    if size <= TINY:
        return []
    # Of order one, whatever the unit: squares neither overflow nor vanish.
    values = series.values / size
    span = float(np.ptp(values))
    if span <= DUST:
        return []
    values = (values - float(np.median(values))) / span
    known = series.known / size / size / span / span
    if values.size >= SHORT and not scanned and not _passes(values, series.weights, known, alpha):
        return []
    there = np.flatnonzero(series.weights)
    tried = scanned and known == 0 and values.size >= SHORT
    found = read_series(values, series.weights, known, alpha, tried=tried)
    # A walk's drift may change in a gap: its first point is the next there is.
    points = {int(series.position[there[np.searchsorted(there, index)]]) for index in found.tolist()}
    return sorted(points - {0})


def search_rows(values: Any, counts: Any, alpha: float, threads: int | None) -> list[list[int] | None]:
    """Changes of every row, ``None`` for rows of too few finite points."""
    table = _table(values)
    rows, points = table.shape
    if points < FEWEST_POINTS:
        return [None] * rows
    totals = None if counts is None else np.broadcast_to(as_floats(counts, "counts"), table.shape)
    present = np.zeros(rows, np.int64)
    verdict = np.zeros(rows, np.int64)
    full = scan_limit(points, shortest_level(points), alpha)
    limit = LENIENCE * full if points >= SHORT else -1.0
    cost = price(points, alpha, known=False)

    def work(first: int, stop: int) -> None:
        if totals is None:
            scan_plain(table, first, stop, limit, full, cost, present, verdict)
        else:
            _check_counts(table[first:stop], totals[first:stop], first)
            scan_counted(table, totals, first, stop, limit, present, verdict)

    def search(row: int) -> list[int]:
        prepared = prepare(table[row], counts=None if totals is None else totals[row])
        return search_row(prepared, alpha, scanned=True)

    found: list[list[int] | None] = []
    # Workers scan without Python's lock; what they let pass is searched here meanwhile, in order.
    for first, stop in in_chunks(work, rows, threads or _cores()):
        for row, count, index in zip(
            range(first, stop), present[first:stop].tolist(), verdict[first:stop].tolist(), strict=True
        ):
            if count < FEWEST_POINTS:
                found.append(None)
            else:
                found.append(search(row) if index == SEARCH else [index] if index else [])
    return found


def _cores() -> int:
    """Cores this process may use; all there are where the system does not say."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_chunks(work: Callable[[int, int], object], rows: int, threads: int) -> Iterator[tuple[int, int]]:
    """Do ``work(first, stop)`` on chunks of rows by as many threads; gives each chunk, in order, once it is done."""
    chunks = [(first, min(first + CHUNK, rows)) for first in range(0, rows, CHUNK)]
    with ThreadPoolExecutor(threads) as pool:
        for chunk, done in [(chunk, pool.submit(work, *chunk)) for chunk in chunks]:
            done.result()
            yield chunk


def _table(values: Any) -> npt.NDArray[Any]:
    array = values if isinstance(values, np.ndarray) else np.asarray(values)
    if array.ndim != 2:
        raise AnalysisError(f"cannot scan an array of shape {array.shape}: many series have shape (series, points)")
    if array.dtype in (np.float32, np.float64) and array.flags.c_contiguous and array.dtype.isnative:
        return array
    return as_floats(array, "values")


def _limit(points: int, alpha: float) -> float:
    return LENIENCE * scan_limit(points, shortest_level(points), alpha)


def _passes(values: Floats, weights: Floats, known: float, alpha: float) -> bool:
    limit = _limit(values.size, alpha)
    if known == 0:
        return is_worth_searching(values, limit, price(values.size, alpha, known=False))
    root = np.sqrt(weights / known)
    return weighted_strength(root * (values - np.average(values, weights=weights)), root) > limit


def _check_counts(shares: npt.NDArray[Any], totals: npt.NDArray[Any], first: int) -> None:
    """Refuse what cannot be ``k/n``, naming the row."""
    with np.errstate(invalid="ignore"):
        wrong = (totals < 0) | ((totals > 0) & ((shares < -1e-9) | (shares > 1 + 1e-9)))
    if wrong.any():
        row, column = (int(index[0]) for index in np.nonzero(wrong))
        share, total = float(shares[row, column]), float(totals[row, column])
        raise AnalysisError(
            f"cannot read {share:g} of {total:g} counts in series {first + row} as a share: 0 ≤ k ≤ n must hold"
        )
