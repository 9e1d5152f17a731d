"""Log records from ``journalctl -o json``: an object a line, fields in capitals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from effnb.domain import LogLine
from effnb.errors import SourceError
from effnb.sources._json_lines import read_records

SUFFIX = ".journal"
LEVELS = ("EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFO", "DEBUG")
"""By syslog priority, 0 … 7."""


def read_journal(path: Path) -> Iterator[LogLine]:
    """The records of a file in its order.

    Raises:
        SourceError: A record lacks its time, or holds what journald does not write.
    """
    for number, record in read_records(path):
        try:
            yield LogLine(
                at=datetime.fromtimestamp(int(record["__REALTIME_TIMESTAMP"]) / 1e6, tz=UTC),
                level=LEVELS[int(record.get("PRIORITY", 6))],
                logger=str(record.get("SYSLOG_IDENTIFIER") or record.get("_SYSTEMD_UNIT") or ""),
                message=_message(record.get("MESSAGE")),
            )
        except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
            raise SourceError(
                f"{path}:{number} is no journal record ({error!r}); export with journalctl -o json"
            ) from error


def _message(value: Any) -> str:
    """Text; journald writes what is not UTF-8 as a list of bytes, and null for what is too long."""
    if isinstance(value, list):
        return bytes(value).decode("utf-8", errors="replace")
    return "" if value is None else str(value)
