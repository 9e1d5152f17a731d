"""Owners of files, from the text files that repositories keep about them.

``CODEOWNERS``: patterns as in ``.gitignore``, the last that matches counts. ``OWNERS``: a path prefix and a name on
each line, the longest prefix counts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

OWNER_FILES = ("OWNERS", "CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS")
ADDRESS = re.compile(r"<?([^\s<>@]+@[^\s<>]+)>?")


@dataclass(frozen=True)
class OwnerRule:
    """One line of such a file."""

    file: str
    """The file that says so."""
    line: int
    """1-based."""
    pattern: str
    """Prefix or pattern."""
    owner: str
    """Name of the team or person; the address where there is no name."""
    contact: str | None
    """Address, where given."""


def owner_rules(file: str, text: str) -> list[OwnerRule]:
    """The rules of a file in order; lines without an owner are left out."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        pattern, *rest = line.partition("#")[0].split(maxsplit=1)[:2] or [""]
        if pattern and rest:
            said = rest[0].strip()
            address = ADDRESS.search(said)
            name = said.partition("<")[0].strip() or said.strip("<> ")
            found.append(OwnerRule(file, number, pattern, name, address[1] if address else None))
    return found


def owning_rule(rules: Sequence[OwnerRule], path: str) -> OwnerRule | None:
    """The rule that decides about a file or folder inside the repository; None when none does."""
    path = path.strip("/")
    if rules and rules[0].file.endswith("CODEOWNERS"):
        return next((rule for rule in reversed(rules) if _matches(rule.pattern, path)), None)
    held = [rule for rule in rules if f"{path}/".startswith(f"{rule.pattern.strip('/')}/")]
    return max(held, key=lambda rule: len(rule.pattern.strip("/")), default=None)


def _matches(pattern: str, path: str) -> bool:
    """As ``.gitignore`` matches: a pattern with a slash is anchored at the root, others match at any depth."""
    anchored = "/" in pattern.rstrip("/")
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern.strip("/"))
    meaning = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    body = "".join(meaning.get(part, re.escape(part)) for part in parts)
    return re.fullmatch(f"{'' if anchored else '(?:.*/)?'}{body}(?:/.*)?", path) is not None
