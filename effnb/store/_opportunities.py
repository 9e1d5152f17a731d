"""Opportunities as the newest scan left them, and the reasons why some are let stand."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from effnb.domain import Opportunity, ScanRecord
from effnb.errors import NotFound
from effnb.store._records import Records

NEWEST = "newest"


class OpportunityStore:
    """The opportunities of one workspace."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def replace(self, found: Sequence[Opportunity], searched: str, *, kept: Sequence[str] = ()) -> list[Opportunity]:
        """File what a scan found as what stands now; the same rows with the dismissals they had.

        ``kept`` are ids that stand although this scan did not look at them.
        """
        known = {one.id: one for one in self._records.all("opportunity", Opportunity)}
        rows = [
            one.model_copy(update={"dismissed": known[one.id].dismissed}) if one.id in known else one for one in found
        ]
        new = [(one.id, one, one.function) for one in rows if known.get(one.id) != one]
        self._records.add_all("opportunity", new)
        ids = (*(one.id for one in rows), *(key for key in kept if key in known))
        record = ScanRecord(ids=tuple(dict.fromkeys(ids)), searched=searched)
        self._records.add("scan", NEWEST, record)
        return rows

    def scan(self) -> ScanRecord | None:
        """The newest scan; null when nothing was scanned yet."""
        return self._records.newest("scan", NEWEST, ScanRecord)

    def standing(self) -> list[Opportunity]:
        """What the newest scan left, in its order; dismissed ones included."""
        scan = self.scan()
        known = {one.id: one for one in self._records.all("opportunity", Opportunity)} if scan else {}
        return [known[key] for key in (scan.ids if scan else ()) if key in known]

    def get(self, key: str) -> Opportunity:
        """One opportunity, also when it no longer stands; ``NotFound`` gives the nearest id."""
        found = self._records.newest("opportunity", key, Opportunity)
        if found is None:
            known = [one.id for one in self._records.all("opportunity", Opportunity)]
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "list them with `effnb opportunities`, after `effnb scan`"
            raise NotFound(f"no opportunity {key!r}; {hint}")
        return found

    def dismiss(self, key: str, reason: str) -> Opportunity:
        """Let an opportunity stand, for a reason that later scans remember; an empty reason takes that back."""
        found = self.get(key).model_copy(update={"dismissed": reason or None})
        self._records.add("opportunity", key, found, subject=found.function)
        return found
