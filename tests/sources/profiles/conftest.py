"""A pprof writer of our own, so that tests say byte for byte what a file holds, and the recorded profiles."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest


def varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def number_field(number: int, value: int) -> bytes:
    return varint(number << 3) + varint(value)


def bytes_field(number: int, value: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(value)) + value


class PprofWriter:
    """Top-level fields of a profile; ``stack`` is root first, a tuple inside it is one location with inlining."""

    def __init__(self, types: Sequence[tuple[str, str]] = (("samples", "count"),), *, packed: bool = True) -> None:
        self.packed = packed
        self.strings = {"": 0}
        self.functions: dict[str, int] = {}
        self.parts = [bytes_field(1, self.value_type(*kind)) for kind in types]

    def string(self, text: str) -> int:
        return self.strings.setdefault(text, len(self.strings))

    def value_type(self, kind: str, unit: str) -> bytes:
        return number_field(1, self.string(kind)) + number_field(2, self.string(unit))

    def function(self, name: str) -> int:
        if name not in self.functions:
            self.functions[name] = len(self.functions) + 1
            self.parts.append(
                bytes_field(5, number_field(1, self.functions[name]) + number_field(2, self.string(name)))
            )
        return self.functions[name]

    def location(self, names: Sequence[str], identity: int, address: int = 0) -> None:
        lines = b"".join(bytes_field(4, number_field(1, self.function(name))) for name in reversed(names))
        self.parts.append(bytes_field(4, number_field(1, identity) + number_field(3, address) + lines))

    def sample(self, stack: Sequence[str | tuple[str, ...]], *values: int) -> PprofWriter:
        identities = []
        for frame in stack:
            identities.append(len(self.parts) + 1000)
            self.location((frame,) if isinstance(frame, str) else frame, identities[-1])
        return self.raw_sample(identities[::-1], values)

    def raw_sample(self, locations: Sequence[int], values: Sequence[int]) -> PprofWriter:
        if self.packed:
            body = bytes_field(1, b"".join(map(varint, locations))) + bytes_field(2, b"".join(map(varint, values)))
        else:
            body = b"".join(number_field(1, key) for key in locations) + b"".join(number_field(2, v) for v in values)
        self.parts.append(bytes_field(2, body))
        return self

    def number(self, field: int, value: int) -> PprofWriter:
        return self.add(number_field(field, value))

    def message(self, field: int, value: bytes) -> PprofWriter:
        return self.add(bytes_field(field, value))

    def add(self, part: bytes) -> PprofWriter:
        self.parts.append(part)
        return self

    def to_bytes(self) -> bytes:
        return b"".join(self.parts) + b"".join(bytes_field(6, text.encode()) for text in self.strings)


@pytest.fixture(scope="session")
def pprof() -> type[PprofWriter]:
    return PprofWriter


@pytest.fixture(scope="session")
def recorded(root: Path) -> Callable[[str], Path]:
    """A recorded profile by its path below ``profiles``; these files are kept outside the repository."""
    folder = Path(os.environ.get("EFFNB_SHARED", root.parent / "shared")) / "profiles"

    def find(name: str) -> Path:
        if not (folder / name).is_file():
            pytest.skip("the recorded profiles are not here; set EFFNB_SHARED to the folder that holds profiles/")
        return folder / name

    return find
