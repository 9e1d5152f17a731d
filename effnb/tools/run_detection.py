"""Tool: look for regressions in everything that was ingested, and file them."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass
class Found:
    """What detection shows over all services, before it is filed."""

    services: tuple[str, ...]
    regressions: list[Regression]
    suppressed: list[Suppressed]
    funnel: dict[str, dict[str, int]]
    """Service → change points left after each stage."""
    not_enough_data: dict[str, str]


@tool(tier="propose", timeout=600)
def run_detection(workspace: Workspace) -> DetectionSummary:
    """Scan every service's samples for lasting changes of cost, and file one report per cause.

    What an experiment's owner announced is filed as planned. The results of the former detection are replaced.
    """
    found = detect_services(workspace)
    workspace.findings.replace(found.regressions, found.suppressed)
    kinds = [one.kind for one in found.regressions]
    stages: dict[str, int] = {}
    for funnel in found.funnel.values():
        for stage, count in funnel.items():
            stages[stage] = stages.get(stage, 0) + count
    return DetectionSummary(
        services=found.services,
        regressions=kinds.count("regression"),
        improvements=kinds.count("improvement"),
        planned=kinds.count("planned"),
        suppressed=len(found.suppressed),
        funnel=stages,
        not_enough_data=found.not_enough_data,
    )


def detect_services(workspace: Workspace) -> Found:
    """Detection in every service's samples under the workspace's settings; files nothing."""
    services = workspace.samples.services()
    if not services:
        raise NotEnoughData("the store holds no samples; run `effnb ingest PATH` first")
    found = Found(services, [], [], {}, {})
    for service in services:
        try:
            settings = workspace.settings.detect_for(service)
            detection = detect_regressions(service_history(workspace, service).latest(settings.history_days), settings)
        except NotEnoughData as error:
            found.not_enough_data[service] = str(error)
            continue
        found.regressions += _with_plans(workspace, detection.regressions)
        found.suppressed += detection.suppressed
        found.funnel[service] = dict(detection.funnel)
    return found


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
