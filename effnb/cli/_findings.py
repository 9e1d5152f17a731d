"""``effnb detect``, ``regressions`` and ``suppressed``: look for changes of cost, and what was found and let go."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from effnb.cli._common import AsJson, points, print_json, print_table, session
from effnb.domain import Listing, Regression
from effnb.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from effnb.tools.replay_detection import Replay

Kind = Annotated[str, typer.Option("--kind", help="regression, improvement or planned.")]
KINDS = ("regression", "improvement", "planned")
SHOWN = 40
EVERY = 1_000_000_000


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(detect)
    app.command()(regressions)
    app.command()(suppressed)


def detect(
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Another [detect] setting, for this run only; repeatable."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="File nothing: show what would be kept, gained and lost.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Scan everything that was ingested for lasting changes of cost, and file one report per cause."""
    from effnb.tools.replay_detection import read_settings

    changes = read_settings(settings or ())
    if dry_run:
        replay = session().tools.replay_detection(settings=changes, limit=EVERY)
        print_json(replay.to_json()) if as_json else _print_replay(replay, settings or [])
        return
    summary = _filed(changes)
    if as_json:
        print_json(summary.to_json())
        return
    _complain(summary.not_enough_data)
    typer.echo(
        f"{len(summary.services)} service(s): {summary.regressions} regression(s), {summary.improvements} "
        f"improvement(s), {summary.planned} planned; {summary.suppressed} change points let go, each with its reason"
    )
    typer.echo("next: effnb regressions, effnb suppressed")


def _filed(changes: dict[str, Any]) -> Any:
    """The summary of a detection that was filed; says so when its settings are not the workspace's."""
    from effnb.tools import Toolbox
    from effnb.tools.replay_detection import with_detect_settings

    now = session()
    if not changes:
        return now.tools.run_detection()
    once = with_detect_settings(now.workspace, changes)
    summary = Toolbox(once).run_detection()
    told = ", ".join(f"{name} = {getattr(once.settings.detect, name)}" for name in changes)
    typer.echo(
        f"filed with {told} for this run only; effnb.toml is as it was, and the next `effnb detect` uses it", err=True
    )
    return summary


def _print_replay(replay: Replay, asked: list[str]) -> None:
    _complain(replay.not_enough_data)
    changed = ", ".join(f"{one.name} = {one.replayed} (now {one.now})" for one in replay.changed)
    typer.echo(f"replayed with {changed or 'the settings of effnb.toml'}; nothing was filed")
    typer.echo(
        f"{replay.kept.total} kept, {replay.gained.total} gained, {replay.lost.total} lost; "
        f"{replay.suppressed} change points let go"
    )
    rows = list(_differences(replay))
    if rows:
        columns = ("", "service", "function", "since (UTC)", "points", "on the other side")
        print_table(columns, rows, right=("points",))
        typer.echo(f"next: effnb detect{''.join(f' --set {one}' for one in asked)} files it, for that run only")


def _differences(replay: Replay) -> Iterator[tuple[str, ...]]:
    for word, rows in (("gained", replay.gained), ("lost", replay.lost)):
        for one in rows:
            record = replay.dropped_by.get(one.id)
            yield (
                word,
                one.service,
                one.function,
                f"{one.change_point.at:%Y-%m-%d %H:%M}",
                points(one.absolute_delta),
                f"{record.stage}: {record.reason}" if record else "no change point there",
            )


def _complain(not_enough_data: dict[str, str]) -> None:
    for service, reason in not_enough_data.items():
        typer.echo(f"{service}: not enough data: {reason}", err=True)


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
    since: Annotated[str, typer.Option("--since", help="Only at or after this time; UTC unless it says so.")] = "",
    until: Annotated[str, typer.Option("--until", help="Only before this time; UTC unless it says so.")] = "",
    min_points: Annotated[float, typer.Option("--min-points", min=0, help="Only changes of this size.")] = 0.0,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Rows to show, largest first; 40, with --json all.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Every change point that was dropped: which stage, why, and what setting would have kept it."""
    found = session().tools.list_suppressed(
        service=service,
        stage=stage,
        function=function,
        min_points=min_points,
        since=_time(since, "--since"),
        until=_time(until, "--until"),
        limit=limit or (EVERY if as_json else SHOWN),
    )
    if as_json:
        print_json([one.to_json() for one in found])
    elif not found.total:
        typer.echo(f"nothing found: {found.searched}")
    else:
        cells = [
            (
                one.stage,
                one.service,
                one.function,
                f"{one.at:%m-%d %H:%M}",
                points(one.absolute_delta),
                one.reason,
                one.would_keep.removeprefix("[detect] "),
            )
            for one in found
        ]
        columns = ("stage", "service", "function", "at (UTC)", "points", "why it was let go", "what would keep it")
        print_table(columns, cells, right=("points",))
        if found.total > len(found):
            typer.echo(f"{found.total - len(found)} more; --limit {found.total} shows all")
        typer.echo("next: effnb detect --set NAME=VALUE --dry-run shows what other settings would file")


def _time(text: str, option: str) -> datetime | None:
    if not text.strip():
        return None
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ConfigError(f"{option} {text!r} is no time; write it as 2026-10-05 or 2026-10-05T12:00Z") from error
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
