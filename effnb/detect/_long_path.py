"""Stage: a slow climb is one change that begins where the climb does, not a stair at every few hours.

The exact search knows only levels, so it cuts a drift into stairs. A run of stairs of one function in one direction is
replaced by a single ramp when that describes the series about as well with fewer parameters. (FBDetect
fits a line to the trend and asks for a small error; the comparison needs no limit of its own.) Two separate steps are
never mistaken for a ramp where they stand out of the noise, because stairs fit them better.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from effnb.detect._history import Floats, Ints, ServiceHistory
from effnb.detect._scan import Scanned
from effnb.detect._types import Kept, Step, suppress
from effnb.domain import Suppressed

GRID = 24
"""Starts and ends of a ramp that are tried at once; the best is then looked at more closely."""
SHORTEST_HOURS = 24.0
"""A climb of less is a rollout."""
ASIDE = 8
"""Buckets beside a ramp at which one of its stairs may still lie."""
TOWERS = 5.0
"""A step so many times larger than the usual one of a run is none of its stairs."""
NEXT = 4
"""Buckets a step may take."""
LONGEST_RUN = 40
SPARED = 3.0
"""What each parameter that a ramp does without may cost in misfit: half of it is what noise alone would take off."""


@dataclass(frozen=True)
class Ramp:
    """A level, a straight climb and a level."""

    first: int
    """Last bucket of the old level, plus one."""
    last: int
    """First bucket of the new level."""
    before: float
    after: float
    misfit: float
    """Squared error, in units of the noise variance of one bucket."""


def join_ramps(history: ServiceHistory, scanned: Scanned, steps: list[Step]) -> Kept:
    """Replaces runs of stairs by the ramp they are part of; the largest stair of each stays and stands for it."""
    kept = Kept([])
    for row, group in groupby(steps, key=lambda step: step.row):
        same_row = list(group)
        for _, run in groupby(same_row, key=lambda step: step.delta > 0):
            _join_run(history, scanned, list(run), scanned.values[row], kept)
    return kept


def _join_run(history: ServiceHistory, scanned: Scanned, run: list[Step], values: Floats, kept: Kept) -> None:
    i = 0
    while i < len(run):
        joined = _longest_ramp(history, scanned, run[i : i + LONGEST_RUN], values)
        if joined is None:
            kept.steps.append(run[i])
            i += 1
            continue
        length, towers, step = joined
        kept.steps += [step, *towers]
        for one in run[i : i + length]:
            if one.index != step.index and one not in towers:
                kept.dropped.append(_stair(history, one, step))
        i += length


def _longest_ramp(
    history: ServiceHistory, scanned: Scanned, run: list[Step], values: Floats
) -> tuple[int, list[Step], Step] | None:
    """How many stairs from the first one on are one ramp, steps that tower over it, and that ramp; None for no ramp."""
    noise = float(scanned.noise[run[0].row])
    shortest = SHORTEST_HOURS * 3600 / history.step_seconds
    for length in range(len(run), 1, -1):
        part = run[:length]
        if part[-1].index - part[0].index < shortest:
            return None
        first, stop = part[0].first, part[-1].stop
        towers = _towers(part)
        stairs = [one for one in part if one not in towers]
        if len(stairs) < 2:
            continue
        series = _without_steps(values, towers)[first:stop]
        ramp = fit_ramp(series, noise)
        misfit = _stairs_misfit(series, [one.index - first for one in stairs], noise)
        if (ramp.after - ramp.before) * part[0].delta <= 0 or ramp.last - ramp.first < shortest:
            continue
        if not all(ramp.first - ASIDE <= one.index - first <= ramp.last + ASIDE for one in stairs):
            continue
        if ramp.misfit <= misfit + SPARED * (2 * len(stairs) - 3):
            return length, towers, _as_step(stairs, ramp, first)
    return None


def _towers(part: list[Step]) -> list[Step]:
    """Steps of a run that are far larger than its others: no stairs of a climb, but changes within it."""
    usual = float(np.median([abs(one.delta) for one in part]))
    return [one for one in part if abs(one.delta) > TOWERS * usual]


def _without_steps(values: Floats, steps: list[Step]) -> Floats:
    """A series with some steps taken out of it, each by what the points next to it show."""
    left = values.copy()
    for step in steps:
        before, after = left[max(step.index - 2 * NEXT, 0) : step.index - 1], left[step.index + NEXT :][: 2 * NEXT]
        if len(before) and len(after):
            height = float(after.mean() - before.mean())
            left[step.index + NEXT :] -= height
            inside = slice(max(step.index - 1, 0), step.index + NEXT)
            left[inside] = float(before.mean())
    return left


def _as_step(part: list[Step], ramp: Ramp, first: int) -> Step:
    """The first stair, moved to where the climb starts; levels and error are those of the whole climb."""
    begin, end = first + ramp.first, first + ramp.last
    points = 1 / max(begin - part[0].first, 1) + 1 / max(part[-1].stop - end, 1)
    of_one = max(one.error / (1 / (one.index - one.first) + 1 / (one.stop - one.index)) ** 0.5 for one in part)
    # A climb still under way at the end of the data, or from its beginning on, has no level there: its slope tells.
    error = min(of_one * points**0.5, of_one * 2 * 3**0.5 / max(end - begin, 1) ** 0.5)
    # Where a line of this slope leaves the old level: its scatter about that line, and the grid it was fitted on.
    grid = (part[-1].stop - part[0].first) // (6 * GRID)
    margin = max(1, grid + round(4 * of_one * (end - begin) ** 0.5 / max(abs(ramp.after - ramp.before), 1e-12)))
    return replace(
        part[0],
        margin=min(margin, end - begin),
        first=min(part[0].first, begin),
        stop=part[-1].stop,
        before=max(ramp.before, 0.0),
        after=max(ramp.after, 0.0),
        error=error,
        begin=begin,
        end=end,
    )


def fit_ramp(series: Floats, noise: float) -> Ramp:
    """The ramp with the least squared error in one series, shape ``(n,)``; start and end to about 1 % of it."""
    n = len(series)
    coarse = max(n // GRID, 1)
    best = _best_ramp(series, np.arange(0, n, coarse), np.arange(coarse, n + coarse, coarse))
    fine = max(coarse // 6, 1)
    around = np.arange(-coarse, coarse + 1, fine)
    first, last, misfit, before, after = _best_ramp(series, best[0] + around, best[1] + around)
    return Ramp(first, last, before, after, misfit / noise**2)


def _best_ramp(series: Floats, starts: Ints, ends: Ints) -> tuple[int, int, float, float, float]:
    n = len(series)
    pairs = np.array([(s, e) for s in starts.tolist() for e in ends.tolist() if 0 <= s < e <= n], dtype=np.int64)
    if not len(pairs):
        pairs = np.array([(0, n)])
    begin, lengths = pairs[:, :1], pairs[:, 1:] - pairs[:, :1]
    shape = np.clip((np.arange(n) + 0.5 - begin) / lengths, 0, 1)
    mean, centred = series.mean(), series - series.mean()
    shape_mean = shape.mean(axis=1)
    spread = (shape**2).sum(axis=1) - n * shape_mean**2
    slope = np.divide(shape @ centred, spread, out=np.zeros(len(pairs)), where=spread > 0)
    misfit = (centred**2).sum() - slope**2 * spread
    best = int(np.argmin(misfit))
    before = float(mean - slope[best] * shape_mean[best])
    return int(pairs[best, 0]), int(pairs[best, 1]), float(misfit[best]), before, before + float(slope[best])


def _stairs_misfit(series: Floats, cuts: list[int], noise: float) -> float:
    parts = np.split(series, cuts)
    return float(sum(((part - part.mean()) ** 2).sum() for part in parts if len(part)) / noise**2)


def _stair(history: ServiceHistory, stair: Step, ramp: Step) -> Suppressed:
    start = history.time(ramp.begin if ramp.begin is not None else ramp.index)
    return suppress(
        history,
        stair,
        "long-path",
        f"one stair of a climb that began at {start:%Y-%m-%d %H:%M}",
        would_keep="none: it is part of that climb",
        began=start.isoformat(),
        level_before=ramp.before,
        level_after=ramp.after,
    )
