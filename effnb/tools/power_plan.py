"""Tool: how small a regression the services of this workspace can show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field

from effnb.domain.power import FleetPower, PowerPlan, PowerTerms, RegressionSizes, SampledFleet
from effnb.errors import NotEnoughData, NotFound
from effnb.program._power_plan import PAPER_SIZES, NoisyFunctions, plan_fleet
from effnb.stats._power import measured_design_effect
from effnb.tools._registry import tool

if TYPE_CHECKING:
    from effnb.store import Cube
    from effnb.workspace import Workspace


Positive = Annotated[float, Field(gt=0)]
Chance = Annotated[float, Field(gt=0, le=0.5)]
NOTHING_CAN_RISE = "no function is in some of its samples and not in others; ingest more profiles"


@tool(tier="read", source="stack samples")
def power_plan(
    workspace: Workspace,
    service: str = "",
    function: str = "",
    hours: Positive = 6.0,
    baseline_hours: Positive | None = None,
    size: Annotated[float, Field(gt=0, lt=1)] | None = None,
    alpha: Chance = 0.01,
    power: Annotated[float, Field(ge=0.5, lt=1)] = 0.95,
    functions: Annotated[int, Field(gt=0)] | None = None,
    design_effect: Annotated[float, Field(ge=1)] | None = None,
    sizes: RegressionSizes | None = None,
    limit: Annotated[int, Field(gt=0)] = 20,
) -> PowerPlan:
    """The smallest regression each function can show, hours until one of a given size is found, and what is missed.

    The noise of each function is measured from its own series: the design effect is the variance of its share over
    that of sampling alone. Functions that run in every sample are left out: their share cannot rise.

    Args:
        service: Service name; every service with samples when omitted.
        function: Only functions whose name contains this; the others still count as tested and as able to regress.
        hours: Samples after a change that a test may use, hours.
        baseline_hours: Samples before it, hours; the baseline of ``effnb.toml`` when omitted.
        size: Rise of gCPU, a fraction, whose time to detection is asked for; the threshold of ``effnb.toml`` when
            omitted.
        alpha: Chance of any false alarm in one look at all functions.
        power: Chance that a regression of the stated size is found.
        functions: Functions that share ``alpha``; all that have samples when omitted.
        design_effect: Variance of shares over that of sampling alone, instead of the measured one.
        sizes: Regressions a year and their sizes; Meta's when omitted.
        limit: Most functions of a service to return, largest share first.
    """
    cubes, short = _cubes(workspace, service)
    settings = workspace.settings.detect
    terms = PowerTerms(
        analysis_hours=hours,
        baseline_hours=baseline_hours or 24 * settings.baseline_days,
        size=size or settings.threshold,
        alpha=alpha,
        power=power,
        functions=functions or max(1, sum(len(cube.functions) for cube in cubes.values())),
    )
    expected = sizes or PAPER_SIZES
    whole = [
        plan_fleet(
            _fleet(workspace, cube),
            _functions(cube, terms, design_effect),
            terms,
            expected,
            given=design_effect is not None,
        )
        for cube in cubes.values()
    ]
    fleets = tuple(_shown(one, function, limit) for one in whole)
    if function and not any(one.total for one in fleets):
        raise NotFound(f"no function contains {function!r} in {', '.join(cubes)}; try a shorter part of its name")
    return PowerPlan(terms=terms, sizes=expected, fleets=fleets, not_enough_data=short)


def _cubes(workspace: Workspace, service: str) -> tuple[dict[str, Cube], dict[str, str]]:
    """Counts of the services that can be planned for, and why the others cannot."""
    if service:
        workspace.check_service(service)
    services = (service,) if service else workspace.samples.services()
    if not services:
        raise NotEnoughData("the store holds no samples; run `effnb ingest PATH`, or say --servers and --rate")
    found = {one: cube for one in services if (cube := workspace.samples.cube(one)) is not None}
    usable = {one: cube for one, cube in found.items() if _can_rise(_shares(cube)).any()}
    return usable, {one: NOTHING_CAN_RISE for one in services if one not in usable}


def _fleet(workspace: Workspace, cube: Cube) -> SampledFleet:
    totals = cube.totals.sum(axis=0)
    servers = workspace.settings.service(cube.service).servers
    per_minute = 60 * float(totals[totals > 0].mean()) / cube.step_seconds
    return SampledFleet(name=cube.service, servers=servers, samples_per_minute=per_minute)


def _functions(cube: Cube, terms: PowerTerms, design_effect: float | None) -> NoisyFunctions:
    shares = _shares(cube)
    rows = np.flatnonzero(_can_rise(shares))
    names = [cube.functions[row] for row in rows]
    if design_effect is not None:
        return NoisyFunctions(names, shares[rows], np.full(len(rows), design_effect))
    effect = measured_design_effect(
        cube.counts[rows].sum(axis=1),
        cube.totals.sum(axis=0),
        block=max(1, round(3600 * terms.analysis_hours / cube.step_seconds)),
        per_day=24 * 3600 // cube.step_seconds,
    )
    return NoisyFunctions(names, shares[rows], effect)


def _shares(cube: Cube) -> npt.NDArray[np.float64]:
    """Share of all samples with each function, shape ``(n_functions,)``."""
    return np.asarray(cube.counts.sum(axis=(1, 2)) / max(int(cube.totals.sum()), 1))


def _can_rise(shares: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    return np.asarray((shares > 0) & (shares < 1))


def _shown(whole: FleetPower, function: str, limit: int) -> FleetPower:
    wanted = function.casefold()
    rows = tuple(row for row in whole.functions if wanted in row.function.casefold())
    return whole.model_copy(update={"functions": rows[:limit], "total": len(rows)})
