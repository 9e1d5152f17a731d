"""Fixes with what the gate found out about them and where they went."""

from __future__ import annotations

import difflib

from effnb.domain import Delivery, Fix, FixRecord, PullRequest, Verification
from effnb.errors import NotFound
from effnb.store._records import Records

MOST_EXAMPLES = 5


class FixStore:
    """The fixes of one workspace."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def add(self, fix: Fix) -> None:
        """File a fix; the same fix again changes nothing that is known of it."""
        if self._records.newest("fix", fix.id, Fix) != fix:
            self._records.add("fix", fix.id, fix, subject=fix.subject)

    def add_verification(self, verification: Verification) -> None:
        """File what the gate found out."""
        self._records.add("verification", verification.fix, verification, subject=verification.fix)

    def add_delivery(self, delivery: Delivery) -> None:
        """File that a fix was applied or undone."""
        self._records.add("delivery", delivery.fix, delivery, subject=delivery.fix)

    def add_pull(self, fix: str, pull: PullRequest) -> None:
        """File a fix's pull request."""
        self._records.add("pull", fix, pull, subject=fix)

    def get(self, fix: str) -> Fix:
        """One fix; ``NotFound`` gives the nearest id."""
        found = self._records.newest("fix", fix, Fix)
        if found is None:
            known = [one.id for one in self._records.all("fix", Fix)]
            near = difflib.get_close_matches(fix, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "make one with `effnb resolve`"
            raise NotFound(f"no fix {fix!r}; {hint}")
        return found

    def all(self, subject: str | None = None) -> list[Fix]:
        """Fixes, newest first; those for one opportunity or regression when it is given."""
        return self._records.all("fix", Fix, subject=subject)

    def verification(self, fix: str) -> Verification | None:
        """What the gate found out last; null when it was not run."""
        return self._records.newest("verification", fix, Verification)

    def record(self, fix: str) -> FixRecord:
        """A fix with everything that is known of it; ``NotFound`` when there is none."""
        found = self.get(fix)
        return FixRecord(
            fix=found,
            verification=self.verification(fix),
            delivery=self._records.newest("delivery", fix, Delivery),
            pull=self._records.newest("pull", fix, PullRequest),
            examples=tuple(one for one in self.resolved(found.pattern) if one.id != fix)[:MOST_EXAMPLES],
        )

    def resolved(self, pattern: str) -> list[Fix]:
        """Verified fixes of a pattern, newest first: what the next opportunity of it may learn from."""
        return [fix for fix in self.verified() if fix.pattern == pattern]

    def verified(self) -> list[Fix]:
        """Fixes whose newest verdict is ``verified``, newest first."""
        verdicts = {one.fix: one.verdict for one in self._records.all("verification", Verification)}
        return [fix for fix in self.all() if verdicts.get(fix.id) == "verified"]
