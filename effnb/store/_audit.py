"""Every call on every surface, in a chain: each row's hash covers its content and the hash before it.

The chain shows a row that was edited, deleted, swapped or put in. A tail that was cut off it cannot show; for that
the head is kept elsewhere, in each report.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

from effnb.domain import AuditCheck, AuditEntry, AuditHead
from effnb.errors import StoreError
from effnb.store._redact import Redactor
from effnb.store._state import State

START = "0" * 64


class AuditLog:
    """The audit log of one workspace; it can be appended to and read, nothing else.

    Args:
        state: The state file.
        redactor: Blacks secrets out of arguments and reasons.
    """

    def __init__(self, state: State, redactor: Redactor | None = None) -> None:
        self._state = state
        self._redactor = redactor or Redactor()

    def append(self, **entry: Any) -> AuditHead:
        """Add an entry, given as the fields of ``AuditEntry`` without ``k``; the new head.

        Raises:
            StoreError: It cannot be written; the call it is about must not go on.
        """
        entry["args"] = self._redactor.value(entry["args"])
        entry["detail"] = self._redactor.text(entry.get("detail", ""))
        try:
            with self._state.transaction() as connection:
                head = _head(connection)
                written = AuditEntry(k=head.rows + 1, **entry)
                body = written.model_dump_json()
                link = link_of(body, head.hash)
                connection.execute("INSERT INTO audit VALUES (?, ?, ?, ?)", (written.k, body, head.hash, link))
        except sqlite3.Error as error:
            raise StoreError(
                f"cannot write the audit log in {self._state.path}: {error}; free space, then retry"
            ) from error
        return AuditHead(rows=written.k, hash=link)

    def head(self) -> AuditHead:
        """Number of entries and hash of the last."""
        return _head(self._state.connection)

    def entries(self) -> Iterator[AuditEntry]:
        """All entries, oldest first."""
        for row in self._state.connection.execute("SELECT body FROM audit ORDER BY k"):
            yield AuditEntry.model_validate_json(row["body"])

    def rows(self) -> Iterator[dict[str, Any]]:
        """All entries as JSON objects with ``previous`` and ``hash``, oldest first."""
        for row in self._state.connection.execute("SELECT * FROM audit ORDER BY k"):
            yield json.loads(row["body"]) | {"previous": row["previous"], "hash": row["hash"]}

    def verify(self, anchors: Sequence[AuditHead] = ()) -> AuditCheck:
        """Whether every row is as it was written, and the log reaches the heads that were kept elsewhere."""
        problems: list[str] = []
        hashes = [START]
        for row in self._state.connection.execute("SELECT * FROM audit ORDER BY k"):
            problems += _faults(row, expected=len(hashes), previous=hashes[-1])
            hashes.append(row["hash"])
        for anchor in anchors:
            if anchor.rows >= len(hashes):
                problems.append(
                    f"the log has {len(hashes) - 1} rows, a head kept elsewhere says {anchor.rows}: it was cut"
                )
            elif hashes[anchor.rows] != anchor.hash:
                problems.append(f"row {anchor.rows} is not the one a head kept elsewhere names: the log was rewritten")
        return AuditCheck(rows=len(hashes) - 1, problems=tuple(problems), anchors=len(anchors))


def link_of(body: str, previous: str) -> str:
    """Hash of a row: SHA-256 over the hash before it and its content."""
    return sha256(f"{previous}\n{body}".encode()).hexdigest()


def _head(connection: sqlite3.Connection) -> AuditHead:
    row = connection.execute("SELECT k, hash FROM audit ORDER BY k DESC LIMIT 1").fetchone()
    return AuditHead(rows=0, hash=START) if row is None else AuditHead(rows=row["k"], hash=row["hash"])


def _faults(row: sqlite3.Row, *, expected: int, previous: str) -> list[str]:
    faults = []
    if row["k"] != expected:
        faults.append(f"row {row['k']} stands where {expected} should: rows were removed or put in")
    if row["previous"] != previous:
        faults.append(f"row {row['k']} does not follow the row before it")
    if link_of(row["body"], row["previous"]) != row["hash"]:
        faults.append(f"row {row['k']} was changed after it was written")
    elif json.loads(row["body"])["k"] != row["k"]:
        faults.append(f"row {row['k']} was written as row {json.loads(row['body'])['k']}")
    return faults
