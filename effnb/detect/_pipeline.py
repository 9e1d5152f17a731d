"""The stages in order: the short path on steps, climbs of the long path, one cause for all they show, causes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from effnb.detect._cost_shift import drop_shifted
from effnb.detect._dedup import join_edits
from effnb.detect._false_discovery import drop_false_discoveries
from effnb.detect._history import ServiceHistory
from effnb.detect._long_path import join_ramps
from effnb.detect._merge import Cause, join_launches, join_stairs, merge_causes, uncertain_buckets
from effnb.detect._noise import drop_noise
from effnb.detect._planned import PlannedChange, mark_planned
from effnb.detect._scan import Scanned, find_steps, scanned
from effnb.detect._threshold import drop_small_causes, drop_tiny
from effnb.detect._traffic import cost_change, drop_traffic
from effnb.detect._types import Step, finding_id
from effnb.detect._went_away import drop_transient
from effnb.domain import ChangePoint, Regression, Suppressed
from effnb.errors import NotEnoughData
from effnb.settings import DetectSettings

# Traffic before transients: a share that another function's change dilutes did not come and go.
STEP_STAGES = {
    "noise": drop_noise,
    "tiny": drop_tiny,
    "traffic": drop_traffic,
}
# Shifts after merging: what moved is asked once, of all the stacks of a cause.
CAUSE_STAGES = {
    "cost-shift": drop_shifted,
    "pairwise-dedup": join_edits,
    "threshold": drop_small_causes,
    "false-discovery": drop_false_discoveries,
}
MIN_DAYS = 1.0


@dataclass(frozen=True)
class Detection:
    """What one service's history shows; ``regressions`` holds rises and falls, told apart by ``kind``."""

    regressions: tuple[Regression, ...]
    suppressed: tuple[Suppressed, ...]
    funnel: dict[str, int]
    """Change points left after each stage."""


def detect_regressions(
    history: ServiceHistory, settings: DetectSettings, *, planned: Sequence[PlannedChange] = ()
) -> Detection:
    """Lasting changes of cost in one service, one report per cause, and everything that was dropped.

    ``planned``: changes that were announced with their exposure; a rise that follows one is reported as ``planned``.

    Raises:
        NotEnoughData: the history is shorter than a day; that is not the same as "nothing found".
    """
    days = history.n_buckets / history.per_day
    if days < MIN_DAYS:
        raise NotEnoughData(
            f"{history.service} has {24 * days:.1f} h of samples, detection needs {24 * MIN_DAYS:.0f} h; ingest more"
        )
    series = scanned(history)
    steps = join_stairs(find_steps(history, settings, series), history, settings)
    funnel: dict[str, int] = {"change points": len(steps)}
    dropped: list[Suppressed] = []
    all_steps = steps
    for name, stage in STEP_STAGES.items():
        kept = stage(history, steps, settings)
        steps, funnel[name] = kept.steps, len(kept.steps)
        dropped += kept.dropped
        if name == "noise":
            clear = {id(step) for step in steps}
    unclear = [step for step in all_steps if id(step) not in clear]
    kept = drop_transient(history, steps, settings, unclear, series.values)
    steps, funnel["went-away"] = kept.steps, len(kept.steps)
    dropped += kept.dropped
    kept = join_ramps(history, series, steps)
    steps, funnel["long-path"] = kept.steps, len(kept.steps)
    dropped += kept.dropped
    causes = _causes(history, series, steps, planned, settings, funnel)
    merged = {id(cause.merged): cause.merged for cause in causes}
    for name, cause_stage in CAUSE_STAGES.items():
        causes, rows = cause_stage(history, causes, settings)
        if cause_stage is drop_shifted:  # what it gives back may be announced as well
            causes = mark_planned(history, series, causes, planned, settings)
        funnel[name] = len(causes)
        dropped += rows
        merged |= {id(cause.merged): cause.merged for cause in causes}
    dropped += [row for rows in merged.values() for row in rows]
    found = [_regression(history, cause, settings) for cause in causes]
    return Detection(tuple(found), tuple(dropped), funnel)


def _causes(
    history: ServiceHistory,
    series: Scanned,
    steps: list[Step],
    planned: Sequence[PlannedChange],
    settings: DetectSettings,
    funnel: dict[str, int],
) -> list[Cause]:
    """Steps to causes, and the number of causes left after each way of putting them together."""
    causes = merge_causes(history, steps, settings)
    funnel["merged"] = len(causes)
    causes = mark_planned(history, series, causes, planned, settings)
    funnel["planned"] = len(causes)
    causes = join_launches(history, causes, settings)
    funnel["same-regression"] = len(causes)
    return causes


def _regression(history: ServiceHistory, cause: Cause, settings: DetectSettings) -> Regression:
    step, function = cause.step, history.functions[cause.step.row]
    at = history.time(step.starts)
    margin = timedelta(seconds=history.step_seconds * uncertain_buckets(step))
    longest = round(settings.baseline_days * history.per_day)
    return Regression(
        id=finding_id("reg", history.service, function, at.isoformat()),
        service=history.service,
        function=function,
        kind=_kind(cause),
        change_point=ChangePoint(at=at, earliest=at - margin, latest=at + margin),
        baseline=history.window(max(step.first, step.starts - longest), max(step.starts, step.first + 1)),
        analysis=history.window(step.starts, step.stop),
        before=step.before,
        after=step.after,
        absolute_delta=step.delta,
        relative_delta=step.delta / step.before if step.before > 1e-6 else None,
        low=step.delta - 1.96 * step.error,
        high=step.delta + 1.96 * step.error,
        service_delta=cost_change(history, step) if history.requests is not None else None,
        carriers=cause.carriers,
        planned_by=cause.planned_by,
        dropped_with_it=len(cause.merged),
    )


def _kind(cause: Cause) -> Literal["regression", "improvement", "planned"]:
    if cause.planned_by is not None:
        return "planned"
    return "regression" if cause.step.delta > 0 else "improvement"
