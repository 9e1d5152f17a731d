"""What holds for every test: no language model is reached, notebooks report, and what is skipped is counted."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import settings
from pydantic_ai import models

os.environ["EFFNB_MODE"] = "report"
models.ALLOW_MODEL_REQUESTS = False

# A shared machine is slow at odd moments, which says nothing about the code; in CI the examples are always the same.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")

PROGRAMS = {"browser": ("chromium", "chromium-browser", "google-chrome"), "server": ("prometheus",)}
"""Programs a mark asks for, any of which will do; ``@pytest.mark.server("name")`` asks for another one."""


@pytest.fixture(autouse=True)
def no_workspace_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests make their own workspace; the one the notebooks are checked in is not theirs."""
    monkeypatch.delenv("EFFNB_WORKSPACE", raising=False)


def installed(*programs: str) -> str | None:
    """Path of the first of the programs that is on PATH."""
    return next(filter(None, map(shutil.which, programs)), None)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a program this machine does not have."""
    for name, usual in PROGRAMS.items():
        for mark in item.iter_markers(name):
            programs = mark.args or usual
            if not installed(*programs):
                pytest.skip(f"{programs[0]} is not installed")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser."""
    return installed(*PROGRAMS["browser"]) or pytest.skip("chromium is not installed")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return Path(__file__).resolve().parents[1]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count what was skipped, by reason."""
    reports = terminalreporter.stats.get("skipped", [])
    reasons = Counter(str(report.longrepr[2]).removeprefix("Skipped: ") for report in reports)
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"skipped {count}: {reason}")
