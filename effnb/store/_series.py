"""Metric series on disk, as immutable Parquet parts registered like samples."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from effnb.domain import Metric, Series
from effnb.errors import StoreError
from effnb.store._files import digest_of, write_atomically
from effnb.store._state import State


class SeriesStore:
    """The metric series of a workspace."""

    def __init__(self, folder: Path, state: State) -> None:
        self.folder = folder
        self.state = state

    def add(self, series: Sequence[Series], *, source: str) -> None:
        """Write series as one part and register it; the same part added twice counts once."""
        sink = pa.BufferOutputStream()
        pq.write_table(_table(series), sink, compression="zstd")
        data = sink.getvalue().to_pybytes()
        digest = digest_of(data)
        name = f"series/{digest[:16]}.parquet"
        write_atomically(self.folder / name, lambda path: _write_bytes(path, data))
        with self.state.transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO part VALUES (?, 'series', ?, ?, ?, ?)",
                (name, len(series), digest, source, datetime.now(UTC).isoformat()),
            )

    def select(self, metric: str, **labels: str) -> list[Series]:
        """Series of a metric whose labels include the given ones; empty when there are none."""
        return [one for one in self.all() if one.metric.name == metric and labels.items() <= one.labels.items()]

    def all(self) -> list[Series]:
        """Every series, oldest part first."""
        rows = self.state.connection.execute("SELECT path FROM part WHERE kind = 'series' ORDER BY rowid")
        return [one for row in rows for one in _read(self.folder / row["path"])]


def _table(series: Sequence[Series]) -> pa.Table:
    return pa.table(
        {
            "metric": [json.dumps(one.metric.to_json()) for one in series],
            "labels": [json.dumps(one.labels, sort_keys=True) for one in series],
            "start": pa.array([one.start for one in series], pa.timestamp("us", "UTC")),
            "step_seconds": [one.step_seconds for one in series],
            "values": pa.array([list(one.values) for one in series], pa.list_(pa.float64())),
            "counts": pa.array(
                [None if one.counts is None else list(one.counts) for one in series], pa.list_(pa.int64())
            ),
        }
    )


def _read(path: Path) -> list[Series]:
    try:
        rows = pq.read_table(path).to_pylist()
    except (OSError, pa.ArrowInvalid) as error:
        raise StoreError(f"cannot read {path}: {error}; delete the store folder and ingest again") from error
    return [
        Series(
            metric=Metric.model_validate_json(row["metric"]),
            labels=json.loads(row["labels"]),
            start=row["start"],
            step_seconds=row["step_seconds"],
            values=tuple(row["values"]),
            counts=None if row["counts"] is None else tuple(row["counts"]),
        )
        for row in rows
    ]


def _write_bytes(path: Path, data: bytes) -> None:
    path.write_bytes(data)
