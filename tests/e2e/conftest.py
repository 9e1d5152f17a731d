"""One demo for all end-to-end tests, built without the truth: whoever peeked would fail here."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from pathlib import Path

import pytest

from effnb.demo import run_demo


@pytest.fixture(scope="session")
def truth(root: Path) -> dict:
    """What was planted."""
    return json.loads((root / "data/storefront/truth.json").read_text())


@pytest.fixture(scope="session")
def demo(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a finished demo whose data folder had no ``truth.json``; workers of one run share it."""
    shared = tmp_path_factory.getbasetemp()
    folder = (shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared) / "one-demo"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "demo" / "notebooks").exists():
            _build(root, folder)
    return folder / "demo"


def _build(root: Path, folder: Path) -> None:
    data = shutil.copytree(root / "data/storefront", folder / "data")
    (data / "truth.json").unlink()
    run_demo(folder / "demo", data=data)
    shutil.copytree(root / "notebooks", folder / "demo" / "notebooks", ignore=shutil.ignore_patterns(".*"))


@pytest.fixture(scope="session")
def summary(demo: Path) -> dict:
    """The demo's ``summary.json``."""
    return json.loads((demo / "summary.json").read_text())
