"""Profiles that a recorder leaves in a folder, one subfolder a service."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from effnb.domain import Profile, Window
from effnb.errors import BadQuery, SourceUnavailable
from effnb.sources.profiles._read import read_profile


class FolderProfiles:
    """Files in ``<folder>/<service>/``, in any format that can be read.

    Each counts for the time it says, else for its file's time of modification. Only files of the service that is
    asked for are opened.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = f"profiles in {folder.name}"
        if not folder.is_dir():
            raise SourceUnavailable(f"no folder {folder}; set [sources] profiles in effnb.toml")

    def services(self) -> tuple[str, ...]:
        """Names of the subfolders, sorted."""
        return tuple(sorted(path.name for path in self.folder.iterdir() if path.is_dir()))

    def fetch_profiles(self, service: str, window: Window) -> Iterator[Profile]:
        """Profiles of a service taken inside a window, oldest first, with the labels ``service`` and ``time``."""
        if service not in self.services():
            known = ", ".join(self.services()) or "none"
            raise BadQuery(f"no folder for service {service!r} in {self.place}; there are: {known}")
        files = [path for path in (self.folder / service).rglob("*") if path.is_file() and path.name[0] != "."]
        found = [(when, profile) for path in files for when, profile in [_dated(path)] if window.contains(when)]
        for when, profile in sorted(found, key=lambda pair: pair[0]):
            labels = profile.labels | {"service": service, "time": when.isoformat()}
            yield profile.model_copy(update={"labels": labels})


def _dated(path: Path) -> tuple[datetime, Profile]:
    profile = read_profile(path)
    said = profile.labels.get("time")
    when = datetime.fromisoformat(said) if said else datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
    return when.astimezone(UTC), profile
