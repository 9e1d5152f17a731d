"""What a service's CPU per request did while an experiment reached more and more of the requests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from effnb.detect import ServiceHistory
from effnb.domain import ExposureMeasure, ExposureStep, Window
from effnb.stats import long_run_sd

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
SHORTEST = 4
"""Buckets; what is shorter than this is not measured."""
Z95 = 1.96


def exposure_windows(history: ServiceHistory, steps: Sequence[ExposureStep]) -> list[tuple[float, Window]]:
    """Share and span of each step that samples cover, in time order; equal neighbours are one."""
    held = history.window(0, history.n_buckets)
    ends = [*(step.at for step in steps[1:]), held.end]
    found: list[tuple[float, Window]] = []
    for step, until in zip(steps, ends, strict=True):
        first, last = max(step.at, held.start), min(until, held.end)
        if first >= last:
            continue
        if found and found[-1][0] == step.fraction:
            found[-1] = (step.fraction, Window(start=found[-1][1].start, end=last))
        else:
            found.append((step.fraction, Window(start=first, end=last)))
    return found


def before_ramp(history: ServiceHistory, steps: Sequence[ExposureStep], longest: timedelta) -> Window | None:
    """The span before anybody took part, ``longest`` at most; None when the samples begin later."""
    first = next((step.at for step in steps if step.fraction > 0), None)
    start = history.time(0)
    if first is None or first <= start:
        return None
    return Window(start=max(start, first - longest), end=first)


def measure_exposure(
    history: ServiceHistory, before: Window, windows: Sequence[tuple[float, Window]], functions: Sequence[str]
) -> tuple[ExposureMeasure, ...]:
    """Change of cost at constant traffic in each span, over the stacks that hold one of the functions, or over all.

    Deltas are shares of the service's whole cost before. Intervals take the noise of neighbouring buckets as dependent.
    """
    rows = _rows(history, functions)
    whole = np.nansum(history.stack_cost, axis=0)
    mine = np.nansum(history.stack_cost[rows], axis=0)
    known = history.totals > 0
    base = _columns(history, before, known)
    scale, level = float(whole[base].mean()), float(mine[base].mean())
    found = []
    for fraction, window in windows:
        here = _columns(history, window, known)
        if len(here) < SHORTEST or len(base) < SHORTEST or scale <= 0:
            found.append(ExposureMeasure(fraction=fraction, window=window, service_delta=None))
            continue
        delta = (float(mine[here].mean()) - level) / scale
        wide = Z95 * _error(mine, base, here) / scale
        found.append(
            ExposureMeasure(fraction=fraction, window=window, service_delta=delta, low=delta - wide, high=delta + wide)
        )
    return tuple(found)


def measured_functions(history: ServiceHistory, functions: Sequence[str]) -> frozenset[str]:
    """These functions and all they call, whose cost is in their measure; every function for none."""
    if not functions:
        return frozenset(history.functions)
    wanted, found = set(functions), set[str]()
    for stack in history.stacks:
        places = [i for i, name in enumerate(stack) if name in wanted]
        found.update(stack[places[0] :] if places else ())
    return frozenset(found)


def _rows(history: ServiceHistory, functions: Sequence[str]) -> Ints:
    if not functions:
        return np.arange(len(history.stacks))
    members = [history.members(history.functions.index(name)) for name in functions]
    return np.unique(np.concatenate(members))


def _columns(history: ServiceHistory, window: Window, known: npt.NDArray[np.bool_]) -> Ints:
    columns = history.columns(window)
    return np.asarray(np.flatnonzero(known[columns]) + columns.start)


def _error(series: Floats, base: Ints, here: Ints) -> float:
    """Standard error of the difference of two means; the noise is measured on both spans, each about its own mean."""
    levelled = np.concatenate([series[base] - series[base].mean(), series[here] - series[here].mean()])
    return float(long_run_sd(levelled[None, :])[0] * (1 / len(base) + 1 / len(here)) ** 0.5)
