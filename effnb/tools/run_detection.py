"""Tool: look for regressions in everything that was ingested, and file them."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from effnb.detect import detect_regressions, finding_id
from effnb.domain import Candidate, DetectionSummary, Regression, Suppressed
from effnb.errors import NotEnoughData
from effnb.tools._histories import service_history
from effnb.tools._registry import tool
from effnb.tools.rank_causes import causes_of

if TYPE_CHECKING:
    from effnb.workspace import Workspace


@tool(tier="propose", timeout=600)
def run_detection(workspace: Workspace) -> DetectionSummary:
    """Scan every service's samples for lasting changes of cost, and file one report per cause.

    What an experiment's owner announced is filed as planned. The results of the former detection are replaced.
    """
    services = workspace.samples.services()
    if not services:
        raise NotEnoughData("the store holds no samples; run `effnb ingest PATH` first")
    found: list[Regression] = []
    dropped: list[Suppressed] = []
    short: dict[str, str] = {}
    funnel: dict[str, int] = {}
    for service in services:
        try:
            detection = detect_regressions(service_history(workspace, service), workspace.settings.detect)
        except NotEnoughData as error:
            short[service] = str(error)
            continue
        found += _with_plans(workspace, detection.regressions)
        dropped += detection.suppressed
        for stage, count in detection.funnel.items():
            funnel[stage] = funnel.get(stage, 0) + count
    workspace.findings.replace(found, dropped)
    kinds = [one.kind for one in found]
    return DetectionSummary(
        services=services,
        regressions=kinds.count("regression"),
        improvements=kinds.count("improvement"),
        planned=kinds.count("planned"),
        suppressed=len(dropped),
        funnel=funnel,
        not_enough_data=short,
    )


def _with_plans(workspace: Workspace, found: tuple[Regression, ...]) -> list[Regression]:
    """Rises that an announced experiment explains become ``planned``; the steps of one ramp become one."""
    marked = [_planned(workspace, one) if one.kind == "regression" else one for one in found]
    ramps = sorted(
        (one for one in marked if one.kind == "planned"), key=lambda one: (str(one.planned_by), one.change_point.at)
    )
    rest = [one for one in marked if one.kind != "planned"]
    return rest + [_one_ramp(list(steps)) for _, steps in groupby(ramps, key=lambda one: one.planned_by)]


def _planned(workspace: Workspace, regression: Regression) -> Regression:
    causes = causes_of(workspace, regression)
    best: Candidate | None = causes.candidates[0] if causes.candidates else None
    if best is None or best.kind != "experiment" or best.score < workspace.settings.causes.min_score:
        return regression
    if not _announced(workspace, regression, best.change_id):
        return regression
    return regression.model_copy(update={"kind": "planned", "planned_by": best.change_id})


def _announced(workspace: Workspace, regression: Regression, change_id: str) -> float | None:
    """The cost the experiment's owner announced; None or zero when it announced none."""
    if workspace.experiments is None:
        return None
    experiments = workspace.experiments.fetch_experiments(regression.service)
    return next((one.planned_cost for one in experiments if one.change_id == change_id), None)


def _one_ramp(steps: list[Regression]) -> Regression:
    """The steps of one ramp as one rise, from before the first to after the last."""
    first, last = steps[0], steps[-1]
    if first is last:
        return first
    costs = [one.service_delta for one in steps if one.service_delta is not None]
    delta = sum(one.absolute_delta for one in steps)
    return first.model_copy(
        update={
            "id": finding_id("reg", first.service, first.function, str(first.planned_by)),
            "analysis": last.analysis,
            "after": first.before + delta,
            "absolute_delta": delta,
            "relative_delta": delta / first.before if first.before > 1e-6 else None,
            "low": sum(one.low for one in steps),
            "high": sum(one.high for one in steps),
            "service_delta": sum(costs) if costs else None,
            "dropped_with_it": sum(one.dropped_with_it for one in steps) + len(steps) - 1,
        }
    )
