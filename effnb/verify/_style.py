"""Check ``style``: the linter finds nothing new, and code that was formatted stays so.

Security does not depend on this check; it keeps the reviewer's eyes on what matters.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from effnb.domain import Check
from effnb.verify._candidate import Candidate
from effnb.verify._checks import broken, failed, passed, skipped

SECONDS = 30
DEFAULT = ("--select", "E4,E7,E9,F,W6")


def check_style(candidate: Candidate) -> Check:
    """Whether ruff, under the repository's own settings, has anything new to say about the changed lines."""
    files = [change.path for change in candidate.changed if change.path.endswith(".py") and change.new is not None]
    if not files:
        return skipped("style", "no Python file changes")
    program = _ruff()
    if program is None:
        return broken("style", "ruff is not installed; pip install ruff")
    for file in files:
        known = {_key(one) for one in _findings(program, candidate.old, file)}
        fresh = [one for one in _findings(program, candidate.new, file) if _key(one) not in known]
        if fresh:
            first = fresh[0]
            where = f"{file}:{first['location']['row']}"
            return failed("style", f"{where} {first['code'] or 'syntax'}: {first['message']}")
        if _is_formatted(program, candidate.old, file) and not _is_formatted(program, candidate.new, file):
            return failed("style", f"{file} was formatted and no longer is; run ruff format on it")
    return passed("style", f"ruff finds nothing new in {', '.join(files)}")


def _ruff() -> str | None:
    beside = Path(sys.executable).parent / "ruff"
    return str(beside) if beside.exists() else shutil.which("ruff")


def _findings(program: str, tree: Path, file: str) -> list[dict[str, Any]]:
    """What the linter says of a file; nothing for a file that is not there."""
    if not (tree / file).is_file():
        return []
    configured = any((tree / name).is_file() for name in ("ruff.toml", ".ruff.toml")) or _has_ruff_table(tree)
    done = _run(program, "check", "--output-format", "json", *(() if configured else DEFAULT), tree=tree, file=file)
    try:
        found: list[dict[str, Any]] = json.loads(done.stdout)
    except ValueError:  # settings this ruff does not understand: its own defaults then
        done = _run(program, "check", "--isolated", "--output-format", "json", *DEFAULT, tree=tree, file=file)
        found = json.loads(done.stdout or "[]")
    return found


def _has_ruff_table(tree: Path) -> bool:
    path = tree / "pyproject.toml"
    return path.is_file() and "[tool.ruff" in path.read_text(encoding="utf-8", errors="replace")


def _key(finding: dict[str, Any]) -> tuple[str, str]:
    """The same finding on another line is not new."""
    return (str(finding["code"]), str(finding["message"]))


def _is_formatted(program: str, tree: Path, file: str) -> bool:
    return (tree / file).is_file() and _run(program, "format", "--check", tree=tree, file=file).returncode == 0


def _run(program: str, *words: str, tree: Path, file: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [program, words[0], "--no-cache", *words[1:], file], cwd=tree, capture_output=True, timeout=SECONDS, check=False
    )
