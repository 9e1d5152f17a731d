"""Stage: rises that somebody announced. A launch is ramped up on purpose; its cost is annotated, not alarmed.

What is known of an announced change is how much of the traffic saw it, and when. A cause belongs to it when the series
follows that exposure at least as well as it follows steps of its own, each charged for what it must know: the exposure
only for its height.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from effnb.detect._history import Floats, Ints, ServiceHistory
from effnb.detect._merge import Cause, merged_row, uncertain_buckets
from effnb.detect._scan import Scanned
from effnb.detect._types import Step
from effnb.settings import DetectSettings

LATE_HOURS = 3.0
"""Hours before the first and after the last step of an exposure at which a cause may still be found."""
HALF = 0.5
"""Part of a step that must be left beside the exposure for the step to be a change of its own."""
SURELY = 5.0
"""Standard errors that count as left."""
MUCH = 0.3
"""Part of the traffic by which an exposure grows much at once."""
AROUND_HOURS = 48.0
"""Hours before the first and after the last step of an exposure that are compared."""


@dataclass(frozen=True)
class PlannedChange:
    """A change whose owner said when it reaches how much of the traffic."""

    id: str
    """Change id."""
    steps: Sequence[tuple[float, float]]
    """Seconds since 1970 UTC, and the fraction of the traffic that sees it from then on; in order of time."""
    functions: frozenset[str] = frozenset()
    """Functions it may touch; empty when nobody knows."""


def mark_planned(
    history: ServiceHistory,
    scanned: Scanned,
    causes: list[Cause],
    planned: Sequence[PlannedChange],
    settings: DetectSettings,
) -> list[Cause]:
    """The causes, those of one announced change as one with its id."""
    if not planned:
        return causes
    known: dict[int, list[Step]] = {}
    for cause in causes:
        for step in (cause.step, *cause.also, *cause.members.values()):
            known.setdefault(step.row, []).append(step)
    left: list[Cause] = []
    found: dict[str, Cause] = {}
    for cause in sorted(causes, key=lambda one: -one.step.ratio):
        plan = _plan_of(history, scanned, cause, known[cause.step.row], planned, settings)
        if plan is None:
            left.append(cause)
        elif plan.id in found:
            into = found[plan.id]
            into.merged.extend([merged_row(history, cause.step, into.step, "planned"), *cause.merged])
        else:
            found[plan.id] = replace(cause, planned_by=plan.id)
            left.append(found[plan.id])
    return left


def _plan_of(
    history: ServiceHistory,
    scanned: Scanned,
    cause: Cause,
    known: Sequence[Step],
    planned: Sequence[PlannedChange],
    settings: DetectSettings,
) -> PlannedChange | None:
    """The announced change whose exposure a cause follows best; None when its own step describes it better."""
    if cause.step.delta <= 0:
        return None
    fits = [
        (gain, plan)
        for plan in planned
        if not plan.functions or plan.functions & {*cause.carriers, history.functions[cause.step.row]}
        if (gain := _gain(history, scanned, cause, known, plan, planned, settings)) > 0
    ]
    return max(fits, key=lambda fit: fit[0])[1] if fits else None


def _gain(
    history: ServiceHistory,
    scanned: Scanned,
    cause: Cause,
    known: Sequence[Step],
    plan: PlannedChange,
    planned: Sequence[PlannedChange],
    settings: DetectSettings,
) -> float:
    """How much better the exposure describes the series than the cause's own steps do; 0 when it explains nothing.

    What the function did before and after the days of the exposure is taken as known.
    """
    around, late = (round(hours * 3600 / history.step_seconds) for hours in (AROUND_HOURS, LATE_HOURS))
    edges = _edges(history, plan)
    first, last = max(int(edges[0]) - around, 0), min(int(edges[-1]) + around, history.n_buckets)
    in_time = edges[0] - late <= cause.step.starts and cause.step.ends <= edges[-1] + late
    if last - first < 8 or not in_time:
        return 0.0
    buckets = np.arange(first, last)
    values = scanned.values[cause.step.row, first:last] / float(scanned.noise[cause.step.row])
    apart = [one for one in known if not edges[0] - late <= one.starts <= edges[-1] + late and first < one.ends]
    beside = [np.ones(len(buckets)), *(_risen(buckets, one) for one in apart if one.starts < last)]
    exposed = _exposure(history, buckets, plan)
    flat, _ = _fitted(values, beside)
    follows, slope = _fitted(values, [*beside, exposed])
    follows += 0.5 * settings.penalty
    cuts = [one.starts for one in [cause.step, *cause.also] if first < one.starts < last]
    stairs, _ = _fitted(values, [*beside, *((buckets >= cut).astype(float) for cut in cuts)])
    stairs += settings.penalty * len(cuts)
    if slope <= 0 or follows >= flat or follows >= stairs:
        return 0.0
    exposures = (_exposure(history, buckets, one) for one in planned)
    beside += [one for one in exposures if np.ptp(one) > 0]
    if not _meets(cause.step, edges, plan) and _is_own(buckets, values, beside, cause.step, scanned):
        return 0.0
    return stairs - follows


def _edges(history: ServiceHistory, plan: PlannedChange) -> list[float]:
    return [(at - history.start) / history.step_seconds for at, _ in plan.steps]


def _fitted(values: Floats, columns: Sequence[Floats]) -> tuple[float, float]:
    """Sum of squares that a linear fit leaves, and the last column's factor."""
    matrix = np.stack(columns, axis=1)
    factors = np.linalg.lstsq(matrix, values, rcond=None)[0]
    return float(((values - matrix @ factors) ** 2).sum()), float(factors[-1])


def _meets(step: Step, edges: Sequence[float], plan: PlannedChange) -> bool:
    """Whether a step came when the exposure grew much at once: in a noisy function that stair may be all one sees."""
    before = 0.0
    for edge, (_, share) in zip(edges, plan.steps, strict=True):
        if share - before >= MUCH and abs(step.starts - int(edge)) <= uncertain_buckets(step):
            return True
        before = share
    return False


def _is_own(buckets: Ints, values: Floats, beside: Sequence[Floats], step: Step, scanned: Scanned) -> bool:
    """Whether most of a step is surely left when all announced exposures explain of the series what they can.

    Something else that changes nearby spoils the exposure's fit and the step's alike; fitted together the step shows.
    """
    columns = np.stack([*beside, _risen(buckets, step)], axis=1)
    inverse = np.linalg.pinv(columns.T @ columns)
    left = float((inverse @ (columns.T @ values))[-1])
    rise = step.delta / float(scanned.noise[step.row])
    return bool(left >= max(HALF * rise, SURELY * float(inverse[-1, -1]) ** 0.5))


def _risen(buckets: Ints, step: Step) -> Floats:
    """Part of a step that has risen in each bucket."""
    return np.clip((buckets + 1 - step.starts) / max(step.ends - step.starts, 1), 0, 1)


def _exposure(history: ServiceHistory, buckets: Ints, plan: PlannedChange) -> Floats:
    """Mean fraction of the traffic that sees a change, in each bucket."""
    seen, before = np.zeros(len(buckets)), 0.0
    for edge, (_, share) in zip(_edges(history, plan), plan.steps, strict=True):
        seen += (share - before) * np.clip(buckets + 1 - edge, 0, 1)
        before = share
    return seen
