"""``effnb ingest``: take your own profiles and series into the store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from effnb.cli._common import AsJson, print_json, print_table, session
from effnb.errors import ConfigError

DAYS = 14


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(ingest)


def ingest(
    paths: Annotated[list[str] | None, typer.Argument(help="Profiles and series: files or folders.")] = None,
    *,
    service: Annotated[str | None, typer.Option("--service", help="Service the profiles are of.")] = None,
    version: Annotated[str, typer.Option("--version", help="Version that ran.")] = "",
    host_group: Annotated[str, typer.Option("--host-group", help="Hosts the profiles are of.")] = "all",
    at: Annotated[str | None, typer.Option("--at", help="When they were taken, ISO-8601 with a zone.")] = None,
    format: Annotated[str | None, typer.Option("--format", help="Format of the profiles.")] = None,  # noqa: A002
    sample_type: Annotated[str | None, typer.Option("--sample-type", help="Which of a profile's sample types.")] = None,
    prometheus: Annotated[bool, typer.Option("--prometheus", help="Fetch the configured queries.")] = False,
    profiles: Annotated[
        bool, typer.Option("--pyroscope", "--profiles", help="Fetch profiles from the configured source.")
    ] = False,
    days: Annotated[float, typer.Option("--days", min=0.01, help="Span to fetch, until now.")] = DAYS,
    as_json: AsJson = False,
) -> None:
    """Take profiles (folded, pprof, speedscope, perf script) and series (CSV, Parquet, Prometheus) into the store."""
    if not paths and not prometheus and not profiles:
        raise ConfigError("nothing to ingest; give files or folders, --prometheus or --pyroscope")
    tools, rows = session().tools, []
    if paths:
        rows += tools.ingest_files(
            paths=paths,
            service=service,
            version=version,
            host_group=host_group,
            at=_instant(at) if at else None,
            format=format,
            sample_type=sample_type,
        ).rows
    now = datetime.now(UTC).replace(microsecond=0)
    if profiles:
        rows += tools.ingest_profiles(start=now - timedelta(days=days), end=now).rows
    if prometheus:
        rows += tools.ingest_prometheus(start=now - timedelta(days=days), end=now).rows
    if as_json:
        print_json([row.to_json() for row in rows])
        return
    cells = [
        (
            row.source,
            row.format,
            row.service or "",
            f"{row.at:%Y-%m-%d %H:%M} ({row.at_from})" if row.at else "",
            f"{row.samples:,} samples" if row.service else f"{row.series} series",
        )
        for row in rows
    ]
    print_table(("source", "format", "service", "time (UTC)", "taken in"), cells)
    typer.echo("next: effnb detect")


def _instant(text: str) -> datetime:
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"--at {text!r} is not a time; write it as 2026-10-05T12:00:00Z") from error
    if when.tzinfo is None:
        raise ConfigError(f"--at {text!r} has no zone; write it as {text}Z for UTC")
    return when
