"""Stage: did the change last? A spike, a bad host group or a canary that was rolled back comes and goes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from effnb.detect._history import Floats, ServiceHistory
from effnb.detect._types import Kept, Step, suppress
from effnb.domain import Suppressed
from effnb.settings import DetectSettings

SHORT_HOURS = 12.0
"""Longest stay of a level whose end need not stand out of the noise by itself."""


def drop_transient(
    history: ServiceHistory,
    steps: list[Step],
    settings: DetectSettings,
    unclear: Sequence[Step] = (),
    values: Floats | None = None,
) -> Kept:
    """Drops a step that a later one of the same function takes back, and that later one with it.

    ``unclear``: steps that did not stand out of the noise of their own, mostly short, levels. What comes back by one of
    them within ``SHORT_HOURS``, and in the series ``values`` (as scanned) stays there, went away as well.
    """
    kept = Kept([])
    ends: dict[int, list[Step]] = {}
    for step in unclear:
        ends.setdefault(step.row, []).append(step)
    for row, group in groupby(steps, key=lambda step: step.row):
        quiet = ends.get(row, []) if values is not None else []
        left = [
            step
            for step in group
            if not (quiet and _ends_unclear(history, step, quiet, values[row], settings, kept))  # type: ignore[index]
        ]
        _split(history, left, settings, kept)
    return kept


def _ends_unclear(
    history: ServiceHistory, step: Step, unclear: list[Step], values: Floats, settings: DetectSettings, kept: Kept
) -> bool:
    share, limit = settings.went_away_share, SHORT_HOURS * 3600 / history.step_seconds
    for end in unclear:
        later = float(values[end.index : end.index + round(2 * limit)].mean())
        left = max(abs(later - step.before), abs(end.after - step.before))
        soon = step.index < end.index <= step.index + limit
        if soon and end.delta * step.delta < 0 and left < (1 - share) * abs(step.delta):
            kept.dropped.append(_gone(history, step, end, "came and went within", share))
            return True
    return False


def _split(history: ServiceHistory, steps: list[Step], settings: DetectSettings, kept: Kept) -> None:
    gone: set[int] = set()
    longest = settings.went_away_hours * 3600 / history.step_seconds
    for i, step in enumerate(steps):
        j = None if i in gone else _taken_back(steps, i, gone, settings.went_away_share, longest)
        if j is None:
            continue
        gone |= {i, j}
        share = settings.went_away_share
        kept.dropped.append(_gone(history, step, steps[j], "came and went within", share))
        kept.dropped.append(_gone(history, step, steps[j], "the end of a change of", share, steps[j]))
    kept.steps += [step for i, step in enumerate(steps) if i not in gone]


def _gone(
    history: ServiceHistory, start: Step, end: Step, what: str, share: float, dropped: Step | None = None
) -> Suppressed:
    """The record of one end of a change that did not last; of its start unless told."""
    hours = (end.index - start.index) * history.step_seconds / 3600
    return suppress(
        history,
        dropped or start,
        "went-away",
        f"{what} {hours:.1f} h",
        would_keep="[detect] went_away_share = 0.99",
        hours=hours,
        level_before=start.before,
        level_during=start.after,
        level_later=end.after,
        share=share,
    )


def _taken_back(steps: list[Step], i: int, gone: set[int], share: float, longest: float) -> int | None:
    """Index of the first step within ``longest`` buckets that brings the level back near the origin; None if none does.

    A step beyond the origin is a change of its own, not the end of this one.
    """
    origin, delta = steps[i].before, steps[i].delta
    for j in range(i + 1, len(steps)):
        left = abs(steps[j].after - origin)
        if steps[j].index - steps[i].index > longest:
            return None
        if j not in gone and steps[j].delta * delta < 0 and left < (1 - share) * abs(delta):
            return j
    return None
