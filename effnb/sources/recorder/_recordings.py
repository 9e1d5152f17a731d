"""A folder of recordings: one folded file each, and ``index.json`` that says what they are."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import Field, JsonValue, TypeAdapter, ValidationError

from effnb.domain import Noun, Profile, Utc
from effnb.errors import SourceError, SourceUnavailable
from effnb.sources.recorder._stacks import read_folded

INDEX = "index.json"


class Recording(Noun):
    """One profiled run of one workload at one revision."""

    service: str
    """Service that was run."""
    workload: str
    """What it was made to do."""
    revision: str
    """Full commit id of the code that ran."""
    variant: str = ""
    """What differed from the plain run: empty, ``config:…``, ``flag:…`` or ``again``."""
    command: tuple[str, ...]
    """The command, as it was given."""
    env: dict[str, str] = Field(default_factory=dict)
    """Environment variables set for it."""
    files: dict[str, str] = Field(default_factory=dict)
    """Files put into the root of the checkout first, e.g. a configuration: name → text."""
    rate_hz: int = Field(gt=0)
    """Samples a second that were asked for."""
    seconds: float = Field(ge=0)
    """How long it ran under the profiler."""
    samples: int = Field(ge=0)
    """Samples in the service."""
    outside: int = Field(default=0, ge=0)
    """Samples in interpreter start-up, left out."""
    python: str = ""
    """Version of Python that ran it; empty when the command is not Python's."""
    profiler: str
    """Profiler and its version."""
    recorded_at: Utc
    """When it was recorded."""
    output: JsonValue = None
    """Last line the command printed, when that is JSON: what it did in this time, e.g. requests."""
    file: str
    """Folded stacks, relative to the index."""
    folder: Path = Field(default=Path(), exclude=True)
    """Where the index was read from."""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What a folder holds at most once: service, workload, revision, variant."""
        return (self.service, self.workload, self.revision, self.variant)

    def profile(self) -> Profile:
        """The stacks, read from disk at each call; labelled service, version, workload and variant."""
        labels = {"service": self.service, "version": self.revision, "workload": self.workload}
        variant = {"variant": self.variant} if self.variant else {}
        return Profile.from_stacks(read_folded(self.folder / self.file), labels=labels | variant)


def load_recordings(folder: Path) -> list[Recording]:
    """Recordings of a folder in the order they were made; stacks are read when asked for.

    Raises ``SourceUnavailable`` without an index, ``SourceError`` when it or a file it names is damaged.
    """
    index = folder / INDEX
    try:
        entries = _rows.validate_json(index.read_bytes())
    except FileNotFoundError as error:
        raise SourceUnavailable(
            f"no recordings in {folder}: {INDEX} is missing; make some with effnb record"
        ) from error
    except (OSError, ValidationError) as error:
        raise SourceError(
            f"cannot read {index}: {str(error).splitlines()[0]}; move it away and record again"
        ) from error
    for entry in entries:
        if not (folder / entry.file).resolve().is_relative_to(folder.resolve()):
            raise SourceError(f"{index} names {entry.file!r}, which is outside {folder}; move it away and record again")
    return [entry.model_copy(update={"folder": folder}) for entry in entries]


def drop_recordings(folder: Path, unwanted: Callable[[Recording], bool]) -> list[Recording]:
    """Remove recordings, e.g. of revisions that are no longer deployed; returns those removed."""
    dropped = [recording for recording in load_recordings(folder) if unwanted(recording)]
    keys = {recording.key for recording in dropped}
    write_index(folder, [recording for recording in load_recordings(folder) if recording.key not in keys])
    for recording in dropped:
        (folder / recording.file).unlink(missing_ok=True)
    return dropped


def write_index(folder: Path, recordings: list[Recording]) -> None:
    """Write the index so that a reader sees the old one or the new, never half of it."""
    rows: list[Any] = [recording.to_json() for recording in recordings]
    write_whole(folder / INDEX, (json.dumps(rows, indent=1, ensure_ascii=False) + "\n").encode())


def write_whole(path: Path, data: bytes) -> None:
    """Write a file under another name, flush it, and move it into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".effnb-tmp-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def file_name(service: str, workload: str, revision: str, variant: str) -> str:
    """``<service>/<revision12>[~<variant>][@<workload>].folded.gz``; the default workload is not named."""
    stem = revision[:12] + (f"~{_slug(variant)}" if variant else "")
    at = "" if workload == "default" else f"@{_slug(workload)}"
    return f"{_slug(service)}/{stem}{at}.folded.gz"


def _slug(text: str) -> str:
    slug = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip(".-")
    if re.sub(r"[:=]", "-", text) == slug:
        return slug
    return f"{slug}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"  # two names must not share a file


_rows = TypeAdapter(list[Recording])
