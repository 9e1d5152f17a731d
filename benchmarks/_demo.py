"""The demo workspace that several benchmarks are about: one that is there, or one built for the run."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from effnb.demo import build_workspace
from effnb.session import Session, open_session


@contextmanager
def demo_session(given: Path | None) -> Iterator[Session]:
    """A session in ``given``, or in a workspace with findings that lives as long as the block."""
    with tempfile.TemporaryDirectory(prefix="effnb-benchmark-") as folder:
        session = open_session(given) if given else build_workspace(Path(folder, "demo"), tell=_told)
        try:
            yield session
        finally:
            session.close()


def _told(stage: str, done: int, total: int) -> None:
    if done == 0:
        print(f"{stage} ({total})", file=sys.stderr)
