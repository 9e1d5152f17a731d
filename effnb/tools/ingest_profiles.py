"""Tool: take profiles from the configured source into the store."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from effnb.domain import Ingested, Listing, Profile, Utc, Window
from effnb.errors import BadQuery, ConfigError
from effnb.tools._profile_samples import add_profile
from effnb.tools._registry import tool

if TYPE_CHECKING:
    from effnb.workspace import Workspace


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
    before = workspace.samples.sources()
    rows = tuple(
        _taken(workspace, profile, f"{source.place} {name} {profile.labels['time']}", before)
        for name in services
        for profile in source.fetch_profiles(name, window)
    )
    searched = f"{source.place}: {', '.join(services) or 'no service'}, {window}"
    return Listing[Ingested](rows=rows, searched=searched, total=len(rows))


def _whole_buckets(start: datetime, end: datetime, step: int) -> Window:
    first, last = -(-int(start.timestamp()) // step) * step, int(end.timestamp()) // step * step
    if first >= last:
        raise BadQuery(f"the span holds no whole bucket of {step} s; give a longer one")
    return Window(start=datetime.fromtimestamp(first, tz=UTC), end=datetime.fromtimestamp(last, tz=UTC))


def _taken(workspace: Workspace, profile: Profile, source: str, before: frozenset[str]) -> Ingested:
    is_new = source not in before
    return Ingested(
        source=source,
        format="profile" if is_new else "profile, taken before",
        service=profile.labels["service"],
        at=datetime.fromisoformat(profile.labels["time"]),
        at_from="the profile",
        samples=add_profile(workspace, profile, source=source) if is_new else 0,
    )
