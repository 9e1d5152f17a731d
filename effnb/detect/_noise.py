"""Stage: does the change stand out of the noise on both of its sides?"""

from __future__ import annotations

from statistics import NormalDist

from effnb.detect._history import ServiceHistory
from effnb.detect._types import Kept, Step, suppress
from effnb.settings import DetectSettings


def drop_noise(history: ServiceHistory, steps: list[Step], settings: DetectSettings) -> Kept:
    """Drops a step that is less than ``significance`` allows times its own standard error.

    The scan knows one noise a series; a step is measured against the noise of its own two levels.
    """
    limit = NormalDist().inv_cdf(1 - settings.significance / 2)
    kept = Kept([])
    for step in steps:
        ratio = abs(step.delta) / step.error if step.error > 0 else float("inf")
        if ratio >= limit:
            kept.steps.append(step)
            continue
        would = 2 * (1 - NormalDist().cdf(ratio))
        kept.dropped.append(
            suppress(
                history,
                step,
                "noise",
                f"{ratio:.1f} standard errors, {limit:.1f} are asked",
                would_keep=f"[detect] significance = {would:.1e}",
                standard_errors=ratio,
                limit=limit,
            )
        )
    return kept
