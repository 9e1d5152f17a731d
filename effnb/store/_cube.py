"""The series cube of a service: samples of each function, by endpoint and bucket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import scipy.sparse as sp

from effnb.domain import Window

Stack = tuple[str, ...]
Counts = npt.NDArray[np.int64]
NO_ENDPOINT = ""


@dataclass(frozen=True)
class Cube:
    """Counts of one service; a function counts once per stack, however often it recurs."""

    service: str
    step_seconds: int
    start: int
    """Start of the first bucket, seconds since 1970 UTC."""
    functions: tuple[str, ...]
    endpoints: tuple[str, ...]
    """Endpoint names; ``""`` holds samples outside every known handler."""
    counts: Counts
    """Shape ``(n_functions, n_endpoints, n_buckets)``."""
    totals: Counts
    """All samples, shape ``(n_endpoints, n_buckets)``; zero where nothing was sampled."""

    @property
    def n_buckets(self) -> int:
        """Length of the time axis."""
        return int(self.totals.shape[1])

    @property
    def times(self) -> npt.NDArray[np.int64]:
        """Start of each bucket, seconds since 1970 UTC."""
        return self.start + self.step_seconds * np.arange(self.n_buckets, dtype=np.int64)

    @property
    def window(self) -> Window:
        """The span the buckets cover."""
        first, stop = self.start, self.start + self.n_buckets * self.step_seconds
        return Window(start=datetime.fromtimestamp(first, tz=UTC), end=datetime.fromtimestamp(stop, tz=UTC))

    def index(self, function: str) -> int | None:
        """Row of a function; None when it was never sampled."""
        try:
            return self.functions.index(function)
        except ValueError:
            return None

    def to_table(self) -> pa.Table:
        """One row per function and endpoint that has samples; the row without function holds the totals."""
        rows = [(None, e, self.totals[e]) for e in range(len(self.endpoints))]
        for f, e in zip(*np.nonzero(self.counts.any(axis=2)), strict=True):
            rows.append((self.functions[f], e, self.counts[f, e]))
        table = pa.table(
            {
                "function": pa.array([row[0] for row in rows], pa.string()),
                "endpoint": pa.array([self.endpoints[row[1]] for row in rows], pa.string()),
                "n": pa.array([row[2] for row in rows], pa.list_(pa.int64())),
            }
        )
        return table.replace_schema_metadata(
            {"service": self.service, "step_seconds": str(self.step_seconds), "start": str(self.start)}
        )

    @classmethod
    def from_table(cls, table: pa.Table) -> Cube:
        """The cube that ``to_table`` wrote."""
        metadata = {key.decode(): value.decode() for key, value in table.schema.metadata.items()}
        names, labels = table["function"].to_pylist(), table["endpoint"].to_pylist()
        values = np.vstack([np.asarray(row, dtype=np.int64) for row in table["n"].to_pylist()])
        functions = tuple(sorted({name for name in names if name is not None}))
        endpoints = tuple(sorted(set(labels)))
        counts = np.zeros((len(functions), len(endpoints), values.shape[1]), dtype=np.int64)
        totals = np.zeros((len(endpoints), values.shape[1]), dtype=np.int64)
        rank = {name: i for i, name in enumerate(functions)}
        place = {name: i for i, name in enumerate(endpoints)}
        for name, label, row in zip(names, labels, values, strict=True):
            target = totals[place[label]] if name is None else counts[rank[name], place[label]]
            target += row
        return cls(
            service=metadata["service"],
            step_seconds=int(metadata["step_seconds"]),
            start=int(metadata["start"]),
            functions=functions,
            endpoints=endpoints,
            counts=counts,
            totals=totals,
        )


def count_functions(
    service: str,
    stacks: Mapping[int, Stack],
    stack: Counts,
    bucket: Counts,
    n: Counts,
    step_seconds: int,
    endpoints: Mapping[str, str],
) -> Cube:
    """The cube of aggregated samples: a sparse (stack × bucket) matrix times a (function × stack) incidence."""
    ids, row = np.unique(stack, return_inverse=True)
    start, stop = int(bucket.min()), int(bucket.max())
    column = (bucket - start) // step_seconds
    n_buckets = (stop - start) // step_seconds + 1
    per_stack = sp.csr_array((n, (row, column)), shape=(len(ids), n_buckets))
    frames = [stacks[int(key)] for key in ids]
    functions, incidence = _incidence(frames)
    names = tuple(sorted({*endpoints.values(), NO_ENDPOINT}))
    owner = np.array([names.index(_endpoint(stack_frames, endpoints)) for stack_frames in frames])
    counts = np.zeros((len(functions), len(names), n_buckets), dtype=np.int64)
    totals = np.zeros((len(names), n_buckets), dtype=np.int64)
    for e in range(len(names)):
        mine = per_stack[owner == e]
        totals[e] = np.asarray(mine.sum(axis=0)).ravel()
        counts[:, e, :] = (incidence[:, owner == e] @ mine).toarray()
    return Cube(service, step_seconds, start, functions, names, counts, totals)


def _incidence(frames: Sequence[Stack]) -> tuple[tuple[str, ...], sp.csr_array]:
    functions = tuple(sorted({name for stack in frames for name in stack}))
    rank = {name: i for i, name in enumerate(functions)}
    pairs = [(rank[name], column) for column, stack in enumerate(frames) for name in set(stack)]
    rows, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    ones = np.ones(len(pairs), dtype=np.int64)
    return functions, sp.csr_array((ones, (rows, columns)), shape=(len(functions), len(frames)))


def _endpoint(frames: Stack, endpoints: Mapping[str, str]) -> str:
    return next((endpoints[name] for name in frames if name in endpoints), NO_ENDPOINT)


def merge_cubes(cubes: Sequence[Cube]) -> Cube:
    """Cubes of one service as one, over the union of their buckets; overlapping buckets are added up."""
    if len(cubes) == 1:
        return cubes[0]
    first = cubes[0]
    start = min(cube.start for cube in cubes)
    stop = max(cube.start + cube.n_buckets * cube.step_seconds for cube in cubes)
    functions = tuple(sorted({name for cube in cubes for name in cube.functions}))
    endpoints = tuple(sorted({name for cube in cubes for name in cube.endpoints}))
    length = (stop - start) // first.step_seconds
    counts = np.zeros((len(functions), len(endpoints), length), dtype=np.int64)
    totals = np.zeros((len(endpoints), length), dtype=np.int64)
    for cube in cubes:
        offset = (cube.start - start) // first.step_seconds
        span = slice(offset, offset + cube.n_buckets)
        f = [functions.index(name) for name in cube.functions]
        e = [endpoints.index(name) for name in cube.endpoints]
        counts[np.ix_(f, e, range(span.start, span.stop))] += cube.counts
        totals[e, span] += cube.totals
    return Cube(first.service, first.step_seconds, start, functions, endpoints, counts, totals)
