"""How the loops over points are compiled: by numba, kept on disk, without Python's lock so that threads share rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """The same function as machine code, compiled at the first call with new argument types, then cached on disk.

    Division by zero gives infinities, as in NumPy.
    """
    return cast("Callable[P, R]", numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def compiled_for_sums(function: Callable[P, R]) -> Callable[P, R]:
    """As ``compiled``, for loops over finite values that may be summed in any order: several points at a time."""
    anyhow = {"reassoc", "contract", "nnan", "nsz", "arcp"}
    return cast("Callable[P, R]", numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=anyhow)(function))


def _drop_stale(folder: Path) -> None:
    """Remove machine code older than the sources beside this file.

    numba notices when the file of a function changes, not when that of a function it calls does; in a checkout it
    would go on running the old one. Where the folder cannot be written numba keeps its cache elsewhere, and an
    installer that replaces files replaces all of them.
    """
    sources = b"".join(path.read_bytes() for path in sorted(folder.glob("*.py")))
    now = hashlib.sha256(sources).hexdigest()
    stamp = folder / "__pycache__" / "compiled-from"
    with suppress(OSError):
        if stamp.exists() and stamp.read_text(encoding="ascii") == now:
            return
        for path in (folder / "__pycache__").glob("*.nb[ci]"):
            path.unlink(missing_ok=True)
        stamp.parent.mkdir(exist_ok=True)
        stamp.write_text(now, encoding="ascii")


_drop_stale(Path(__file__).parent)
