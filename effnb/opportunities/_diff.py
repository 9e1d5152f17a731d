"""An edit as a unified diff, and the name of a fix."""

from __future__ import annotations

import difflib
import hashlib

from effnb.opportunities._rule import Refused


def unified(old: str, new: str, file: str) -> str:
    """Unified diff with ``a/`` and ``b/`` prefixes; line ends are part of the lines.

    Raises:
        Refused: Nothing would change.
    """
    if old == new:
        raise Refused(f"the fix of {file} changes nothing")
    lines = difflib.unified_diff(_split(old), _split(new), f"a/{file}", f"b/{file}", n=3)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _split(text: str) -> list[str]:
    """Lines as git counts them: ended by line feeds only."""
    parts = text.split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def fix_id(base: str, diff: str, subject: str) -> str:
    """Stable identifier of a fix."""
    digest = hashlib.sha256("\0".join((base, diff, subject)).encode()).hexdigest()
    return f"fix-{digest[:8]}"
