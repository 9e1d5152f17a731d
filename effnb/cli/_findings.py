"""``effnb detect``, ``regressions`` and ``suppressed``: look for changes of cost, and what was found and let go."""

from __future__ import annotations

from typing import Annotated

import typer

from effnb.cli._common import AsJson, points, print_json, print_table, session
from effnb.domain import Listing, Regression

Kind = Annotated[str, typer.Option("--kind", help="regression, improvement or planned.")]
KINDS = ("regression", "improvement", "planned")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(detect)
    app.command()(regressions)
    app.command()(suppressed)


def detect(as_json: AsJson = False) -> None:
    """Scan everything that was ingested for lasting changes of cost, and file one report per cause."""
    summary = session().tools.run_detection()
    if as_json:
        print_json(summary.to_json())
        return
    for service, reason in summary.not_enough_data.items():
        typer.echo(f"{service}: not enough data: {reason}", err=True)
    typer.echo(
        f"{len(summary.services)} service(s): {summary.regressions} regression(s), {summary.improvements} "
        f"improvement(s), {summary.planned} planned; {summary.suppressed} change points let go, each with its reason"
    )
    typer.echo("next: effnb regressions, effnb suppressed")


def regressions(kind: Kind = "regression", as_json: AsJson = False) -> None:
    """What got worse and stayed so, largest cost first."""
    if kind not in KINDS:
        raise typer.BadParameter(f"{kind!r}; one of {', '.join(KINDS)}")
    now = session()
    found: Listing[Regression] = {
        "regression": now.regressions,
        "improvement": now.improvements,
        "planned": now.planned,
    }[kind]()
    if as_json:
        print_json([one.to_json() for one in found])
    elif not len(found):
        typer.echo(f"nothing found: {found.searched}; `effnb detect` looks again")
    else:
        rows = [
            (
                one.id,
                one.service,
                one.function,
                f"{one.change_point.at:%Y-%m-%d %H:%M}",
                points(one.absolute_delta),
                f"{points(one.low)} … {points(one.high)}",
            )
            for one in found
        ]
        columns = ("id", "service", "function", "since (UTC)", "gCPU points", "95 % interval")
        print_table(columns, rows, right=("gCPU points",))
        typer.echo(f"next: effnb investigate {found[0].id}")


def suppressed(
    service: Annotated[str, typer.Option("--service", help="Only this service.")] = "",
    stage: Annotated[str, typer.Option("--stage", help="Only what this stage dropped.")] = "",
    function: Annotated[str, typer.Option("--function", help="Only functions whose name contains this.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="Rows to show, largest first.")] = 40,
    as_json: AsJson = False,
) -> None:
    """Every change point that was dropped: which stage, why, and what setting would have kept it."""
    found = session().suppressed()
    rows = [
        one
        for one in found
        if service in ("", one.service) and stage in ("", one.stage) and function.lower() in one.function.lower()
    ]
    if as_json:
        print_json([one.to_json() for one in rows])
    elif not rows:
        typer.echo(f"nothing found among {found.total} dropped change points; {found.searched}")
    else:
        cells = [
            (one.stage, one.service, one.function, f"{one.at:%m-%d %H:%M}", points(one.absolute_delta), one.reason)
            for one in rows[:limit]
        ]
        columns = ("stage", "service", "function", "at (UTC)", "points", "why it was let go")
        print_table(columns, cells, right=("points",))
        if len(rows) > limit:
            typer.echo(f"{len(rows) - limit} more; --limit {len(rows)} shows all")
