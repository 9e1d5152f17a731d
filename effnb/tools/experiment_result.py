"""Tool: what an experiment was announced to cost, and what it was seen to cost."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from effnb.detect import ServiceHistory
from effnb.domain import Experiment, ExperimentResult, ExposureMeasure, Window
from effnb.errors import NotFound
from effnb.tools._arrivals import flag_readers
from effnb.tools._configured import configured
from effnb.tools._exposure import before_ramp, exposure_windows, measure_exposure, measured_functions
from effnb.tools._histories import service_history
from effnb.tools._registry import tool

if TYPE_CHECKING:
    from effnb.workspace import Workspace

ROUNDED = 0.1
"""Announced costs are round numbers: this share of one is within what its owner said."""


@tool(tier="read", source="experiment records, stack samples and request counts")
def experiment_result(workspace: Workspace, experiment_id: str) -> ExperimentResult:
    """What an experiment costs at each step of its ramp, beside the cost its owner announced, with a verdict.

    CPU per request at equal traffic mix against before the ramp, so neither growth nor a shifted mix counts. Where
    the code that reads the flag was sampled only that code is measured, and changes elsewhere do not disturb; else the
    whole service is, unless detection filed another change in the span. The verdict begins: as announced, dearer,
    cheaper, not announced, or not measured.

    Args:
        experiment_id: Identifier in the experiment system, or ``flag:<name>``; ``list_experiments`` has both.
    """
    one = _experiment(workspace, experiment_id)
    if one.service not in workspace.samples.services():
        return _unmeasured(one, f"{one.service} has no samples")
    history = service_history(workspace, one.service)
    windows = exposure_windows(history, one.steps)
    before = before_ramp(history, one.steps, timedelta(days=workspace.settings.detect.baseline_days))
    if history.requests is None:
        return _unmeasured(one, f"requests of {one.service} were not counted")
    if before is None or not windows:
        return _unmeasured(one, "its ramp does not begin inside the samples")
    readers = sorted(flag_readers(workspace, one, windows[-1][1]) & set(history.functions))
    span = Window(start=before.start, end=windows[-1][1].end)
    others = _others(workspace, one, span, measured_functions(history, readers))
    if others and not readers:
        return _unmeasured(one, f"no sampled code is known to read its flag, and the service also changed by {others}")
    judged = _judged(one, measure_exposure(history, before, windows, readers), tuple(readers), history)
    told = f"{judged.verdict}; detection filed in this code meanwhile: {others}" if others else judged.verdict
    return judged.model_copy(update={"verdict": told})


def _others(workspace: Workspace, one: Experiment, span: Window, measured: frozenset[str]) -> str:
    """Filed changes of cost in the measured code that the experiment's own could not be told from."""
    kinds = ("regression", "improvement", "planned")
    every = [found for kind in kinds for found in workspace.findings.regressions(kind)]
    mine = [found for found in every if found.service == one.service and found.planned_by != one.change_id]
    near = [found for found in mine if span.contains(found.change_point.at) and found.function in measured]
    return ", ".join(f"{found.function} ({found.id})" for found in near)


def _experiment(workspace: Workspace, key: str) -> Experiment:
    every = configured(workspace.experiments, "experiment source", "experiments").fetch_experiments()
    found = next((one for one in every if key in (one.experiment_id, one.change_id)), None)
    if found is None:
        known = ", ".join(f"{one.experiment_id} ({one.change_id})" for one in every) or "none"
        raise NotFound(f"no experiment {key!r}; recorded: {known}")
    return found


def _unmeasured(one: Experiment, why: str) -> ExperimentResult:
    return ExperimentResult(experiment=one, verdict=f"not measured: {why}")


def _judged(
    one: Experiment, measures: tuple[ExposureMeasure, ...], readers: tuple[str, ...], history: ServiceHistory
) -> ExperimentResult:
    seen = [m for m in measures if m.service_delta is not None and m.fraction > 0]
    if not seen:
        return _unmeasured(one, "no step of its ramp lasts long enough inside the samples").model_copy(
            update={"measures": measures, "measured_in": readers}
        )
    best = max(seen, key=lambda m: (m.fraction, m.window.end))
    where = "in the code that reads its flag" if readers else f"in all of {history.service}"
    return ExperimentResult(
        experiment=one,
        measures=measures,
        measured_in=readers,
        measured_cost=best.service_delta,
        verdict=f"{_word(one, best)}: {_numbers(best)} {where}{_announced(one, best)}",
    )


def _word(one: Experiment, best: ExposureMeasure) -> str:
    if one.planned_cost is None:
        return "not announced"
    planned = one.planned_cost * best.fraction
    slack = ROUNDED * abs(planned)
    if (best.low or 0.0) > planned + slack:
        return "dearer"
    return "cheaper" if (best.high or 0.0) < planned - slack else "as announced"


def _numbers(best: ExposureMeasure) -> str:
    delta, low, high = (100 * (value or 0.0) for value in (best.service_delta, best.low, best.high))
    return f"{delta:+.2f} % of the service's CPU ({low:+.2f} … {high:+.2f}) at {100 * best.fraction:g} % of requests"


def _announced(one: Experiment, best: ExposureMeasure) -> str:
    if one.planned_cost is None:
        return ""
    at_full = f"{100 * one.planned_cost:+g} % at full exposure"
    here = f", which is {100 * one.planned_cost * best.fraction:+g} % here" if best.fraction < 1 else ""
    return f"; announced {at_full}{here}"
