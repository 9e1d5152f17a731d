"""What the rest of effnb knows of a source: one small protocol a kind, so that no tool depends on a vendor.

Promises all kinds share, checked for every implementation: ``place`` names where was looked, in words for a listing;
rows come oldest first; a window is half-open; no rows is an empty list, and only that. A system that cannot be reached
raises ``SourceUnavailable``, one that refuses ``SourceDenied``, and content that cannot be read ``SourceError`` with
the place of the fault. Nothing is left out silently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from effnb.domain import (
    Change,
    DocPage,
    Experiment,
    LogLine,
    Message,
    Profile,
    Rollout,
    Series,
    TouchedFunction,
    Window,
)


class Source(Protocol):
    """What every source says of itself."""

    @property
    def place(self) -> str:
        """Where it looks, for ``Listing.searched``."""


class ProfileSource(Source, Protocol):
    """Profiles of services over time."""

    def services(self) -> tuple[str, ...]:
        """Services it has profiles of, sorted."""

    def fetch_profiles(self, service: str, window: Window) -> Iterator[Profile]:
        """Profiles of a service taken inside a window, oldest first, each with the labels ``service`` and ``time``.

        ``BadQuery`` names the known services when this is none of them.
        """


class MetricSource(Source, Protocol):
    """Named metrics as series."""

    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics it has, sorted."""

    def fetch_series(self, metric: str, window: Window) -> list[Series]:
        """Series of a metric by labels, cut to the buckets that start inside a window; empty when none has any.

        ``BadQuery`` names the known metrics when this is none of them.
        """


class ChangeSource(Source, Protocol):
    """Code changes, and the code at a revision."""

    @property
    def path(self) -> Path:
        """Folder of the working copy."""

    @property
    def touched_functions(self) -> Callable[..., tuple[TouchedFunction, ...]]:
        """Of a commit (and the one to compare with, its parent when unset): the functions it edits."""

    def resolve(self, revision: str) -> str:
        """Full id of a revision; ``BadQuery`` when there is none."""

    def commit(self, revision: str) -> Change:
        """One commit."""

    def commits(self, old: str | None, new: str) -> list[Change]:
        """Commits after ``old`` up to and including ``new``, oldest first."""

    def contains(self, revision: str, commit: str) -> bool:
        """Whether a revision has a commit in its history."""

    def diff(self, commit: str) -> str:
        """A commit's patch as text."""

    def read(self, revision: str, path: str | None) -> str:
        """Text of a file at a revision; empty when it is not there."""

    def read_exactly(self, revision: str, path: str) -> str | None:
        """The same with its line ends and byte-order mark; null when it is not there or not UTF-8."""

    def files(self, revision: str) -> tuple[str, ...]:
        """Paths of all files at a revision, sorted."""

    def history_of(self, path: str) -> list[Change]:
        """Commits that edited a file, oldest first."""

    def search(self, revision: str, literal: str, path: str | None = None) -> list[tuple[str, int, str]]:
        """Path, line number and text of every line that contains a text."""

    def string_readers(self, revision: str, key: str) -> frozenset[str]:
        """Functions that hold a key as a whole string literal."""


class RolloutSource(Source, Protocol):
    """When which version reached which hosts."""

    def fetch_rollouts(self, service: str | None = None, window: Window | None = None) -> list[Rollout]:
        """Rollouts of a service that started inside a window, or all."""


class SettingsSource(Source, Protocol):
    """Changes of config values and flags."""

    def fetch_changes(self, service: str | None = None, window: Window | None = None) -> list[Change]:
        """Changes that act on a service inside a window, or all."""


class ExperimentSource(Source, Protocol):
    """Experiments and launches with their ramps."""

    def fetch_experiments(self, service: str | None = None, window: Window | None = None) -> list[Experiment]:
        """Experiments of a service, or all; with a window those with a step inside it."""


class DocSource(Source, Protocol):
    """Pages of documentation."""

    def fetch_pages(self) -> list[DocPage]:
        """Every page, whole, sorted by path."""


class LogSource(Source, Protocol):
    """Log records."""

    def services(self) -> tuple[str, ...]:
        """Services it has records of, sorted."""

    def covered(self, service: str) -> Window | None:
        """The span from the first record of a service to just after the last; None without records."""

    def fetch_lines(self, service: str, window: Window) -> list[LogLine]:
        """Records of a service inside a window."""


class DiscussionSource(Source, Protocol):
    """What people wrote to each other."""

    def fetch_messages(self, window: Window | None = None) -> list[Message]:
        """Messages inside a window, or all."""
