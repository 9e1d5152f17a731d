"""Tool: take profiles from the configured source into the store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from effnb.domain import Ingested, Listing, Profile, Utc, Window
from effnb.errors import BadQuery, ConfigError
from effnb.tools._profile_samples import add_profiles
from effnb.tools._registry import tool

if TYPE_CHECKING:
    from effnb.sources import ProfileSource
    from effnb.workspace import Workspace


BATCH = 200
"""Profiles that are written together: what an interrupted call took in by then stays."""


@tool(tier="propose", timeout=3600, source="profile source")
def ingest_profiles(workspace: Workspace, start: Utc, end: Utc, service: str | None = None) -> Listing[Ingested]:
    """Fetch profiles of a window from the configured source (Pyroscope, or a folder recorders write to) into the store.

    Only whole buckets inside the window are taken, and none a second time, so windows may overlap. Choose an end that
    is past: what arrives later for a bucket that was taken is left out.

    Args:
        start: First instant, UTC.
        end: First instant after the last, UTC.
        service: Only this service; all the source has when omitted.
    """
    source = workspace.profiles
    if source is None:
        raise ConfigError(
            "no profile source is configured; set [sources.pyroscope] url and services, or [sources] profiles"
        )
    window = _whole_buckets(start, end, workspace.settings.workspace.bucket_seconds)
    services = source.services() if service is None else (service,)
    rows = tuple(row for name in services for row in _ingest(workspace, source, name, window))
    searched = f"{source.place}: {', '.join(services) or 'no service'}, {window}"
    return Listing[Ingested](rows=rows, searched=searched, total=len(rows))


def _ingest(workspace: Workspace, source: ProfileSource, service: str, window: Window) -> Iterator[Ingested]:
    """A row for each batch that was taken in, and one for what was there before."""
    step = workspace.settings.workspace.bucket_seconds
    before = workspace.samples.buckets(service, source.place)
    known = 0
    batch: list[Profile] = []
    for profile in source.fetch_profiles(service, window):
        if int(_time(profile).timestamp()) // step * step in before:
            known += 1
        else:
            batch.append(profile)
        if len(batch) == BATCH:
            yield _taken(workspace, source, batch)
            batch = []
    if batch:
        yield _taken(workspace, source, batch)
    if known:
        yield Ingested(source=source.place, format=f"{known} profiles, in the store before", service=service)


def _taken(workspace: Workspace, source: ProfileSource, batch: list[Profile]) -> Ingested:
    return Ingested(
        source=source.place,
        format=f"{len(batch)} profiles",
        service=batch[0].labels["service"],
        at=_time(batch[0]),
        at_from="the first of them",
        samples=add_profiles(workspace, batch, source=source.place),
    )


def _time(profile: Profile) -> datetime:
    return datetime.fromisoformat(profile.labels["time"])


def _whole_buckets(start: datetime, end: datetime, step: int) -> Window:
    first, last = -(-int(start.timestamp()) // step) * step, int(end.timestamp()) // step * step
    if first >= last:
        raise BadQuery(f"the span holds no whole bucket of {step} s; give a longer one")
    return Window(start=datetime.fromtimestamp(first, tz=UTC), end=datetime.fromtimestamp(last, tz=UTC))
