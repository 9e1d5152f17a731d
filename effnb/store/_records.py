"""Nouns that are filed one by one and replaced by newer ones: fixes, what the gate found, opportunities, confirmations.

One table for all kinds, append-only: the newest record of an id counts, the older ones stay to be read. A kind needs
no table of its own, because nothing is asked of it but by kind, id and subject.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import ValidationError

from effnb.domain import Noun
from effnb.errors import StoreError
from effnb.store._state import State

NounT = TypeVar("NounT", bound=Noun)


class Records:
    """Filed nouns of one workspace, by kind."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(self, kind: str, id: str, noun: Noun, *, subject: str = "") -> None:  # noqa: A002  # the nouns' own word
        """File a noun; a former one of this kind and id is history from now on."""
        self.add_all(kind, [(id, noun, subject)])

    def add_all(self, kind: str, rows: Iterable[tuple[str, Noun, str]]) -> None:
        """File several, ``(id, noun, subject)`` each, in one transaction."""
        at = datetime.now(UTC).isoformat()
        values = [(kind, key, subject, at, noun.model_dump_json()) for key, noun, subject in rows]
        with self._state.transaction() as connection:
            connection.executemany("INSERT INTO record (kind, id, subject, at, body) VALUES (?, ?, ?, ?, ?)", values)

    def newest(self, kind: str, id: str, noun: type[NounT]) -> NounT | None:  # noqa: A002
        """What was filed last under an id; null when nothing was."""
        found = self._read("kind = ? AND id = ?", (kind, id), noun)
        return found[0] if found else None

    def all(self, kind: str, noun: type[NounT], *, subject: str | None = None) -> list[NounT]:
        """The newest of every id, last filed first; only those about ``subject`` when it is given."""
        if subject is None:
            return self._read("kind = ?", (kind,), noun)
        return self._read("kind = ? AND subject = ?", (kind, subject), noun)

    def services_of(self, id: str) -> frozenset[str]:  # noqa: A002
        """Services that what was filed under an id names, whatever its kind; empty when nothing was."""
        rows = self._state.connection.execute(
            "SELECT DISTINCT json_extract(body, '$.service') AS service FROM record WHERE id = ?", (id,)
        ).fetchall()
        return frozenset(row["service"] for row in rows if row["service"])

    def _read(self, where: str, values: tuple[str, ...], noun: type[NounT]) -> list[NounT]:
        newest = f"SELECT max(k) FROM record WHERE {where} GROUP BY id"  # noqa: S608  # the text is this file's own
        rows = self._state.connection.execute(
            f"SELECT id, body FROM record WHERE k IN ({newest}) ORDER BY k DESC",  # noqa: S608
            values,
        ).fetchall()
        try:
            return [noun.model_validate_json(row["body"]) for row in rows]
        except ValidationError as error:
            raise StoreError(
                f"a filed {noun.__name__} cannot be read: {error.errors()[0]['msg']}; make it anew"
            ) from error
