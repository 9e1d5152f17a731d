"""Writing files so that a reader sees the old content or the new, never half of it."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

TEMPORARY = ".effnb-tmp-"


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Let ``write`` fill a temporary file beside ``path``, flush it to disk, then move it into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f"{TEMPORARY}{os.getpid()}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    write_atomically(path, lambda temporary: _ignore(temporary.write_text(text, encoding="utf-8")))


def digest_of(data: bytes) -> str:
    """SHA-256 in hex, the name of content-addressed files."""
    return hashlib.sha256(data).hexdigest()


def sweep(folder: Path) -> int:
    """Remove temporaries a killed writer left behind; how many there were. Those of a living process stay."""
    orphans = [path for path in folder.rglob(f"{TEMPORARY}*") if not _is_alive(path.name)]
    for orphan in orphans:
        orphan.unlink(missing_ok=True)
    return len(orphans)


def _is_alive(name: str) -> bool:
    """Whether the process that a temporary is named after still runs, as far as this user can tell."""
    pid = name.removeprefix(TEMPORARY).partition("-")[0]
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _ignore(_: object) -> None:
    return None
