"""One runner per run: a lock that the system takes back when its process is gone, however it went."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from effnb.errors import StoreError


@contextmanager
def one_runner(folder: Path, run_id: str) -> Iterator[None]:
    """Hold the run's lock.

    Raises:
        StoreError: Another runner holds it, in this process or another.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / f"{run_id}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreError(
                f"another process runs {run_id} now; wait until its call ends, then resume the run"
            ) from error
        yield
    finally:
        os.close(handle)


def forget_lock(folder: Path, run_id: str) -> None:
    """Remove the lock of a run that is over; whoever waits for it finds the run over."""
    (folder / f"{run_id}.lock").unlink(missing_ok=True)
