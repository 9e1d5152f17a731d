"""The first line that counts, for recognising the formats that are text."""

from __future__ import annotations

import re

LINES = 200
BINARY_WITHIN = 64 * 1024


def is_text(content: bytes) -> bool:
    """Whether there is no zero byte near the start: no text format has any, nearly every binary one does."""
    return b"\0" not in content[:BINARY_WITHIN]


def first_line(content: bytes, skipped: re.Pattern[str]) -> str:
    """The first line, right-stripped, that is neither blank nor skipped; empty when the first 200 hold none."""
    for raw in content.split(b"\n", LINES)[:LINES]:
        line = raw.decode("utf-8-sig", errors="backslashreplace").rstrip()
        if line and not skipped.fullmatch(line):
            return line
    return ""


def decode(content: bytes) -> str:
    """The text; bytes that are no UTF-8 stay apart from each other as hexadecimal escapes."""
    return content.decode("utf-8-sig", errors="backslashreplace")
