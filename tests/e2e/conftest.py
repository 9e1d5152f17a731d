"""One demo for all end-to-end tests, built without the truth: whoever peeked would fail here."""

from __future__ import annotations

import json
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
    """Folder of a finished demo whose data folder had no ``truth.json``."""
    folder = tmp_path_factory.mktemp("demo")
    data = shutil.copytree(root / "data/storefront", folder / "data")
    (data / "truth.json").unlink()
    run_demo(folder / "demo", data=data)
    notebooks = folder / "demo" / "notebooks"
    notebooks.mkdir()
    for notebook in (root / "notebooks").glob("*.ipynb"):
        shutil.copyfile(notebook, notebooks / notebook.name)
    return folder / "demo"


@pytest.fixture(scope="session")
def summary(demo: Path) -> dict:
    """The demo's ``summary.json``."""
    return json.loads((demo / "summary.json").read_text())
