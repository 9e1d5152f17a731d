"""Log extracts as JSON Lines, one file a service: what log systems export."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from effnb.domain import LogLine, Window
from effnb.errors import SourceUnavailable
from effnb.sources._json_lines import read_models

MOMENT = timedelta(milliseconds=1)
"""What follows the last record, so that a half-open span holds it."""


class FolderLogs:
    """Extracts in a folder: ``<service>.jsonl``, each line with ``at``, ``level``, ``logger`` and ``message``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = f"log extracts in {folder.name}"
        if not folder.is_dir():
            raise SourceUnavailable(f"no folder {folder}; set [sources] logs in effnb.toml")
        self._lines = lru_cache(maxsize=8)(self._load)

    def services(self) -> tuple[str, ...]:
        """Services that have an extract, sorted."""
        return tuple(sorted(path.stem for path in self.folder.glob("*.jsonl")))

    def covered(self, service: str) -> Window | None:
        """The span from the first record of a service to just after the last; None without records."""
        lines = self._lines(service)
        return Window(start=lines[0].at, end=lines[-1].at + MOMENT) if lines else None

    def fetch_lines(self, service: str, window: Window) -> list[LogLine]:
        """Records of a service inside a window, oldest first; empty when there are none."""
        return [line for line in self._lines(service) if window.contains(line.at)]

    def _load(self, service: str) -> tuple[LogLine, ...]:
        # A service's name comes from the caller: only names that are listed may become a path.
        if service not in self.services():
            return ()
        return tuple(sorted(read_models(self.folder / f"{service}.jsonl", LogLine), key=lambda line: line.at))
