"""Stage: did the change last? A spike, a bad host group or a canary that was rolled back comes and goes."""

from __future__ import annotations

from itertools import groupby

from effnb.detect._history import ServiceHistory
from effnb.detect._types import Kept, Step, suppress
from effnb.settings import DetectSettings


def drop_transient(history: ServiceHistory, steps: list[Step], settings: DetectSettings) -> Kept:
    """Drops a step that a later one of the same function takes back, and that later one with it."""
    kept = Kept([])
    for _, group in groupby(steps, key=lambda step: step.row):
        _split(history, list(group), settings, kept)
    return kept


def _split(history: ServiceHistory, steps: list[Step], settings: DetectSettings, kept: Kept) -> None:
    gone: set[int] = set()
    for i, step in enumerate(steps):
        j = None if i in gone else _taken_back(steps, i, gone, settings.went_away_share)
        if j is None:
            continue
        gone |= {i, j}
        hours = (steps[j].index - step.index) * history.step_seconds / 3600
        level, share = steps[j].after, settings.went_away_share
        for k, what in ((i, f"came and went within {hours:.1f} h"), (j, f"the end of a change of {hours:.1f} h")):
            kept.dropped.append(
                suppress(
                    history,
                    steps[k],
                    "went-away",
                    what,
                    would_keep="[detect] went_away_share = 0.99",
                    hours=hours,
                    level_before=step.before,
                    level_during=step.after,
                    level_later=level,
                    share=share,
                )
            )
    kept.steps += [step for i, step in enumerate(steps) if i not in gone]


def _taken_back(steps: list[Step], i: int, gone: set[int], share: float) -> int | None:
    """Index of the first later step that brings the level back near the origin, from above or below; None if none does.

    A step beyond the origin is a change of its own, not the end of this one.
    """
    origin, delta = steps[i].before, steps[i].delta
    for j in range(i + 1, len(steps)):
        left = abs(steps[j].after - origin)
        if j not in gone and steps[j].delta * delta < 0 and left < (1 - share) * abs(delta):
            return j
    return None
