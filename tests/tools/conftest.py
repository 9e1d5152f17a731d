"""The made-up shop, detected once for all tests that only read it."""

from __future__ import annotations

import pytest
from shop_workspace import build_shop

from effnb.session import Session, open_session


@pytest.fixture(scope="session")
def session(tmp_path_factory) -> Session:
    root = tmp_path_factory.mktemp("shop")
    build_shop(root)
    opened = open_session(root)
    opened.tools.run_detection()
    yield opened
    opened.close()


@pytest.fixture
def empty(tmp_path) -> Session:
    """A workspace into which nothing was ingested."""
    (tmp_path / "effnb.toml").write_text("")
    opened = open_session(tmp_path)
    yield opened
    opened.close()
