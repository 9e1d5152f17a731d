"""Log records from plain text, a line each: ``2026-11-20T12:12:05.631Z WARNING shop.price: message``.

Logger and level may be missing or in either order. Lines that begin without a time belong to the record before: stack
traces and long messages are one record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from effnb.domain import LogLine
from effnb.errors import SourceError

TIME = re.compile(r"\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?)\s?(Z|[+-]\d\d:?\d\d)?\]?\s*")
LEVEL = re.compile(r"[\[(]?(TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|CRITICAL|FATAL)[\])]?:?(?:\s+|$)", re.IGNORECASE)
LOGGER = re.compile(r"\[?([A-Za-z_][\w.-]*)\]?:\s+")
SUFFIX = ".log"


def read_text(path: Path, text: str) -> Iterator[LogLine]:
    """The records of a file in its order; a time without zone is UTC.

    Raises:
        SourceError: The first line has no time.
    """
    held: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if TIME.match(line):
            if held:
                yield _record(path, number, held)
            held = [line]
        elif held:
            held.append(line)
        elif line.strip():
            raise SourceError(
                f"{path}:{number} begins without a time; write ISO-8601 first on each line, or JSON Lines"
            )
    if held:
        yield _record(path, 0, held)


def _record(path: Path, number: int, lines: list[str]) -> LogLine:
    found = TIME.match(lines[0])
    stamp, zone = (found[1], found[2]) if found else ("", None)
    try:
        # Python 3.11 reads three or six digits of a second; more are cut.
        at = datetime.fromisoformat(re.sub(r"[.,](\d{1,9})$", lambda m: f".{m[1][:6]:0<6}", stamp) + (zone or ""))
    except ValueError as error:
        raise SourceError(f"{path} before line {number}: {stamp!r} is no time; mend that line") from error
    rest = lines[0][found.end() if found else 0 :]
    level = logger = ""
    for _ in range(2):
        if not level and (match := LEVEL.match(rest)):
            level, rest = match[1].upper(), rest[match.end() :]
        elif not logger and (match := LOGGER.match(rest)):
            logger, rest = match[1], rest[match.end() :]
    message = "\n".join([rest, *lines[1:]]).strip()
    return LogLine(
        at=at if at.tzinfo else at.replace(tzinfo=UTC), level=level or "INFO", logger=logger, message=message
    )
