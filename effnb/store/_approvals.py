"""Approvals, each for exactly one call and used at most once; and which writes were begun."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from effnb.domain import Approval
from effnb.store._state import State


class Approvals:
    """What people approved in one workspace."""

    def __init__(self, state: State, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._state = state
        self._clock = clock

    def add(self, approval: Approval) -> None:
        """Record a person's yes."""
        with self._state.transaction() as connection:
            connection.execute(
                "INSERT INTO approval (id, body) VALUES (?, ?)", (approval.id, approval.model_dump_json())
            )

    def waiting(self, *, run: str, call: str, tool: str, args_sha: str, digest: str) -> Approval | None:
        """The approval of exactly this call that was neither used nor has expired; null when there is none."""
        rows = self._state.connection.execute(
            "SELECT body FROM approval WHERE used_at IS NULL AND body ->> 'args_sha' = ?", (args_sha,)
        ).fetchall()
        wanted = (run, call, tool, args_sha, digest)
        for row in rows:
            one = Approval.model_validate_json(row["body"])
            if (one.run, one.call, one.tool, one.args_sha, one.digest) == wanted and self._clock() < one.expires_at:
                return one
        return None

    def use(self, approval: Approval, *, idem: str) -> bool:
        """Spend the approval and record that its call begins, together; false when it was spent already."""
        with self._state.transaction() as connection:
            spent = connection.execute(
                "UPDATE approval SET used_at = ? WHERE id = ? AND used_at IS NULL",
                (self._clock().isoformat(), approval.id),
            ).rowcount
            if spent:
                self._begin(idem, approval.run)
        return bool(spent)

    def begin(self, idem: str, run: str) -> None:
        """Record that a write begins which needs no person's approval."""
        with self._state.transaction():
            self._begin(idem, run)

    def has_begun(self, idem: str) -> bool:
        """Whether a write with this key was begun before; it may have taken effect."""
        row = self._state.connection.execute("SELECT 1 FROM intent WHERE idem = ?", (idem,)).fetchone()
        return row is not None

    def _begin(self, idem: str, run: str) -> None:
        self._state.connection.execute(
            "INSERT OR IGNORE INTO intent VALUES (?, ?, ?)", (idem, run, self._clock().isoformat())
        )
