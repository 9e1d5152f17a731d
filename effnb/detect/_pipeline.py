"""The stages in order: scan, stairs, noise, tiny, traffic, went-away, cost shift, one per cause, threshold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from effnb.detect._cost_shift import drop_shifted
from effnb.detect._history import ServiceHistory
from effnb.detect._merge import Cause, join_stairs, merge_causes
from effnb.detect._noise import drop_noise
from effnb.detect._scan import find_steps
from effnb.detect._threshold import drop_small_causes, drop_tiny
from effnb.detect._traffic import cost_change, drop_traffic
from effnb.detect._types import Step, finding_id
from effnb.detect._went_away import drop_transient
from effnb.domain import ChangePoint, Regression, Suppressed
from effnb.errors import NotEnoughData
from effnb.settings import DetectSettings

# Traffic before transients: a share that another function's change dilutes did not come and go.
STAGES = {
    "noise": drop_noise,
    "tiny": drop_tiny,
    "traffic": drop_traffic,
    "went-away": drop_transient,
    "cost-shift": drop_shifted,
}
MIN_DAYS = 1.0


@dataclass(frozen=True)
class Detection:
    """What one service's history shows; ``regressions`` holds rises and falls, told apart by ``kind``."""

    regressions: tuple[Regression, ...]
    suppressed: tuple[Suppressed, ...]
    funnel: dict[str, int]
    """Change points left after each stage."""


def detect_regressions(history: ServiceHistory, settings: DetectSettings) -> Detection:
    """Lasting changes of cost in one service, one report per cause, and everything that was dropped.

    Raises:
        NotEnoughData: the history is shorter than a day; that is not the same as "nothing found".
    """
    days = history.n_buckets / history.per_day
    if days < MIN_DAYS:
        raise NotEnoughData(
            f"{history.service} has {24 * days:.1f} h of samples, detection needs {24 * MIN_DAYS:.0f} h; ingest more"
        )
    steps = join_stairs(find_steps(history, settings), history, settings)
    funnel, dropped = {"change points": len(steps)}, []
    for name, stage in STAGES.items():
        kept = stage(history, steps, settings)
        steps = kept.steps
        dropped += kept.dropped
        funnel[name] = len(steps)
    causes = merge_causes(history, steps, settings)
    funnel["merged"] = len(causes)
    dropped += [row for cause in causes for row in cause.merged]
    causes, small = drop_small_causes(history, causes, settings)
    funnel["threshold"] = len(causes)
    dropped += small
    found = [_regression(history, cause, settings) for cause in causes]
    return Detection(tuple(found), tuple(dropped), funnel)


def _regression(history: ServiceHistory, cause: Cause, settings: DetectSettings) -> Regression:
    step, function = cause.step, history.functions[cause.step.row]
    at = history.time(step.index)
    margin = timedelta(seconds=history.step_seconds * _uncertain_buckets(step))
    longest = round(settings.baseline_days * history.per_day)
    return Regression(
        id=finding_id("reg", history.service, function, at.isoformat()),
        service=history.service,
        function=function,
        kind="regression" if step.delta > 0 else "improvement",
        change_point=ChangePoint(at=at, earliest=at - margin, latest=at + margin),
        baseline=history.window(max(step.first, step.index - longest), step.index),
        analysis=history.window(step.index, step.stop),
        before=step.before,
        after=step.after,
        absolute_delta=step.delta,
        relative_delta=step.delta / step.before if step.before > 1e-6 else None,
        low=step.delta - 1.96 * step.error,
        high=step.delta + 1.96 * step.error,
        service_delta=cost_change(history, step) if history.requests is not None else None,
        carriers=cause.carriers,
        dropped_with_it=len(cause.merged),
    )


def _uncertain_buckets(step: Step) -> int:
    """Buckets either way the change may have come, from how far the step stands out of the noise.

    The error of a change point's place shrinks with the square of the step over the noise of one point; half a bucket
    either way is always open.
    """
    points = 1 / (1 / (step.index - step.first) + 1 / (step.stop - step.index))
    noise = step.error * points**0.5
    return max(1, round(4 * (noise / step.delta) ** 2)) if step.delta else 1
