"""The storefront's repository, built once from its patches."""

from __future__ import annotations

from pathlib import Path

import pytest

from effnb.datasets import apply_history

DATA = Path(__file__).resolve().parents[2] / "data" / "storefront"


@pytest.fixture(scope="session")
def storefront(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("storefront") / "repo"
    apply_history(DATA, root)
    return root
