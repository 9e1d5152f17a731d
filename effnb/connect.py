"""From ``[sources]`` in the settings to sources, each known by its protocol only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from effnb.errors import ConfigError
from effnb.settings import GitHubSettings, Settings
from effnb.sources import (
    ChangeSource,
    DiscussionSource,
    DocSource,
    ExperimentSource,
    LogSource,
    MergedDiscussions,
    MergedDocs,
    MergedExperiments,
    MergedRollouts,
    MetricSource,
    ProfileSource,
    RolloutSource,
    SettingsSource,
)
from effnb.sources._github import GitHub
from effnb.sources._http import Server
from effnb.sources.changes import GitRepository
from effnb.sources.config import FileSettingsHistory, GitSettingsHistory
from effnb.sources.discussions import FileDiscussions, GitHubDiscussions
from effnb.sources.docs import FolderDocs, GitDocs
from effnb.sources.experiments import FileExperiments, FlagdExperiments
from effnb.sources.logs import FolderLogs
from effnb.sources.profiles import FolderProfiles, Pyroscope
from effnb.sources.rollouts import FileRollouts, GitHubDeployments, KubernetesRollouts

if TYPE_CHECKING:
    from effnb.sources.mcp import ToolServer

Repository = Callable[[], ChangeSource | None]
"""Opens the repository; called only by what is read from it."""
ALL_SERVICES = "*"


class Connections:
    """The sources of one workspace; each is opened when it is asked for, and None when it is not configured."""

    def __init__(self, root: Path, settings: Settings) -> None:
        self._root = root
        self._settings = settings
        self._sources = settings.sources

    def config_repository(self) -> ChangeSource | None:
        """The git repository of the settings in force."""
        path = self._path(self._sources.config_repository)
        return GitRepository(path) if path else None

    def profiles(self) -> ProfileSource | None:
        """Pyroscope, or a folder that recorders write to."""
        folder, server = self._sources.profiles, self._sources.pyroscope
        _only_one("profiles", folder, "pyroscope", server)
        if folder is not None:
            return FolderProfiles(self._root / folder)
        if server is None:
            return None
        return Pyroscope(
            Server(server.url, product="Pyroscope", token_env=server.token_env, timeout=server.timeout_seconds),
            server.services,
            profile_type=server.profile_type,
            step_seconds=self._settings.workspace.bucket_seconds,
        )

    def metrics(self) -> MetricSource | None:
        """Prometheus with its named queries, or a folder of series."""
        from effnb.sources.metrics import FolderMetrics, Prometheus, PrometheusMetrics

        folder, server = self._sources.metrics, self._sources.prometheus
        _only_one("metrics", folder, "prometheus", server)
        if folder is not None:
            return FolderMetrics(self._root / folder)
        if server is None or not server.queries:
            return None
        prometheus = Prometheus(server.url, server.token_env, server.timeout_seconds)
        return PrometheusMetrics(prometheus, server.queries, server.step_seconds)

    def tool_servers(self) -> tuple[ToolServer, ...]:
        """Programs whose tools join ours; none is started before it is asked something."""
        from effnb.sources.mcp import Reach, ToolServer

        return tuple(
            ToolServer(
                name,
                Reach(
                    command=server.command,
                    args=server.args,
                    env=server.env,
                    folder=self._root,
                    url=server.url,
                    timeout=server.timeout,
                    max_bytes=server.max_bytes,
                ),
            )
            for name, server in self._settings.mcp.servers.items()
        )

    def changes(self) -> ChangeSource | None:
        """The git repository."""
        path = self._path(self._sources.repository)
        return GitRepository(path) if path else None

    def rollouts(self) -> RolloutSource | None:
        """Rollout records, Kubernetes objects, GitHub deployments; of several, all."""
        found: list[RolloutSource] = []
        if path := self._path(self._sources.rollouts):
            found.append(FileRollouts(path))
        if path := self._path(self._sources.kubernetes):
            found.append(KubernetesRollouts(path))
        github = self._sources.github
        if github is not None and github.deployments:
            targets = {name: (one.service, one.host_group) for name, one in github.environments.items()}
            found.append(GitHubDeployments(_github(github), targets))
        return found[0] if len(found) == 1 else MergedRollouts(found) if found else None

    def settings_histories(self, repository: Repository) -> tuple[SettingsSource, ...]:
        """Config and flag records, and config files in the repository."""
        found: list[SettingsSource] = []
        if path := self._path(self._sources.config_history):
            found.append(FileSettingsHistory(path, "config"))
        if path := self._path(self._sources.flags):
            found.append(FileSettingsHistory(path, "flag"))
        for file, service in self._sources.config_files.items():
            reader = None if service == ALL_SERVICES else service
            found.append(GitSettingsHistory(_needed(repository, "config_files"), file, reader))
        return tuple(found)

    def experiments(self, repository: Repository) -> ExperimentSource | None:
        """Experiment records, and flag definitions in the repository; of both, both."""
        found: list[ExperimentSource] = []
        if path := self._path(self._sources.experiments):
            found.append(FileExperiments(path))
        if (flagd := self._sources.flagd) is not None:
            found.append(FlagdExperiments(_needed(repository, "flagd"), flagd.file, flagd.service, flagd.flags))
        return found[0] if len(found) == 1 else MergedExperiments(found) if found else None

    def docs(self, repository: Repository) -> DocSource | None:
        """A folder of pages, and pages in the repository; of both, both."""
        found: list[DocSource] = []
        if path := self._path(self._sources.docs):
            found.append(FolderDocs(path))
        if (folder := self._sources.repository_docs) is not None:
            found.append(GitDocs(_needed(repository, "repository_docs"), folder))
        return found[0] if len(found) == 1 else MergedDocs(found) if found else None

    def logs(self) -> LogSource | None:
        """Log extracts."""
        path = self._path(self._sources.logs)
        return FolderLogs(path) if path else None

    def discussions(self) -> DiscussionSource | None:
        """Messages of a chat, and pull requests on GitHub; of both, both."""
        found: list[DiscussionSource] = []
        if path := self._path(self._sources.discussions):
            found.append(FileDiscussions(path))
        github = self._sources.github
        if github is not None and github.discussions:
            found.append(GitHubDiscussions(_github(github)))
        return found[0] if len(found) == 1 else MergedDiscussions(found) if found else None

    def _path(self, relative: str | None) -> Path | None:
        return None if relative is None else self._root / relative


def _github(settings: GitHubSettings) -> GitHub:
    return GitHub(settings.repository, api=settings.api, token_env=settings.token_env, timeout=settings.timeout_seconds)


def _needed(repository: Repository, setting: str) -> ChangeSource:
    found = repository()
    if found is None:
        raise ConfigError(f"[sources] {setting} is read from the repository; set [sources] repository in effnb.toml")
    return found


def _only_one(first: str, one: object, second: str, other: object) -> None:
    if one is not None and other is not None:
        raise ConfigError(f"[sources] has both {first} and {second}; keep one of them in effnb.toml")
