"""Recorded workloads: with which arguments a service calls its hot functions, and the command that drives it.

A gain belongs to a fix and a workload together, so both are kept with the mix they were seen in. A folder
``<workloads>/<service>/`` holds ``workload.json`` (the command) and one gzipped JSON Lines file for each function: a
header, values that many calls share (``define``), then distinct calls with how often each was seen.
"""

from __future__ import annotations

import gzip
import io
import json
import random
import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, JsonValue, ValidationError

from effnb.domain import Noun
from effnb.errors import NotFound, SourceError, SourceUnavailable
from effnb.verify._codec import encode
from effnb.verify._sharing import expand, is_use, share

COMMAND_FILE = "workload.json"


class CallSample(Noun):
    """One distinct call that was seen."""

    args: list[JsonValue]
    """Positional arguments, encoded; ``{"$": "use", "key": …}`` stands for a shared value."""
    kwargs: dict[str, JsonValue] = Field(default_factory=dict)
    """Keyword arguments, encoded."""
    n: int = Field(default=1, ge=1)
    """How often it was seen."""


class FunctionWorkload(Noun):
    """Calls of one function, in the mix they were seen in."""

    function: str
    """``module:qualname``."""
    service: str
    """Service that made the calls."""
    revision: str = ""
    """Commit it ran at."""
    calls: int = Field(ge=0)
    """Calls while it was recorded."""
    distinct: int = Field(ge=0)
    """Distinct arguments among those that were looked at."""
    examined: int = Field(default=0, ge=0)
    """Calls whose arguments were looked at, the first ones; looking takes time, so the rest were only counted."""
    repeat_rate: float = Field(ge=0, le=1)
    """Share of the calls looked at whose arguments had been seen before."""
    left_out: int = Field(default=0, ge=0)
    """Calls whose arguments could not be encoded, or were too large."""
    shared: dict[str, JsonValue] = Field(default_factory=dict)
    """Encoded values that several samples use, by key."""
    samples: tuple[CallSample, ...] = ()
    """Distinct calls with counts, most frequent first."""

    @property
    def sampled_repeat_rate(self) -> float:
        """Share of repeated arguments in a replay of the samples."""
        total = sum(sample.n for sample in self.samples)
        return 1 - len(self.samples) / total if total else 0.0

    def sequence(self, length: int, seed: int = 0) -> list[int]:
        """Indices into ``samples``, drawn by their counts: a replay of ``length`` calls."""
        weights = [sample.n for sample in self.samples]
        return random.Random(seed).choices(range(len(weights)), weights, k=length) if weights else []


class ServiceWorkload(Noun):
    """How to make a service do its usual work, without network, for a while."""

    service: str
    """Service it drives."""
    command: tuple[str, ...]
    """Its words; a leading ``python`` is the interpreter in use, ``{seed}`` and ``{requests}`` are filled in."""
    revision: str = ""
    """Commit it was recorded at."""
    files: dict[str, str] = Field(default_factory=dict)
    """Files put into the root of the checkout first: name → text."""
    seed: int = 1
    """What ``{seed}`` stands for, unless a replay asks for other requests."""
    requests: int | None = Field(default=None, gt=0)
    """What ``{requests}`` stands for: the length of one run; null when the command has no such word."""
    not_replayable: dict[str, str] = Field(default_factory=dict)
    """Hot function → why its calls cannot be replayed one by one; the command still makes them."""

    @property
    def is_seeded(self) -> bool:
        """Whether another seed gives other requests."""
        return any("{seed}" in word for word in self.command)

    def part(self, divisor: int) -> int | None:
        """Requests of a run that is shorter by a divisor, at least one; null when the command has no such word."""
        return max(1, self.requests // divisor) if self.requests else None

    def words(self, *, seed: int | None = None, requests: int | None = None) -> list[str]:
        """The command as it is run."""
        values = {
            "{seed}": str(self.seed if seed is None else seed),
            "{requests}": str(requests or self.requests or ""),
        }
        return [_filled(word, values) for word in self.command]


def encoded_call(args: Sequence[Any], kwargs: dict[str, Any], *, max_nodes: int = 100_000) -> CallSample:
    """A call that is about to be made, as a sample; encode before the call, for it may change its arguments.

    Raises:
        Unencodable: An argument has hidden state or is too large.
    """
    return CallSample(
        args=[encode(value, max_nodes=max_nodes) for value in args],
        kwargs={name: encode(value, max_nodes=max_nodes) for name, value in kwargs.items()},
    )


def write_function_workload(folder: Path, workload: FunctionWorkload) -> Path:
    """Write a workload into the folder of its service and return the file."""
    plain = [
        [[expand(value, workload.shared) for value in sample.args], expand(sample.kwargs, workload.shared)]
        for sample in workload.samples
    ]
    shared, rows = share([value for args, kwargs in plain for value in (*args, kwargs)])
    parts = iter(rows)
    head = workload.model_dump(mode="json", exclude={"samples", "shared"})
    lines: list[Any] = [head, *({"define": key, "value": value} for key, value in shared.items())]
    for sample in workload.samples:
        row = {"args": [next(parts) for _ in sample.args], "kwargs": next(parts), "n": sample.n}
        lines.append({name: value for name, value in row.items() if value != {}})
    path = folder / workload_file(workload.function)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_gzipped("".join(f"{json.dumps(line)}\n" for line in lines)))
    return path


def write_service_workload(folder: Path, workload: ServiceWorkload) -> Path:
    """Write the command that drives a service into its folder and return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / COMMAND_FILE
    path.write_text(workload.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return path


def load_function_workload(path: Path) -> FunctionWorkload:
    """The workload in one file.

    Raises:
        SourceUnavailable: There is no such file.
        SourceError: It is damaged; the line is named.
    """
    head: dict[str, Any] = {}
    shared: dict[str, JsonValue] = {}
    samples: list[CallSample] = []
    for number, row in _rows(path):
        try:
            if not head:
                head = row
            elif "define" in row:
                shared[str(row["define"])] = expand(row["value"], shared)
            else:
                samples.append(_sample(row, shared))
        except (ValidationError, KeyError) as error:
            raise _damaged(path, number, str(error).splitlines()[0]) from error
    try:
        return FunctionWorkload.model_validate({**head, "shared": shared, "samples": tuple(samples)})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise _damaged(path, 1, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def load_service_workload(folder: Path) -> ServiceWorkload:
    """The command that drives the service whose workloads lie in a folder; errors as for functions."""
    path = folder / COMMAND_FILE
    try:
        return ServiceWorkload.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise SourceUnavailable(f"no {COMMAND_FILE} in {folder}; record a workload with `effnb record`") from error
    except ValidationError as error:
        raise _damaged(path, 1, str(error).splitlines()[0]) from error


def find_workload(workloads: Path, function: str, service: str | None = None) -> FunctionWorkload:
    """The workload of a function, from a folder that holds one folder for each service; the most called one wins.

    Raises:
        NotFound: No service recorded calls of it.
    """
    folders = [workloads / service] if service else sorted(path for path in workloads.glob("*") if path.is_dir())
    paths = [folder / workload_file(function) for folder in folders]
    found = [load_function_workload(path) for path in paths if path.is_file()]
    if not found:
        raise NotFound(f"no recorded calls of {function} in {workloads}; record them with `effnb record`")
    return max(found, key=lambda one: one.calls)


def workload_file(function: str) -> str:
    """File name of a function's workload."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", function) + ".jsonl.gz"


def _sample(row: dict[str, Any], shared: dict[str, JsonValue]) -> CallSample:
    """A line as it is replayed: whole arguments may stand for shared values, parts of them do not."""
    args = [value if is_use(value) else expand(value, shared) for value in row["args"]]
    return CallSample.model_validate({**row, "args": args, "kwargs": expand(row.get("kwargs", {}), shared)})


def _filled(word: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        word = word.replace(name, value)
    return word


def _gzipped(text: str) -> bytes:
    """Without a time stamp: equal workloads give equal bytes."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0) as compressed:
        compressed.write(text.encode())
    return buffer.getvalue()


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        data = path.read_bytes()
        lines = (gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data).decode().splitlines()
    except FileNotFoundError as error:
        raise SourceUnavailable(f"no workload {path}; record one with `effnb record`") from error
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise SourceError(f"cannot read the workload {path}: {error}; record it again") from error
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise _damaged(path, number, f"no JSON: {error}") from error
        if not isinstance(row, dict):
            raise _damaged(path, number, "an object is expected")
        yield number, row


def _damaged(path: Path, number: int, why: str) -> SourceError:
    return SourceError(f"{path}:{number} {why}; record the workload again")
