"""What a fleet can see: smallest regression of each function, time to detection, and what is never found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from effnb.domain import Evidence, Finding
from effnb.domain.power import (
    DetectionTime,
    FleetPower,
    FunctionPower,
    PowerPlan,
    PowerTerms,
    RegressionSizes,
    SampledFleet,
    UndetectedWaste,
)
from effnb.errors import AnalysisError, NotFound
from effnb.stats._power import (
    design_effect_at,
    detection_chance,
    samples_needed,
    size_strata,
    smallest_rise,
)

Floats = npt.NDArray[np.float64]

PAPER_SIZES = RegressionSizes(
    per_year=800,
    quantiles=((0, 0.00005), (0.1, 0.00011), (0.5, 0.00048), (0.9, 0.00241), (0.99, 0.00809), (1, 0.03862)),
    source="FBDetect (SOSP '24): about 800 regressions a year; sizes of true reports, Table 4. Found at Meta's scale; "
    "smaller ones were not seen there and are not counted here",
)
"""The default expectation; your own history is better."""
TYPICAL_SHARES = (0.0001, 0.001, 0.01, 0.05, 0.2)
"""gCPU of the rows when no function is named."""
STRATA = 1000
MOST_FUNCTIONS = 400
"""Functions the waste is averaged over; of more, evenly spaced ones in order of share are taken."""


@dataclass(frozen=True)
class NoisyFunctions:
    """Functions of one fleet as arrays of one length; a design effect that was not measured is NaN."""

    names: Sequence[str]
    gcpu: Floats
    design_effect: Floats


def assumed_functions(shares: Sequence[float], design_effect: float = 1.0) -> NoisyFunctions:
    """Functions that are only a share, all with the noise the caller says; 1 is sampling noise alone."""
    if not np.isfinite(design_effect) or design_effect < 1:
        raise AnalysisError(f"the design effect is {design_effect:g}; give at least 1, which is sampling noise alone")
    gcpu = np.array(sorted(shares, reverse=True), dtype=np.float64)
    names = [f"a function of {100 * share:.4g} %" for share in gcpu]
    return NoisyFunctions(names, gcpu, np.full(len(gcpu), float(design_effect)))


def plan_fleet(
    fleet: SampledFleet,
    functions: NoisyFunctions,
    terms: PowerTerms,
    sizes: RegressionSizes = PAPER_SIZES,
    *,
    given: bool = True,
    limit: int | None = None,
) -> FleetPower:
    """What one fleet can see of each function, and what it misses.

    Args:
        fleet: Servers and samples.
        functions: The functions; NaN design effects become the median of the measured ones, or 1 when none was.
        terms: Windows and chances.
        sizes: Regressions a year and their sizes, each as likely in any one of the functions.
        given: Whether the design effects are an assumption rather than measured.
        limit: Most rows to return, largest share first.
    """
    order = np.argsort(-functions.gcpu, kind="stable")
    gcpu, effect = functions.gcpu[order], functions.design_effect[order]
    measured = ~np.isnan(effect)
    effect = np.where(measured, effect, float(np.median(effect[measured])) if measured.any() else 1.0)
    waste = _waste(fleet, gcpu, effect, terms, sizes)
    shown = slice(0, limit)
    columns = _columns(fleet, gcpu[shown], effect[shown], terms)
    after = fleet.samples_per_minute * 60 * terms.analysis_hours
    rows = tuple(
        FunctionPower(
            function=functions.names[int(order[i])],
            gcpu=float(gcpu[i]),
            samples=after,
            design_effect=float(effect[i]),
            noise="given" if given else "measured" if measured[i] else "typical",
            smallest_relative=None if (rise := columns["rise"][i]) is None else rise / float(gcpu[i]),
            servers=None if rise is None or fleet.servers is None else rise * fleet.servers,
            smallest_rise=rise,
            hours_to_detect=columns["hours"][i],
            smallest_rise_one_more=columns["one_more"][i],
            smallest_rise_twice_rate=columns["twice"][i],
        )
        for i in range(len(gcpu[shown]))
    )
    return FleetPower(fleet=fleet, functions=rows, total=len(gcpu), waste=waste)


def plan_fleets(
    fleets: Sequence[SampledFleet],
    terms: PowerTerms,
    *,
    shares: Sequence[float] = TYPICAL_SHARES,
    design_effect: float = 1.0,
    sizes: RegressionSizes = PAPER_SIZES,
) -> PowerPlan:
    """The plan of fleets nobody has sampled yet, for functions that are only a share; needs no workspace."""
    functions = assumed_functions(shares, design_effect)
    return PowerPlan(
        terms=terms, sizes=sizes, fleets=tuple(plan_fleet(fleet, functions, terms, sizes) for fleet in fleets)
    )


def detection_times(
    fleets: Sequence[SampledFleet],
    terms: PowerTerms,
    *,
    gcpu: float,
    sizes: Sequence[float],
    design_effect: float = 1.0,
) -> tuple[DetectionTime, ...]:
    """Hours until rises of these sizes are found in a function of that share, fleet by fleet in the order given."""
    share, effect, wanted = np.array([gcpu]), np.array([design_effect]), np.asarray(sizes, dtype=np.float64)
    return tuple(
        DetectionTime(fleet=fleet.name, gcpu=gcpu, size=float(size), hours=found)
        for fleet in fleets
        for size, found in zip(wanted, _or_none(_hours(fleet, share, effect, wanted, terms)), strict=True)
    )


def power_finding(plan: PowerPlan, fleet: str) -> Finding:
    """What one fleet of a plan can see, as a claim: of its function in the middle by share, and what it misses."""
    found = next((one for one in plan.fleets if one.fleet.name == fleet and one.functions), None)
    if found is None:
        known = ", ".join(one.fleet.name for one in plan.fleets) or "none"
        raise NotFound(f"no functions of {fleet!r} in this plan; it holds {known}")
    place, middle = plan.fleets.index(found), len(found.functions) // 2
    row = found.functions[middle]
    rise = "no rise at all" if row.smallest_rise is None else f"a rise of {100 * row.smallest_rise:.3g} points"
    claim = (
        f"{fleet} shows {rise} of {row.function} ({100 * row.gcpu:.3g} % of its samples) within "
        f"{plan.terms.analysis_hours:g} h with {100 * plan.terms.power:.3g} % chance, and misses "
        f"{100 * found.waste.share:.2g} % of the regressions expected in a year."
    )
    values = (
        (f"fleets.{place}.functions.{middle}.smallest_rise", row.smallest_rise),
        (f"fleets.{place}.waste.share", found.waste.share),
    )
    source = "assumed noise" if row.noise == "given" else "stack samples"
    evidence = [Evidence(call="power_plan", field=path, value=value, source=source) for path, value in values]
    return Finding(claim=claim, evidence=tuple(evidence))


def _columns(fleet: SampledFleet, gcpu: Floats, effect: Floats, terms: PowerTerms) -> dict[str, list[float | None]]:
    rate = fleet.rate
    nothing: list[float | None] = [None] * len(gcpu)
    return {
        "rise": _or_none(_rise(fleet, gcpu, effect, terms, 1.0)),
        "twice": _or_none(_rise(fleet, gcpu, effect, terms, 2.0)),
        "one_more": nothing if rate is None else _or_none(_rise(fleet, gcpu, effect, terms, 1 + 1 / rate)),
        "hours": _or_none(_hours(fleet, gcpu, effect, np.asarray(terms.size), terms)),
    }


def _rise(fleet: SampledFleet, gcpu: Floats, effect: Floats, terms: PowerTerms, factor: float) -> Floats:
    """Smallest rises when every server is sampled ``factor`` times as often."""
    after, before = _windows(fleet, terms, factor)
    raised = design_effect_at(effect, factor)
    return smallest_rise(gcpu, after, before, alpha=terms.alpha_each, power=terms.power, design_effect=raised)


def _hours(fleet: SampledFleet, gcpu: Floats, effect: Floats, size: Floats, terms: PowerTerms) -> Floats:
    _, before = _windows(fleet, terms, 1.0)
    needed = samples_needed(gcpu, size, before, alpha=terms.alpha_each, power=terms.power, design_effect=effect)
    return np.asarray(needed / (60 * fleet.samples_per_minute))


def _windows(fleet: SampledFleet, terms: PowerTerms, factor: float) -> tuple[float, float]:
    """Samples after and before a change."""
    an_hour = 60 * fleet.samples_per_minute * factor
    return an_hour * terms.analysis_hours, an_hour * terms.baseline_hours


def _waste(
    fleet: SampledFleet, gcpu: Floats, effect: Floats, terms: PowerTerms, sizes: RegressionSizes
) -> UndetectedWaste:
    """Expectation over sizes and functions; every function is as likely as another to regress.

    For sizes that are even on a logarithmic scale the servers lost grow with √(σ²·servers), as in appendix A.4.
    """
    picked = np.unique(np.linspace(0, len(gcpu) - 1, min(len(gcpu), MOST_FUNCTIONS)).round().astype(int))
    strata = size_strata(sizes.quantiles, STRATA)
    missed, twice = (_missed(fleet, gcpu[picked], effect[picked], strata, terms, factor) for factor in (1.0, 2.0))
    cost, cost_twice = (sizes.per_year * float((strata * one).mean()) for one in (missed, twice))
    return UndetectedWaste(
        regressions=sizes.per_year * float(missed.mean()),
        share=float(missed.mean()),
        gcpu=cost,
        servers=None if fleet.servers is None else cost * fleet.servers,
        servers_twice_rate=None if fleet.servers is None else cost_twice * fleet.servers,
    )


def _missed(
    fleet: SampledFleet, gcpu: Floats, effect: Floats, strata: Floats, terms: PowerTerms, factor: float
) -> Floats:
    """Chance that a rise of each size is missed, averaged over the functions; shape ``(n_sizes,)``."""
    after, before = _windows(fleet, terms, factor)
    raised = design_effect_at(effect, factor)[:, None]
    chance = detection_chance(
        gcpu[:, None], strata[None, :], after, before, alpha=terms.alpha_each, design_effect=raised
    )
    return np.asarray(1 - chance.mean(axis=0))


def _or_none(values: Floats) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in np.atleast_1d(values)]
