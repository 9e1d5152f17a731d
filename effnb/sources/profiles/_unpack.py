"""The bytes of a profile file, gzip undone, never more than a limit: a small file may unpack to any size."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path

from effnb.errors import SourceDenied, SourceError, SourceUnavailable
from effnb.sources.profiles._limits import MEBIBYTE, FormatError, Limits

GZIP = b"\x1f\x8b"


def load_content(path: Path, limits: Limits) -> bytes:
    """The file's content, unpacked when it is gzip; every failure names the file."""
    try:
        return unpack(_load_bytes(path, limits.unpacked_bytes), limits.unpacked_bytes)
    except FormatError as error:
        raise SourceError(f"cannot read {path}: {error}") from error


def unpack(packed: bytes, limit: int) -> bytes:
    """The bytes themselves, or what they unpack to when they are gzip, one member or several."""
    if not packed.startswith(GZIP):
        return packed
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as file:
            data = file.read(limit + 1)
    except EOFError as error:
        raise FormatError("its gzip data ends early; copy the file again") from error
    except (OSError, zlib.error) as error:
        raise FormatError(f"its gzip data is damaged ({error}); copy the file again") from error
    if len(data) > limit:
        raise FormatError(f"it unpacks to more than {_mebibytes(limit)}; raise Limits.unpacked_bytes if it is real")
    return data


def _load_bytes(path: Path, limit: int) -> bytes:
    """At most ``limit`` bytes; read, not asked for its size, so that a pipe works too."""
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except FileNotFoundError as error:
        raise SourceUnavailable(f"cannot read {path}: there is no such file; check the path") from error
    except PermissionError as error:
        raise SourceDenied(f"cannot read {path}: permission denied; ask its owner for read access") from error
    except IsADirectoryError as error:
        raise SourceUnavailable(f"cannot read {path}: it is a folder; name the profiles in it") from error
    except (OSError, ValueError) as error:
        raise SourceUnavailable(f"cannot read {path!r}: {error}; check the path and the disk") from error
    if len(data) > limit:
        raise FormatError(f"it is larger than {_mebibytes(limit)}; raise Limits.unpacked_bytes if it is real")
    return data


def _mebibytes(size: int) -> str:
    return f"{size / MEBIBYTE:,.0f} MiB" if size >= MEBIBYTE else f"{size:,} bytes"
