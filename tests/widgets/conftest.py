"""A session over the story, which is importable by name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from investigation_story import StorySession


@pytest.fixture
def session(tmp_path):
    made = StorySession(tmp_path)
    yield made
    made.state.close()
