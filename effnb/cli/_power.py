"""``effnb power``: the smallest regression a fleet can show, and how soon."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeVar

import typer

from effnb.cli._common import AsJson, print_json, print_table, session
from effnb.domain import Noun
from effnb.domain.power import FleetPower, FunctionPower, PowerPlan, PowerTerms, RegressionSizes, SampledFleet
from effnb.errors import AnalysisError

NounT = TypeVar("NounT", bound=Noun)
RATE = re.compile(r"(?P<samples>[0-9.]+)(/(?P<every>[0-9.]+)?(?P<unit>s|min|h))?")
MINUTES = {"s": 1 / 60, "min": 1.0, "h": 60.0}
PLANNED_FUNCTIONS = 1000
RIGHT = ("gCPU", "samples", "noise ×", "smallest rise", "relative", "time to find")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(power)


def power(
    *,
    servers: Annotated[int | None, typer.Option("--servers", min=1, help="Servers of a planned fleet.")] = None,
    rate: Annotated[
        str | None, typer.Option("--rate", help="Its stack samples per server: 19 (a second), 1/min or 1/30min.")
    ] = None,
    gcpu: Annotated[
        list[float] | None, typer.Option("--gcpu", help="Its functions' share of CPU, 1 % is 0.01; repeatable.")
    ] = None,
    service: Annotated[str, typer.Option("--service", help="Only this service of the workspace.")] = "",
    function: Annotated[str, typer.Option("--function", help="Only functions whose name contains this.")] = "",
    hours: Annotated[float, typer.Option("--hours", help="Samples after a change that may be used, hours.")] = 6.0,
    baseline_hours: Annotated[
        float | None, typer.Option("--baseline-hours", help="Samples before it, hours. [240, or as in effnb.toml]")
    ] = None,
    size: Annotated[
        float | None,
        typer.Option("--size", help="Rise whose time to detection is asked for. [0.005, or the threshold]"),
    ] = None,
    alpha: Annotated[float, typer.Option("--alpha", help="Chance of any false alarm in one look at all.")] = 0.01,
    chance: Annotated[float, typer.Option("--power", help="Chance that the regression is found.")] = 0.95,
    functions: Annotated[
        int | None, typer.Option("--functions", help="Functions that share alpha. [1000, or those of the workspace]")
    ] = None,
    design_effect: Annotated[
        float | None,
        typer.Option("--design-effect", help="Variance over that of sampling alone. [1, or as measured]"),
    ] = None,
    per_year: Annotated[float, typer.Option("--regressions-per-year", help="Regressions expected in a year.")] = 800,
    sizes: Annotated[
        str, typer.Option("--sizes", help="Their sizes as probability:rise, e.g. 0:0.001,0.5:0.01,1:0.2. [FBDetect's]")
    ] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="Functions to show, largest share first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """The smallest regression each function can show, how soon, and what is expected to be missed.

    Reads services, shares and noise from the workspace; with --servers and --rate it plans for a fleet instead.
    """
    expected = _expected(per_year, sizes)
    asked = {"baseline_hours": baseline_hours, "size": size, "functions": functions}
    known: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    if servers is not None and rate is not None:
        if service or function:
            raise typer.BadParameter("--service and --function read the workspace; leave them or --servers away")
        terms = _checked(
            PowerTerms, analysis_hours=hours, alpha=alpha, power=chance, **{"functions": PLANNED_FUNCTIONS, **known}
        )
        plan = _planned(servers, _per_minute(rate), gcpu, design_effect, terms, expected)
    elif servers is None and rate is None and not gcpu:
        if design_effect is not None:
            known["design_effect"] = design_effect
        where = {"service": service, "function": function, "limit": limit}
        plan = session().tools.power_plan(hours=hours, alpha=alpha, power=chance, sizes=expected, **where, **known)
    else:
        raise typer.BadParameter("give both --servers and --rate for a planned fleet, or neither for the workspace's")
    if as_json:
        print_json(plan.to_json())
    else:
        _show(plan)


def _planned(
    servers: int,
    per_minute: float,
    gcpu: list[float] | None,
    design_effect: float | None,
    terms: PowerTerms,
    sizes: RegressionSizes,
) -> PowerPlan:
    from effnb.program._power_plan import TYPICAL_SHARES, plan_fleets  # loads SciPy, which --help does not need

    fleet = _checked(
        SampledFleet, name=f"{servers:,} servers", servers=servers, samples_per_minute=servers * per_minute
    )
    effect = 1.0 if design_effect is None else design_effect
    return plan_fleets([fleet], terms, shares=gcpu or TYPICAL_SHARES, design_effect=effect, sizes=sizes)


def _expected(per_year: float, sizes: str) -> RegressionSizes:
    from effnb.program._power_plan import PAPER_SIZES

    changed: dict[str, Any] = {"per_year": per_year}
    if sizes:
        try:
            pairs = [tuple(map(float, pair.split(":"))) for pair in sizes.split(",")]
        except ValueError as error:
            raise typer.BadParameter(f"--sizes {sizes!r}; write 0:0.001,0.5:0.01,1:0.2") from error
        changed |= {"quantiles": pairs, "source": "as given with --sizes"}
    return _checked(RegressionSizes, **{**PAPER_SIZES.model_dump(), **changed})


def _checked(noun: type[NounT], **values: Any) -> NounT:
    """The noun, its first problem as a mistake of the command line."""
    from pydantic import ValidationError

    try:
        return noun(**values)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in problem["loc"])
        raise typer.BadParameter(f"{where} = {problem['input']!r}: {problem['msg']}") from error


def _per_minute(rate: str) -> float:
    """Samples per server and minute."""
    found = RATE.fullmatch(rate.replace(" ", ""))
    try:
        if found is not None:
            return float(found["samples"]) / (float(found["every"] or 1) * MINUTES[found["unit"] or "s"])
    except (ValueError, ZeroDivisionError):
        pass
    raise typer.BadParameter(f"--rate {rate!r}; write 19 (samples a second), 1/min or 1/30min")


def _show(plan: PowerPlan) -> None:
    for name, reason in plan.not_enough_data.items():
        typer.echo(f"{name}: not enough data: {reason}", err=True)
    if not plan.fleets:
        raise AnalysisError("no service can be planned for; run `effnb ingest PATH`, or give --servers and --rate")
    for fleet in plan.fleets:
        if fleet.total:
            _show_fleet(fleet, plan)
    terms = plan.terms
    typer.echo(
        f"found with {100 * terms.power:.3g} % chance, {terms.analysis_hours:g} h after against "
        f"{terms.baseline_hours:g} h before; {100 * terms.alpha:.3g} % chance of any false alarm over "
        f"{terms.functions:,} functions"
    )
    typer.echo(f"expected: {plan.sizes.per_year:g} regressions a year; {plan.sizes.source}")


def _show_fleet(found: FleetPower, plan: PowerPlan) -> None:
    fleet = found.fleet
    each = "" if fleet.rate is None else f", {fleet.rate:.3g} a server"
    typer.echo(f"{fleet.name}: {fleet.samples_per_minute:,.4g} samples a minute{each}")
    columns = ("function", "gCPU", "samples", "noise ×", "smallest rise", "relative", "time to find")
    print_table(columns, [_row(one) for one in found.functions], right=RIGHT)
    if len(found.functions) < found.total:
        typer.echo(f"{found.total - len(found.functions)} more; --limit {found.total} shows all")
    typer.echo(f"time to find: a rise of {_points(plan.terms.size)}. noise ×: {_noise(found.functions)}")
    typer.echo(_more_samples(found))
    typer.echo(_missed(found, plan.sizes.per_year))
    typer.echo("")


def _row(one: FunctionPower) -> tuple[str, ...]:
    relative = "" if one.smallest_relative is None else f"{100 * one.smallest_relative:.3g} %"
    return (
        one.function,
        f"{100 * one.gcpu:.3g} %",
        f"{one.samples:,.0f}",
        f"{one.design_effect:.3g}",
        _points(one.smallest_rise),
        relative,
        _spelled(one.hours_to_detect),
    )


def _noise(rows: tuple[FunctionPower, ...]) -> str:
    if rows[0].noise == "given":
        return "variance over that of sampling alone, as given; 1 is the best case"
    return "variance over that of sampling alone, measured"


def _more_samples(found: FleetPower) -> str:
    """What a higher rate buys, told of the function in the middle of those shown."""
    one = found.functions[len(found.functions) // 2]
    text = (
        f"twice the rate: {one.function} from {_points(one.smallest_rise)} to {_points(one.smallest_rise_twice_rate)}"
    )
    if found.fleet.rate is None:
        return text + "; what one more sample buys needs [services.NAME] servers in effnb.toml"
    return text + f"; one more sample per server and minute: {_points(one.smallest_rise_one_more)}"


def _missed(found: FleetPower, per_year: float) -> str:
    waste = found.waste
    text = (
        f"missed: {waste.regressions:.3g} of {per_year:g} regressions a year ({100 * waste.share:.2g} %), "
        f"{100 * waste.gcpu:.3g} % of this fleet's CPU"
    )
    if waste.servers is None or waste.servers_twice_rate is None:
        return text
    return text + f" = {waste.servers:,.3g} servers-equivalent; {waste.servers_twice_rate:,.3g} at twice the rate"


def _points(share: float | None) -> str:
    return "none" if share is None else f"{100 * share:.3g} points"


def _spelled(hours: float | None) -> str:
    if hours is None:
        return "never"
    if hours < 1 / 60:
        return f"{3600 * hours:.2g} s"
    if hours < 1:
        return f"{60 * hours:.2g} min"
    return f"{hours:.3g} h" if hours < 48 else f"{hours / 24:,.3g} d"
