"""Tool: take profiles and series from files into the store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from effnb.domain import Ingested, Listing, Profile, Utc
from effnb.errors import BadQuery, ConfigError, SourceUnavailable
from effnb.sources.metrics import is_series_file, read_series
from effnb.sources.profiles import read_profile, recognise_profile
from effnb.tools._profile_samples import add_profiles
from effnb.tools._registry import tool

if TYPE_CHECKING:
    from effnb.workspace import Workspace


EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""Times before this are clocks that were never set."""


@tool(tier="propose", timeout=3600, source="files", paths_from="working folder")
def ingest_files(
    workspace: Workspace,
    paths: list[str],
    service: str | None = None,
    version: str = "",
    host_group: str = "all",
    at: Utc | None = None,
    format: str | None = None,  # noqa: A002  # the word of the command line's --format
    sample_type: str | None = None,
) -> Listing[Ingested]:
    """Take profiles (folded, pprof, speedscope, perf script) and series (CSV, Parquet) from files into the store.

    A file that cannot be read stops the call before anything of it is stored; files before it stay. The same profile
    for the same bucket twice counts once.

    Args:
        paths: Files, or folders whose files are all taken.
        service: Service the profiles are of; the profile's own label when omitted.
        version: Version that ran; the profile's own label when omitted.
        host_group: Hosts they are of.
        at: When they were taken; the profile's own time, else the file's modification time, when omitted.
        format: Format of the profiles; recognised by content when omitted.
        sample_type: Which of a profile's sample types; samples, else cpu, when omitted.
    """
    labels = {"service": service, "version": version, "host_group": host_group}
    given = {key: value for key, value in labels.items() if value}
    rows = tuple(_ingest(workspace, path, given, at, format, sample_type) for path in _files(paths))
    return Listing[Ingested](rows=rows, searched=", ".join(paths), total=len(rows))


def _files(paths: list[str]) -> Iterator[Path]:
    for path in map(Path, paths):
        if path.is_dir():
            found = sorted(child for child in path.rglob("*") if child.is_file() and not child.name.startswith("."))
            if not found:
                raise SourceUnavailable(f"folder {path} holds no files; give the files or another folder")
            yield from found
        else:
            yield path


def _ingest(
    workspace: Workspace,
    path: Path,
    given: dict[str, str],
    at: datetime | None,
    form: str | None,
    sample_type: str | None,
) -> Ingested:
    if form is None and is_series_file(path):
        series = read_series(path)
        workspace.series.add(series, source=str(path))
        return Ingested(source=str(path), format=path.suffix.lstrip("."), series=len(series))
    profile = read_profile(path, format=form, sample_type=sample_type)
    labels = profile.labels | given
    if "service" not in labels:
        raise ConfigError(f"{path} does not say which service it is of; add --service NAME")
    when, origin = _time(profile, path, at)
    if when < EARLIEST:
        raise BadQuery(f"{path} would count for {when:%Y-%m-%d}, by {origin}; say when it was taken with --at")
    placed = profile.model_copy(update={"labels": labels | {"time": when.isoformat()}})
    taken = add_profiles(workspace, [placed], source=str(path))
    return Ingested(
        source=str(path),
        format=form or recognise_profile(path),
        service=labels["service"],
        at=when,
        at_from=origin,
        samples=taken,
    )


def _time(profile: Profile, path: Path, at: datetime | None) -> tuple[datetime, str]:
    if at is not None:
        return at, "--at"
    if "time" in profile.labels:
        return datetime.fromisoformat(profile.labels["time"]).astimezone(UTC), "the profile"
    return datetime.fromtimestamp(path.stat().st_mtime, tz=UTC), "the file's modification time"
