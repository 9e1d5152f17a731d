"""What detection filed: regressions, improvements, planned rises and everything it dropped."""

from __future__ import annotations

from collections.abc import Sequence

from effnb.domain import Regression, Suppressed
from effnb.store._state import State


class FindingStore:
    """The results of the newest detection."""

    def __init__(self, state: State) -> None:
        self.state = state

    def replace(self, regressions: Sequence[Regression], suppressed: Sequence[Suppressed]) -> None:
        """Make these the results; the former ones go in the same transaction."""
        rows: list[tuple[str, str, str, str]] = [
            (item.id, item.kind, item.service, item.model_dump_json()) for item in regressions
        ]
        rows += [(item.id, "suppressed", item.service, item.model_dump_json()) for item in suppressed]
        with self.state.transaction() as connection:
            connection.execute("DELETE FROM finding")
            connection.executemany("INSERT INTO finding VALUES (?, ?, ?, ?)", rows)

    def regressions(self, kind: str = "regression") -> list[Regression]:
        """Filed changes of one kind, largest cost first; empty when there are none or nothing was detected yet."""
        found = [Regression.model_validate_json(body) for body in self._bodies(kind)]
        return sorted(found, key=lambda item: -abs(item.absolute_delta))

    def regression(self, key: str) -> Regression | None:
        """The filed change with an id, of any kind; None when there is none."""
        row = self.state.connection.execute(
            "SELECT body FROM finding WHERE id = ? AND kind <> 'suppressed'", (key,)
        ).fetchone()
        return Regression.model_validate_json(row["body"]) if row else None

    def services_of(self, key: str) -> frozenset[str]:
        """Services of the finding with an id, of any kind; empty when there is none."""
        rows = self.state.connection.execute("SELECT service FROM finding WHERE id = ?", (key,))
        return frozenset(row["service"] for row in rows)

    def suppressed(self) -> list[Suppressed]:
        """Everything that was dropped, largest first."""
        found = [Suppressed.model_validate_json(body) for body in self._bodies("suppressed")]
        return sorted(found, key=lambda item: -abs(item.absolute_delta))

    def _bodies(self, kind: str) -> list[str]:
        rows = self.state.connection.execute("SELECT body FROM finding WHERE kind = ?", (kind,))
        return [row["body"] for row in rows]
