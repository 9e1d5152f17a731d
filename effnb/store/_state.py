"""The SQLite file that holds state: parts, regressions, runs. It is the record; every other file is named in it.

WAL with ``synchronous=FULL`` loses no acknowledged write at a power cut; WAL with NORMAL does. Writers take the lock
when they begin (``BEGIN IMMEDIATE``), so that two notebooks wait for each other instead of failing half-way.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from effnb.errors import StoreError

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE part (
          path TEXT PRIMARY KEY, kind TEXT NOT NULL, rows INTEGER NOT NULL, sha256 TEXT NOT NULL,
          source TEXT NOT NULL, registered_at TEXT NOT NULL
        ) STRICT""",
        """CREATE TABLE finding (
          id TEXT PRIMARY KEY,
          kind TEXT NOT NULL CHECK (kind IN ('regression', 'improvement', 'planned', 'suppressed')),
          service TEXT NOT NULL, body TEXT NOT NULL
        ) STRICT""",
        """CREATE TABLE run (
          id TEXT PRIMARY KEY, subject TEXT NOT NULL, started_at TEXT NOT NULL, state TEXT NOT NULL, body TEXT NOT NULL
        ) STRICT""",
        """CREATE TABLE call (
          run TEXT NOT NULL REFERENCES run(id), k INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (run, k)
        ) STRICT""",
        "CREATE TABLE message (run TEXT PRIMARY KEY REFERENCES run(id), body TEXT NOT NULL) STRICT",
    ),
    (
        """CREATE TABLE audit (
          k INTEGER PRIMARY KEY, body TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL
        ) STRICT""",
        "CREATE TABLE approval (id TEXT PRIMARY KEY, body TEXT NOT NULL, used_at TEXT) STRICT",
        "CREATE TABLE intent (idem TEXT PRIMARY KEY, run TEXT NOT NULL, began_at TEXT NOT NULL) STRICT",
    ),
    (
        """CREATE TABLE record (
          k INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, subject TEXT NOT NULL, at TEXT NOT NULL,
          body TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX record_id ON record (kind, id)",
        "CREATE INDEX record_subject ON record (kind, subject)",
    ),
)
"""Statements that lead from each format to the next; one is added at the end, none is ever changed."""
SCHEMA_VERSION = len(MIGRATIONS)


class State:
    """One connection to the state file; made on first use, closed by ``close``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()  # tools run in threads of one process; a transaction belongs to one of them
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            self._prepare()
        except sqlite3.DatabaseError as error:
            raise StoreError(
                f"cannot open the state file {path}: {error}; move it away and run `effnb ingest` again"
            ) from error
        except StoreError:
            self.connection.close()
            raise

    def _prepare(self) -> None:
        self.path.chmod(0o600)
        self.connection.row_factory = sqlite3.Row
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF"):
            self.connection.execute(f"PRAGMA {pragma}")
        with self.transaction():
            version = self.connection.execute("PRAGMA user_version").fetchone()[0]
            if version > SCHEMA_VERSION:
                raise StoreError(
                    f"{self.path} has format {version}, this effnb reads {SCHEMA_VERSION}; "
                    "install the effnb that wrote it"
                )
            for statements in MIGRATIONS[version:]:
                for statement in statements:
                    self.connection.execute(statement)
            if version < SCHEMA_VERSION:
                self.connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All statements inside take effect together, or none does."""
        with self._lock:
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
            except BaseException:
                self.connection.execute("ROLLBACK")
                raise
            self.connection.execute("COMMIT")

    def close(self) -> None:
        """Close the connection; using the state afterwards is an error."""
        self.connection.close()
