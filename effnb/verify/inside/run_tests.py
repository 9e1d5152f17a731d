"""Runs inside the sandbox: the repository's own tests under pytest, with which of them reach the changed lines.

Answers in one line that begins with a nonce; an early exit of the code under test leaves that line unwritten.
"""

from __future__ import annotations

import os
import sys

ANSWER = os.dup(1)
os.dup2(2, 1)

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

LONGEST = 300
OURS = {
    "nbval": "nbval",
    "xdist": "xdist",
    "xdist.looponfail": "xdist",
    "anyio": "anyio",
    "hypothesispytest": "hypothesis",
}
"""Plugins that come with effnb, and the word by which a repository shows that it wants one; loading takes seconds."""
MOST_FILES = 500


class Watch:
    """Notes how each test came out, and under which tests the interesting lines ran."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.outcomes: dict[str, str] = {}
        self.messages: dict[str, str] = {}
        self.broken: list[str] = []
        self.lines = set(job["lines"])
        self.file = job["file"]
        self.coverage = self._started() if self.lines else None

    def _started(self) -> object:
        try:
            from coverage import Coverage
        except ImportError:
            return None
        coverage = Coverage(data_file=None, include=[self.file], config_file=False)
        coverage.start()
        return coverage

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Before each test."""
        if self.coverage is not None:
            self.coverage.switch_context(item.nodeid)  # type: ignore[attr-defined]
        yield

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """After each phase of a test."""
        before = self.outcomes.get(report.nodeid, "passed")
        now = "error" if report.failed and report.when != "call" else report.outcome
        self.outcomes[report.nodeid] = before if before in ("failed", "error", "skipped") else now
        if report.failed:
            self.messages[report.nodeid] = _last_line(str(report.longrepr))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """After a file was loaded, or could not be."""
        if report.failed:
            self.broken.append(f"{report.nodeid}: {_last_line(str(report.longrepr))}")

    def covering(self) -> tuple[list[str], list[int]]:
        """Tests that ran one of the interesting lines, and the lines that ran."""
        if self.coverage is None:
            return [], []
        self.coverage.stop()  # type: ignore[attr-defined]
        by_line = self.coverage.get_data().contexts_by_lineno(os.path.realpath(self.file))  # type: ignore[attr-defined]
        ran = {line: set(names) for line, names in by_line.items() if line in self.lines}
        return sorted(set().union(*ran.values()) - {""}) if ran else [], sorted(ran)


def unwanted_plugins() -> list[str]:
    """Options that leave out plugins the repository never mentions."""
    root = Path("/src")
    files = [
        path
        for kind in ("*.toml", "*.cfg", "*.ini", "*.txt", "**/conftest.py", "**/test*.py")
        for path in root.glob(kind)
    ]
    text = " ".join(path.read_text(errors="replace") for path in files[:MOST_FILES])
    return [option for name, word in OURS.items() if word not in text for option in ("-p", f"no:{name}")]


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.startswith("E ")] or text.strip().splitlines() or [""]
    return lines[0].removeprefix("E ").strip()[:LONGEST]


def main() -> None:
    """Read the job, run pytest, answer."""
    job = json.loads(sys.stdin.buffer.read())
    write, dumps = os.write, json.dumps
    sys.path.insert(0, "/src")
    watch = Watch(job)
    options = ["-p", "no:cacheprovider", "-o", "addopts=", *unwanted_plugins()]
    code = pytest.main([*job["arguments"], *options, *job["only"]], plugins=[watch])
    covering, lines = watch.covering()
    answer = {
        "code": int(code),
        "outcomes": watch.outcomes,
        "messages": watch.messages,
        "broken": watch.broken,
        "covering": covering,
        "lines": lines,
    }
    write(ANSWER, f"\n{job['nonce']} {dumps(answer)}\n".encode())


if __name__ == "__main__":
    main()
    os._exit(0)
