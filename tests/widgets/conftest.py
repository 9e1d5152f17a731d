"""A session over the story; the story and the browser's harness are importable by name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]


@pytest.fixture
def session(tmp_path):
    from investigation_story import StorySession

    made = StorySession(tmp_path)
    yield made
    made.state.close()
