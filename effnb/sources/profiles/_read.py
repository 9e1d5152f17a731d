"""From a path to one profile: unpack, recognise by content, read, choose the sample type."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from effnb.domain import Profile
from effnb.errors import BadQuery, SourceError
from effnb.sources.profiles import _folded, _perf_script, _pprof, _speedscope
from effnb.sources.profiles._limits import FormatError, Limits
from effnb.sources.profiles._refused import refusal
from effnb.sources.profiles._unpack import load_content

PREFERRED = ("samples", "cpu")


class ProfileFormat(Protocol):
    """What a format's module offers."""

    NAME: str
    """Name on the command line."""

    def can_read(self, content: bytes, name: str, /) -> bool:
        """Whether the unpacked content is in this format; never raises."""

    def read(self, content: bytes, limits: Limits, /) -> list[Profile]:
        """A profile for each sample type in the content; ``FormatError`` when it breaks the format."""


FORMATS: tuple[ProfileFormat, ...] = (_pprof, _speedscope, _perf_script, _folded)
DEFAULT_LIMITS = Limits()


def profile_formats() -> tuple[str, ...]:
    """Names of the formats that can be read, in the order they are tried."""
    return tuple(reader.NAME for reader in FORMATS)


def recognise_profile(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> str:
    """Name of the file's format, by its content.

    Raises:
        SourceUnavailable: there is no such file.
        SourceDenied: it may not be read.
        SourceError: it is empty, too large, a known format without a reader, or unknown; the message says which.
    """
    return _recognise(load_content(path, limits), path).NAME


def read_profile(
    path: Path,
    *,
    format: str | None = None,  # noqa: A002  # the word of the command line's --format
    sample_type: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Profile:
    """The profile in a file, gzip undone; function names are those the profiler wrote.

    A file may hold several sample types (pprof: cpu, wall, heap; perf: events). ``sample_type`` chooses one by name, or
    as ``name/unit``. Without it the only one is taken, else ``samples``, else ``cpu``: shares are the same and a count
    of samples gives the sharper interval. Any other choice would be a guess and is refused.

    Raises:
        SourceUnavailable: there is no such file.
        SourceDenied: it may not be read.
        BadQuery: the sample type is not in the file, or none was named and several are.
        SourceError: it is empty, too large, damaged, unknown, or a known format without a reader; which, is said.
    """
    content = load_content(path, limits)
    reader = _named(format, content, path) if format else _recognise(content, path)
    try:
        profiles = reader.read(content, limits)
    except FormatError as error:
        raise SourceError(f"cannot read {path} as {reader.NAME}: {error}") from error
    if not profiles:
        raise SourceError(f"cannot read {path} as {reader.NAME}: it holds no profile; record it again")
    return _choose(profiles, sample_type, path)


def _named(name: str, content: bytes, path: Path) -> ProfileFormat:
    """The reader the caller names; content known to be something else is still refused by its own name."""
    for reader in FORMATS:
        if name == reader.NAME:
            _refuse_empty(content, path)
            if not reader.can_read(content, path.name) and (reason := refusal(content)):
                raise SourceError(f"cannot read {path} as {name}: {reason}")
            return reader
    raise BadQuery(f"there is no profile format {name!r}; effnb reads {', '.join(profile_formats())}")


def _refuse_empty(content: bytes, path: Path) -> None:
    if not content.strip():
        raise SourceError(f"cannot read {path}: it is empty; record the profile again")


def _recognise(content: bytes, path: Path) -> ProfileFormat:
    _refuse_empty(content, path)
    for reader in FORMATS:
        if reader.can_read(content, path.name):
            return reader
    reason = refusal(content) or (
        f"its content is none of {', '.join(profile_formats())}; name the format, or export it as one of these"
    )
    raise SourceError(f"cannot read {path}: {reason}")


def _choose(profiles: list[Profile], wanted: str | None, path: Path) -> Profile:
    """The profile of the wanted type, or the only one, or the preferred one."""
    kinds = [profile.labels.get("sample_type", profile.unit) for profile in profiles]
    named = [f"{kind}/{profile.unit}" for kind, profile in zip(kinds, profiles, strict=True)]
    if wanted is not None:
        for names in (named, kinds):
            if names.count(wanted) == 1:
                return profiles[names.index(wanted)]
        raise BadQuery(f"{path} has no single sample type {wanted!r}; choose one of {', '.join(named)}")
    if len(profiles) == 1:
        return profiles[0]
    for kind in PREFERRED:
        if kinds.count(kind) == 1:
            return profiles[kinds.index(kind)]
    raise BadQuery(f"{path} holds several sample types; choose one of {', '.join(named)} with the sample type option")
