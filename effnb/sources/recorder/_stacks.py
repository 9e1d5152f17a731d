"""py-spy's raw output → stacks of ``module:qualname``, and the folded files that keep them.

A raw line is ``name (file:line);name (file:line) count``, root first. What starts the service (the shell, ``runpy``,
the import system) stands above it and is cut: a stack begins with its first frame from the recorded revision.
"""

from __future__ import annotations

import gzip
import io
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from effnb.errors import SourceError
from effnb.sources.recorder._names import NameIndex

FRAME = re.compile(r"(?P<name>.+?) \((?P<file>.+?)(?::(?P<line>\d+))?\)")
STARTUP = ("runpy:", "importlib._bootstrap", "site:", "encodings", "zipimport:")

Stack = tuple[str, ...]


class RawStacks(NamedTuple):
    """Stacks of one recording, and how many samples were not of the service."""

    stacks: Counter[Stack]
    """Count of samples by stack, root first."""
    outside: int
    """Samples of interpreter start-up, before any code of the revision ran."""


def read_raw(text: str, tree: Path) -> RawStacks:
    """The stacks in py-spy's raw output for a command that ran in ``tree``."""
    index = NameIndex(tree)
    stacks: Counter[Stack] = Counter()
    outside = 0
    for line in text.splitlines():
        raw, _, count = line.rpartition(" ")
        stack = _service_frames(raw, index)
        if stack:
            stacks[stack] += int(count)
        else:
            outside += int(count)
    return RawStacks(stacks, outside)


def _service_frames(raw: str, index: NameIndex) -> Stack:
    frames = [match for match in map(FRAME.fullmatch, raw.split(";")) if match]
    first = next((i for i, frame in enumerate(frames) if index.is_inside(frame["file"])), None)
    names = [index.name(frame["name"], frame["file"], int(frame["line"] or 0)) for frame in frames[first or 0 :]]
    if first is None and (not names or names[0].startswith(STARTUP)):
        return ()
    return _merge_folded(names, frames[first or 0 :])


def _merge_folded(names: list[str], frames: list[re.Match[str]]) -> Stack:
    """Drop comprehension frames that directly follow the function they were folded into; recursion stays."""
    kept = [
        name
        for i, (name, frame) in enumerate(zip(names, frames, strict=True))
        if i == 0 or name != names[i - 1] or not frame["name"].endswith(("comp>", "<genexpr>"))
    ]
    return tuple(kept)


def folded_bytes(stacks: Counter[Stack]) -> bytes:
    """``frame;frame count`` lines, sorted and gzipped without a time stamp: equal stacks give equal bytes."""
    lines = sorted(f"{';'.join(map(_safe, stack))} {count}\n" for stack, count in stacks.items())
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0) as compressed:
        compressed.write("".join(lines).encode())
    return buffer.getvalue()


def read_folded(path: Path) -> Counter[Stack]:
    """The stacks of a file that holds ``folded_bytes``."""
    try:
        text = gzip.decompress(path.read_bytes()).decode()
        pairs = [line.rpartition(" ") for line in text.splitlines()]
        return Counter({tuple(stack.split(";")): int(count) for stack, _, count in pairs})
    except (OSError, EOFError, ValueError) as error:
        raise SourceError(f"cannot read the recording {path}: {error}; record it again with --force") from error


def _safe(frame: str) -> str:
    return "_".join(frame.replace(";", ":").split())
