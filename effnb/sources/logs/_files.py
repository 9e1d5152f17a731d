"""Log extracts in a folder, one file a service: what log systems export."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from effnb.domain import LogLine, Window
from effnb.errors import SourceDenied, SourceError, SourceUnavailable
from effnb.sources._json_lines import read_models
from effnb.sources.logs import _journal, _text

JSON_LINES = ".jsonl"
SUFFIXES = (JSON_LINES, _text.SUFFIX, _journal.SUFFIX)
LARGEST = 512 << 20
MOMENT = timedelta(milliseconds=1)
"""What follows the last record, so that a half-open span holds it."""


class FolderLogs:
    """Extracts by service; several of one service are one log.

    ``<service>.jsonl`` has lines with ``at``, ``level``, ``logger`` and ``message``; ``.log`` is plain text,
    ``.journal`` what ``journalctl -o json`` writes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = f"log extracts in {folder.name}"
        if not folder.is_dir():
            raise SourceUnavailable(f"no folder {folder}; set [sources] logs in effnb.toml")
        self._lines = lru_cache(maxsize=8)(self._load)

    def services(self) -> tuple[str, ...]:
        """Services that have an extract, sorted."""
        return tuple(sorted({path.stem for path in self.folder.iterdir() if path.suffix in SUFFIXES}))

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
        paths = [path for suffix in SUFFIXES if (path := self.folder / f"{service}{suffix}").is_file()]
        return tuple(sorted((line for path in paths for line in _read(path)), key=lambda line: line.at))


def _read(path: Path) -> list[LogLine]:
    try:
        if path.stat().st_size > LARGEST:
            raise SourceError(f"{path} is larger than {LARGEST >> 20} MiB; export a shorter span")
        if path.suffix == _text.SUFFIX:
            return list(_text.read_text(path, path.read_text(encoding="utf-8", errors="replace")))
    except PermissionError as error:
        raise SourceDenied(f"cannot read {path}: permission denied; ask its owner for read access") from error
    except OSError as error:
        raise SourceUnavailable(f"cannot read {path}: {error.strerror}; check [sources] logs in effnb.toml") from error
    return read_models(path, LogLine) if path.suffix == JSON_LINES else list(_journal.read_journal(path))
