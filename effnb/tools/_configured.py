"""Sources a tool cannot do without: what is not configured is said, and is not the same as nothing found."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from effnb.errors import ConfigError

if TYPE_CHECKING:
    from effnb.sources import ChangeSource
    from effnb.workspace import Workspace

SourceT = TypeVar("SourceT")


def configured(source: SourceT | None, what: str, setting: str) -> SourceT:
    """The source; ``ConfigError`` names the setting that would bring it."""
    if source is None:
        raise ConfigError(f"no {what} is configured; set [sources] {setting} in effnb.toml")
    return source


def repository_of(workspace: Workspace) -> ChangeSource:
    """The workspace's repository."""
    return configured(workspace.repository, "repository", "repository")
