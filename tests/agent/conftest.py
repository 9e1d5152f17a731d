"""Fixtures of the agent's tests."""

from __future__ import annotations

import pytest
from agent_bench import Bench


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path)
    yield made
    made.state.close()
