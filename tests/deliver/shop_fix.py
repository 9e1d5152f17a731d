"""A text before and after a fix, and that fix against a base."""

from __future__ import annotations

import difflib
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from effnb.domain import Fix

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
REST = "\n\ndef first(text):\n    return text[:1]\n\n\ndef last(text):\n    return text[-1:]\n"
OLD = "import re\n\n\ndef words(text):\n    return re.compile(r'\\w+').findall(text)\n" + REST
NEW = "import re\n\n_WORDS = re.compile(r'\\w+')\n\n\ndef words(text):\n    return _WORDS.findall(text)\n" + REST


def run_git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def diff_of(old: str, new: str, path: str) -> str:
    lines = difflib.unified_diff(old.splitlines(keepends=True), new.splitlines(keepends=True), f"a/{path}", f"b/{path}")
    return "".join(lines)


def fix_for(base: str, old: str = OLD, new: str = NEW, path: str = "shop/text.py") -> Fix:
    return Fix(
        id="fix-1",
        kind="code",
        title="Compile the pattern once",
        pattern="constant-regex",
        subject="opp-1",
        function="shop.text:words",
        base=base,
        diff=diff_of(old, new, path),
        made_by="constant-regex/1",
        reviewer="ana@example.org",
    )
