"""Metrics from CSV and Parquet files in a folder."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from effnb.domain import Series, Window
from effnb.errors import BadQuery, SourceUnavailable
from effnb.sources.metrics._files import is_series_file, read_series


class FolderMetrics:
    """All series in the files below a folder, read once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = f"series in {folder.name}"
        if not folder.is_dir():
            raise SourceUnavailable(f"no folder {folder}; set [sources] metrics in effnb.toml")

    def metrics(self) -> tuple[str, ...]:
        """Names of all metrics in the files, sorted."""
        return tuple(sorted({one.metric.name for one in self._all}))

    def fetch_series(self, metric: str, window: Window) -> list[Series]:
        """Series of a metric by labels, cut to a window; empty when none has a bucket in it."""
        if metric not in self.metrics():
            raise BadQuery(f"no metric {metric!r} in {self.place}; there are: {', '.join(self.metrics()) or 'none'}")
        mine = sorted(
            (one for one in self._all if one.metric.name == metric), key=lambda one: sorted(one.labels.items())
        )
        return [cut for one in mine if (cut := one.inside(window)) is not None]

    @cached_property
    def _all(self) -> list[Series]:
        paths = sorted(path for path in self.folder.rglob("*") if path.suffix in (".csv", ".parquet"))
        return [one for path in paths if path.is_file() for one in self._read(path)]

    def _read(self, path: Path) -> list[Series]:
        if not is_series_file(path):
            raise SourceUnavailable(f"{path} holds no series; give it the columns time and value, or move it away")
        return read_series(path)
