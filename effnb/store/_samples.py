"""Stack samples on disk: immutable Parquet parts, and the per-function series cube written with each part.

A part counts once its row in the state file is committed; a file without one is an orphan of a killed writer and is
never read. Three kinds of part: ``samples`` (bucket, service, version, host_group, stack, n; sorted by service, stack,
bucket), ``stacks`` (stack id → frames) and ``cube`` (function × endpoint → counts a bucket), so that opening a history
never touches the samples.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from effnb.domain import Window
from effnb.errors import StoreError
from effnb.store._cube import Cube, count_functions, merge_cubes
from effnb.store._files import digest_of, sweep, write_atomically
from effnb.store._state import State

Stack = tuple[str, ...]


def stack_id(frames: Stack) -> int:
    """A stable 63-bit id of a stack, the same in every part and process."""
    return int.from_bytes(hashlib.blake2b("\0".join(frames).encode(), digest_size=8).digest(), "big") >> 1


@dataclass(frozen=True)
class Samples:
    """Aggregated stack samples of one service; all arrays have one entry a row."""

    service: str
    stacks: Mapping[int, Stack]
    """Frames, root first, of each stack id that occurs."""
    step_seconds: int
    bucket: npt.NDArray[np.int64]
    """Start of the bucket, seconds since 1970 UTC."""
    version: Sequence[str] | npt.NDArray[np.object_]
    host_group: Sequence[str] | npt.NDArray[np.object_]
    stack: npt.NDArray[np.int64]
    n: npt.NDArray[np.int64]


@dataclass(frozen=True)
class StackMatrix:
    """Counts of every stack of a service over time."""

    start: int
    """Start of the first bucket, seconds since 1970 UTC."""
    step_seconds: int
    stacks: tuple[Stack, ...]
    counts: npt.NDArray[np.int64]
    """Shape ``(n_stacks, n_buckets)``."""


class SampleStore:
    """The samples of a workspace."""

    def __init__(self, folder: Path, state: State) -> None:
        self.folder = folder
        self.state = state
        sweep(folder) if folder.is_dir() else folder.mkdir(parents=True)
        self._stacks: dict[str, dict[int, Stack]] = {}

    def add(self, samples: Samples, *, endpoints: Mapping[str, str], source: str) -> None:
        """Write one batch and register it; ``endpoints`` maps handler function to endpoint name.

        The same batch added twice counts once: a part is named after its content.

        Raises:
            StoreError: the service's samples are in buckets of another width.
        """
        held = self.step_seconds(samples.service)
        if held not in (0, samples.step_seconds):
            raise StoreError(
                f"samples of {samples.service} are in buckets of {held} s, these in {samples.step_seconds} s; "
                "set [workspace] bucket_seconds back, or ingest into another workspace"
            )
        order = np.lexsort((samples.bucket, samples.stack))
        table = _sample_table(samples, order)
        cube = count_functions(
            samples.service, samples.stacks, samples.stack, samples.bucket, samples.n, samples.step_seconds, endpoints
        )
        parts = [
            self._write("samples", samples.service, table),
            self._write("stacks", samples.service, _stack_table(samples)),
            self._write("cube", samples.service, cube.to_table()),
        ]
        with self.state.transaction() as connection:
            for kind, path, rows, digest in parts:
                connection.execute(
                    "INSERT OR IGNORE INTO part VALUES (?, ?, ?, ?, ?, ?)",
                    (path, kind, rows, digest, source, datetime.now(UTC).isoformat()),
                )
        self._stacks.pop(samples.service, None)

    def _write(self, kind: str, service: str, table: pa.Table) -> tuple[str, str, int, str]:
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd", use_dictionary=True)
        data = sink.getvalue().to_pybytes()
        digest = digest_of(data)
        name = f"{kind}/{_safe(service)}-{digest[:16]}.parquet"
        if not (self.folder / name).exists():
            write_atomically(self.folder / name, lambda path: _write_bytes(path, data))
        return kind, name, table.num_rows, digest

    def services(self) -> tuple[str, ...]:
        """Services that have samples, sorted; empty for a store nothing was ingested into."""
        names = {_metadata(path)["service"] for path in self._parts("cube")}
        return tuple(sorted(names))

    def buckets(self, service: str, source: str) -> frozenset[int]:
        """Starts of the buckets (seconds since 1970) that samples of a service were added for from one source."""
        rows = self.state.connection.execute("SELECT path FROM part WHERE kind = 'samples' AND source = ?", (source,))
        named = {self.folder / row["path"] for row in rows}
        mine = [path for path in self._parts("samples", service) if path in named]
        return frozenset(at for path in mine for at in self._read(path, columns=["bucket"])["bucket"].to_pylist())

    def cube(self, service: str) -> Cube | None:
        """The series of every function of a service; None when it has no samples."""
        self.step_seconds(service)
        cubes = [Cube.from_table(self._read(path)) for path in self._parts("cube", service)]
        return merge_cubes(cubes) if cubes else None

    def stacks(self, service: str) -> Mapping[int, Stack]:
        """Frames of every stack id of a service."""
        if service not in self._stacks:
            found: dict[int, Stack] = {}
            for path in self._parts("stacks", service):
                table = self._read(path)
                found.update(zip(table["stack"].to_pylist(), map(tuple, table["frames"].to_pylist()), strict=True))
            self._stacks[service] = found
        return self._stacks[service]

    def select(
        self, service: str, window: Window | None = None, *, columns: Sequence[str] = ("stack", "n")
    ) -> pa.Table:
        """Sample rows of a service whose bucket starts inside a window; no rows when there are none."""
        filters = None
        if window is not None:
            first, last = int(window.start.timestamp()), int(window.end.timestamp())
            filters = (pc.field("bucket") >= first) & (pc.field("bucket") < last)
        tables = [self._read(path, columns=list(columns), filters=filters) for path in self._parts("samples", service)]
        return pa.concat_tables(tables, promote_options="permissive") if tables else _EMPTY.select(list(columns))

    def stack_counts(self, service: str, window: Window | None = None) -> dict[Stack, int]:
        """Samples of each stack of a service inside a window; empty when nothing was seen."""
        table = self.select(service, window)
        sums = table.group_by("stack").aggregate([("n", "sum")])
        frames = self.stacks(service)
        return {
            frames[key]: int(n) for key, n in zip(sums["stack"].to_pylist(), sums["n_sum"].to_pylist(), strict=True)
        }

    def stack_matrix(self, service: str) -> StackMatrix | None:
        """Counts of every stack over time; None when the service has no samples."""
        table = self.select(service, columns=("stack", "bucket", "n"))
        if not table.num_rows:
            return None
        step = self.step_seconds(service)
        bucket, n = table["bucket"].to_numpy(), table["n"].to_numpy()
        ids, row = np.unique(table["stack"].to_numpy(), return_inverse=True)
        start, stop = int(bucket.min()), int(bucket.max())
        counts = np.zeros((len(ids), (stop - start) // step + 1), dtype=np.int64)
        np.add.at(counts, (row, (bucket - start) // step), n)
        frames = self.stacks(service)
        return StackMatrix(start, step, tuple(frames[int(key)] for key in ids), counts)

    def group_shares(
        self, service: str, function: str, window: Window
    ) -> tuple[npt.NDArray[np.int64], dict[str, npt.NDArray[np.float64]]]:
        """Bucket starts of a window and, per host group, the share of samples with a function; NaN without samples."""
        step = self.step_seconds(service)
        first = -(-int(window.start.timestamp()) // step) * step
        times = np.arange(first, int(window.end.timestamp()), step, dtype=np.int64)
        table = self.select(service, window, columns=("bucket", "host_group", "stack", "n"))
        holding = [key for key, frames in self.stacks(service).items() if function in frames]
        holds = np.isin(table["stack"].to_numpy(), np.array(holding, dtype=np.int64))
        column, n = (table["bucket"].to_numpy() - first) // step, table["n"].to_numpy()
        groups = np.asarray(table["host_group"].cast(pa.string()).to_pylist(), dtype=object)
        shares = {}
        for group in sorted(set(groups)):
            mine = groups == group
            total = np.bincount(column[mine], n[mine], len(times))
            hit = np.bincount(column[mine & holds], n[mine & holds], len(times))
            shares[group] = np.divide(hit, total, out=np.full(len(times), np.nan), where=total > 0)
        return times, shares

    def step_seconds(self, service: str) -> int:
        """Width of a bucket; one width a service."""
        widths = {int(_metadata(path)["step_seconds"]) for path in self._parts("samples", service)}
        if len(widths) > 1:
            raise StoreError(f"samples of {service} have buckets of {sorted(widths)} s; ingest them into one width")
        return widths.pop() if widths else 0

    def _parts(self, kind: str, service: str | None = None) -> list[Path]:
        pattern = f"{kind}/{_safe(service)}-%" if service else f"{kind}/%"
        rows = self.state.connection.execute(
            "SELECT path FROM part WHERE kind = ? AND path LIKE ? ORDER BY rowid", (kind, pattern)
        )
        paths = [self.folder / row["path"] for row in rows]
        return [path for path in paths if service is None or _metadata(path)["service"] == service]

    def _read(self, path: Path, **options: object) -> pa.Table:
        try:
            return pq.read_table(path, **options)
        except (OSError, pa.ArrowInvalid) as error:
            raise _damaged(path, error) from error


_EMPTY = pa.table(
    {
        "bucket": pa.array([], pa.int64()),
        "version": pa.array([], pa.string()),
        "host_group": pa.array([], pa.string()),
        "stack": pa.array([], pa.int64()),
        "n": pa.array([], pa.int64()),
    }
)


def _sample_table(samples: Samples, order: npt.NDArray[np.int64]) -> pa.Table:
    def column(values: Sequence[str] | npt.NDArray[np.object_]) -> pa.Array:
        return pa.array(np.asarray(values, dtype=object)[order], pa.string()).dictionary_encode()

    table = pa.table(
        {
            "bucket": samples.bucket[order],
            "version": column(samples.version),
            "host_group": column(samples.host_group),
            "stack": samples.stack[order],
            "n": samples.n[order],
        }
    )
    return table.replace_schema_metadata({"service": samples.service, "step_seconds": str(samples.step_seconds)})


def _stack_table(samples: Samples) -> pa.Table:
    keys = sorted(samples.stacks)
    frames = pa.array([list(samples.stacks[key]) for key in keys], pa.list_(pa.string()))
    table = pa.table({"stack": pa.array(keys, pa.int64()), "frames": frames})
    return table.replace_schema_metadata({"service": samples.service})


def _safe(service: str) -> str:
    """A service name as part of a file name; the full name is in the file's metadata."""
    return "".join(letter if letter.isalnum() or letter in ".-" else "-" for letter in service)[:60]


def _metadata(path: Path) -> dict[str, str]:
    """What a part says about itself: its service, and the width of its buckets."""
    try:
        metadata = pq.read_schema(path).metadata or {}
    except (OSError, pa.ArrowInvalid) as error:
        raise _damaged(path, error) from error
    return {key.decode(): value.decode() for key, value in metadata.items() if key != b"ARROW:schema"}


def _damaged(path: Path, error: Exception) -> StoreError:
    return StoreError(f"cannot read {path}: {error}; delete the store folder and ingest again")


def _write_bytes(path: Path, data: bytes) -> None:
    path.write_bytes(data)
