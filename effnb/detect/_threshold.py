"""Stage: is the change large enough to matter?

Asked twice: of every step at half the threshold, which spares the later stages most of the work; and of every cause at
the threshold, by the function it is named after. A large noisy caller must not carry a small change over the bar.
"""

from __future__ import annotations

import math

from effnb.detect._history import ServiceHistory
from effnb.detect._merge import Cause
from effnb.detect._types import Kept, Step, suppress
from effnb.domain import Suppressed
from effnb.settings import DetectSettings

EARLY_SHARE = 0.5


def drop_tiny(history: ServiceHistory, steps: list[Step], settings: DetectSettings) -> Kept:
    """Drops a step only when even the upper end of its 95 % interval lies below half the threshold."""
    kept = Kept([])
    for step in steps:
        if _reach(step) >= EARLY_SHARE * settings.threshold:
            kept.steps.append(step)
        else:
            kept.dropped.append(_too_small(history, step, settings.threshold))
    return kept


def drop_small_causes(
    history: ServiceHistory, causes: list[Cause], settings: DetectSettings
) -> tuple[list[Cause], list[Suppressed]]:
    """Drops a cause only when even the upper end of its 95 % interval lies below the threshold."""
    kept = [cause for cause in causes if _reach(cause.step) >= settings.threshold]
    small = [cause for cause in causes if _reach(cause.step) < settings.threshold]
    return kept, [_too_small(history, cause.step, settings.threshold) for cause in small]


def _reach(step: Step) -> float:
    return abs(step.delta) + 1.96 * step.error


def _too_small(history: ServiceHistory, step: Step, threshold: float) -> Suppressed:
    reach = _reach(step)
    return suppress(
        history,
        step,
        "threshold",
        f"at most {100 * reach:.2f} points of gCPU, below the threshold of {100 * threshold:.2f}",
        would_keep=f"[detect] threshold = {math.floor(1e4 * reach) / 1e4:.4f}",
        upper_end=reach,
        threshold=threshold,
    )
