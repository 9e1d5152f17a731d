"""Runs in the state file: the transcript, its calls, and the messages a run continues from.

The order of writes is what a killed process relies on: a finished call is written before anything is decided from
it, so that it is never made twice.
"""

from __future__ import annotations

import difflib
import sqlite3
from pathlib import Path

from pydantic import ValidationError

from effnb.domain import ToolCall, Transcript
from effnb.errors import NotFound, StoreError
from effnb.store._state import State


class RunLog:
    """Everything that happened in the runs of one workspace."""

    def __init__(self, state: State) -> None:
        self._state = state

    def begin(self, transcript: Transcript, subject: str) -> None:
        """Record that a run started; ``subject`` is what it is about, e.g. a regression's id."""
        with self._state.transaction() as connection:
            connection.execute(
                "INSERT INTO run (id, subject, started_at, state, body) VALUES (?, ?, ?, ?, ?)",
                (transcript.run_id, subject, transcript.started_at.isoformat(), transcript.state, _head(transcript)),
            )

    def add_call(self, run_id: str, position: int, call: ToolCall) -> None:
        """Record a finished call; ``StoreError`` when another process has recorded one in its place."""
        with self._state.transaction() as connection:
            _insert_call(connection, run_id, position, call)

    def save(self, transcript: Transcript, messages: bytes | None = None) -> None:
        """Record where the run stands, together: its state and its messages (JSON)."""
        with self._state.transaction() as connection:
            connection.execute(
                "UPDATE run SET state = ?, body = ? WHERE id = ?",
                (transcript.state, _head(transcript), transcript.run_id),
            )
            if messages is not None:
                connection.execute(
                    "INSERT OR REPLACE INTO message (run, body) VALUES (?, ?)",
                    (transcript.run_id, messages.decode()),
                )

    def load(self, run_id: str) -> Transcript:
        """The transcript of a run.

        Raises:
            NotFound: There is no such run; the nearest id is given.
            StoreError: Its record cannot be read.
        """
        connection = self._state.connection
        row = connection.execute("SELECT body FROM run WHERE id = ?", (run_id,)).fetchone()
        if row is None:
            raise NotFound(f"no run {run_id!r}; {self._nearest(run_id)}")
        calls = connection.execute("SELECT body FROM call WHERE run = ? ORDER BY k", (run_id,)).fetchall()
        try:
            head = Transcript.model_validate_json(row["body"])
            kept = tuple(ToolCall.model_validate_json(call["body"]) for call in calls)
        except ValidationError as error:
            raise StoreError(f"the record of run {run_id} cannot be read: {error.errors()[0]['msg']}") from error
        return head.model_copy(update={"calls": kept})

    def messages(self, run_id: str) -> bytes | None:
        """The messages the run continues from, as JSON; null when it was cut off before its first call."""
        row = self._state.connection.execute("SELECT body FROM message WHERE run = ?", (run_id,)).fetchone()
        return None if row is None else row["body"].encode()

    def position(self, run_id: str) -> tuple[int, str]:
        """How many calls of the run are recorded, and its state; ``(0, "")`` when there is no such run."""
        row = self._state.connection.execute(
            "SELECT (SELECT count(*) FROM call WHERE run = ?1), (SELECT state FROM run WHERE id = ?1)", (run_id,)
        ).fetchone()
        return row[0], row[1] or ""

    @property
    def locks(self) -> Path:
        """Folder of the runs' locks."""
        return self._state.path.with_name("locks")

    def heads(self, state: str | None = None) -> tuple[Transcript, ...]:
        """The runs without their calls, newest first; only those in ``state`` when it is given."""
        rows = self._state.connection.execute(
            "SELECT body FROM run WHERE ?1 IS NULL OR state = ?1 ORDER BY started_at DESC, id", (state,)
        ).fetchall()
        return tuple(Transcript.model_validate_json(row["body"]) for row in rows)

    def ids(self, subject: str | None = None) -> tuple[str, ...]:
        """Ids of the runs, newest first; only those about ``subject`` when it is given."""
        rows = self._state.connection.execute(
            "SELECT id FROM run WHERE ?1 IS NULL OR subject = ?1 ORDER BY started_at DESC, id", (subject,)
        ).fetchall()
        return tuple(row["id"] for row in rows)

    def _nearest(self, run_id: str) -> str:
        known = self.ids()
        near = difflib.get_close_matches(run_id, known, n=1)
        if near:
            return f"did you mean {near[0]!r}?"
        return f"the newest is {known[0]!r}" if known else "this workspace has none"


def _insert_call(connection: sqlite3.Connection, run_id: str, position: int, call: ToolCall) -> None:
    try:
        connection.execute(
            "INSERT INTO call (run, k, body) VALUES (?, ?, ?)", (run_id, position, call.model_dump_json())
        )
    except sqlite3.IntegrityError as error:
        raise StoreError(
            f"call {position} of run {run_id} is recorded already: another process runs it; resume it after that ends"
        ) from error


def _head(transcript: Transcript) -> str:
    return transcript.model_copy(update={"calls": ()}).model_dump_json()
