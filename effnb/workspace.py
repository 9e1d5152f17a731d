"""The workspace: settings, sources and store of one investigation place, passed explicitly wherever it is needed."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from effnb.connect import Connections
from effnb.errors import ConfigError, NotFound
from effnb.settings import FILE_NAME, Settings, find_settings, load_settings
from effnb.sources import (
    ChangeSource,
    DiscussionSource,
    DocSource,
    ExperimentSource,
    LogSource,
    MetricSource,
    ProfileSource,
    RolloutSource,
    SettingsSource,
)
from effnb.store import (
    Approvals,
    AuditLog,
    FindingStore,
    FixStore,
    OpportunityStore,
    Records,
    Redactor,
    SampleStore,
    SeriesStore,
    State,
)

if TYPE_CHECKING:
    from effnb.sources.mcp import ToolServer


class Workspace:
    """A folder with ``effnb.toml`` and its store. Opening one reads the settings; everything else waits for its use."""

    def __init__(self, root: Path, settings: Settings) -> None:
        self.root = root
        self.settings = settings
        self._connections = Connections(root, settings)

    @classmethod
    def open(cls, start: Path | str | None = None) -> Workspace:
        """The workspace of a folder: the nearest ``effnb.toml`` in it or above.

        Without a folder it is the one ``EFFNB_WORKSPACE`` names, else the current one.
        """
        folder = Path(start or os.environ.get("EFFNB_WORKSPACE") or Path.cwd())
        if not folder.exists():
            raise ConfigError(f"no folder {folder}; give the folder that holds {FILE_NAME}")
        path = find_settings(folder if folder.is_dir() else folder.parent)
        return cls(path.parent, load_settings(path))

    @property
    def store_folder(self) -> Path:
        """Where samples and state lie."""
        return self.root / self.settings.workspace.store

    @cached_property
    def state(self) -> State:
        """The SQLite state."""
        return State(self.store_folder / "state.db")

    @cached_property
    def samples(self) -> SampleStore:
        """Stack samples."""
        return SampleStore(self.store_folder / "parts", self.state)

    @cached_property
    def series(self) -> SeriesStore:
        """Metric series."""
        return SeriesStore(self.store_folder / "parts", self.state)

    @cached_property
    def findings(self) -> FindingStore:
        """What the newest detection filed."""
        return FindingStore(self.state)

    @cached_property
    def audit(self) -> AuditLog:
        """Every call that was asked for here, on any surface."""
        return AuditLog(self.state, Redactor(self.settings.secrets()))

    @cached_property
    def approvals(self) -> Approvals:
        """What people approved."""
        return Approvals(self.state)

    def services_of(self, key: str) -> frozenset[str]:
        """The services that something filed here is about, by its id; empty when the id is not known."""
        return self.findings.services_of(key) | self.records.services_of(key)

    @cached_property
    def records(self) -> Records:
        """Nouns filed one by one: fixes, opportunities, confirmations."""
        return Records(self.state)

    @cached_property
    def fixes(self) -> FixStore:
        """Fixes, what the gate found out about them, and where they went."""
        return FixStore(self.records)

    @cached_property
    def opportunities(self) -> OpportunityStore:
        """Code that could be cheaper, as the newest scan left it."""
        return OpportunityStore(self.records)

    @property
    def blobs(self) -> Path:
        """Folder of content-addressed results."""
        return self.store_folder / "blobs"

    @cached_property
    def repository(self) -> ChangeSource | None:
        """Code and its changes; None when no repository is configured."""
        return self._connections.changes()

    @cached_property
    def config_repository(self) -> ChangeSource | None:
        """The settings in force and their changes; None when no repository of them is configured."""
        return self._connections.config_repository()

    @cached_property
    def profiles(self) -> ProfileSource | None:
        """Where profiles are fetched from; None when nothing is configured."""
        return self._connections.profiles()

    @cached_property
    def metrics(self) -> MetricSource | None:
        """Where metrics are fetched from; None when nothing is configured."""
        return self._connections.metrics()

    @cached_property
    def rollouts(self) -> RolloutSource | None:
        """When which version reached which hosts; None when nothing is configured."""
        return self._connections.rollouts()

    @cached_property
    def settings_histories(self) -> tuple[SettingsSource, ...]:
        """Config and flag changes, as far as configured."""
        return self._connections.settings_histories(lambda: self.repository)

    @cached_property
    def experiments(self) -> ExperimentSource | None:
        """Experiments; None when none are configured."""
        return self._connections.experiments(lambda: self.repository)

    @cached_property
    def docs(self) -> DocSource | None:
        """Documentation; None when none is configured."""
        return self._connections.docs(lambda: self.repository)

    @cached_property
    def logs(self) -> LogSource | None:
        """Log records; None when none are configured."""
        return self._connections.logs()

    @cached_property
    def discussions(self) -> DiscussionSource | None:
        """What people wrote; None when nothing is configured."""
        return self._connections.discussions()

    @cached_property
    def tool_servers(self) -> tuple[ToolServer, ...]:
        """Programs whose tools join ours; none is started before it is asked something."""
        return self._connections.tool_servers()

    @property
    def source_folders(self) -> tuple[Path, ...]:
        """Where the configured sources lie; what is in them is in scope of whoever may read paths here."""
        sources = self.settings.sources
        given = (sources.repository, sources.docs, sources.logs, sources.metrics, sources.profiles)
        return tuple(path for one in given if (path := self._path(one)) is not None)

    @property
    def known_services(self) -> frozenset[str]:
        """Services that the settings name or that have samples."""
        return frozenset(self.settings.services) | frozenset(self.samples.services())

    @property
    def workloads(self) -> Path | None:
        """Folder of recorded workloads; None when none is configured."""
        return self._path(self.settings.sources.workloads)

    def check_service(self, service: str) -> None:
        """Raises NotFound, naming the known ones, when a service has no samples."""
        known = self.samples.services()
        if service not in known:
            listed = ", ".join(known) or "none yet: run `effnb ingest PATH`"
            raise NotFound(f"no samples of service {service!r}; services with samples: {listed}")

    def close(self) -> None:
        """Close the state file and the connections to other programs, as far as they were opened."""
        for server in self.__dict__.get("tool_servers", ()):
            server.close()
        if "state" in self.__dict__:
            self.state.close()

    def _path(self, relative: str | None) -> Path | None:
        return None if relative is None else self.root / relative
