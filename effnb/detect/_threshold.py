"""Stage: is the change large enough to matter?"""

from __future__ import annotations

from effnb.detect._history import ServiceHistory
from effnb.detect._types import Kept, Step, suppress
from effnb.settings import DetectSettings


def drop_small(history: ServiceHistory, steps: list[Step], settings: DetectSettings) -> Kept:
    """Drops a step only when even the upper end of its 95 % interval lies below the threshold."""
    kept = Kept([])
    for step in steps:
        reach = abs(step.delta) + 1.96 * step.error
        if reach >= settings.threshold:
            kept.steps.append(step)
        else:
            kept.dropped.append(
                suppress(
                    history,
                    step,
                    "threshold",
                    f"at most {100 * reach:.2f} points of gCPU, below the threshold of {100 * settings.threshold:.2f}",
                    would_keep=f"[detect] threshold = {reach:.4f}",
                    upper_end=reach,
                    threshold=settings.threshold,
                )
            )
    return kept
