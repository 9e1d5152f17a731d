"""A tutorial as one shell script: its blocks in their order, files written where they say, all else run."""

from __future__ import annotations

import re
import shlex

BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHELL = "set -euo pipefail\n"


def script(text: str) -> str:
    """What a reader types, for ``bash``; blocks of other languages that name no file are not for typing."""
    return SHELL + "".join(_typed(*match.groups()) for match in BLOCK.finditer(text))


def _typed(language: str, info: str, body: str) -> str:
    named = re.fullmatch(r"\s*file=(\S+)\s*", info)
    if named is not None:
        return _fed(f"cat > {shlex.quote(named.group(1))}", body)
    if language == "sh":
        return body
    return _fed("python -", body) if language == "python" else ""


def _fed(command: str, body: str) -> str:
    return f"{command} <<'END_OF_BLOCK'\n{body}END_OF_BLOCK\n"
