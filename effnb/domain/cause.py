"""Which change explains a regression."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from effnb.domain._base import Noun, Utc
from effnb.domain.change import ChangeKind
from effnb.domain.confirm import Confirmation

if TYPE_CHECKING:
    import pandas as pd


class Candidate(Noun):
    """A change that may explain a regression, with the factors of its score."""

    change_id: str
    """The change."""
    kind: ChangeKind
    """What kind of change."""
    title: str
    """Its first line."""
    author: str
    """Who made it."""
    reached_at: Utc
    """When it first reached the service's hosts."""
    score: float = Field(ge=0, le=1)
    """Product of the factors; a score for ranking, not a probability."""
    attribution: float = Field(ge=0, le=1)
    """Share of the rise that lies in stacks with a function the change touches (FBDetect's L/R)."""
    timing: float = Field(ge=0, le=1)
    """How well its arrival, host group by host group, fits the rise."""
    functions: tuple[str, ...] = ()
    """Functions it touches that occur in the regressed stacks."""
    reasons: tuple[str, ...] = ()
    """What speaks for and against it, in words with numbers."""


class RootCause(Noun):
    """The conclusion: one change, or null with the reason why none stands out."""

    change_id: str | None
    """The change, or null."""
    score: float | None = None
    """Its score."""
    reason: str
    """Why this one, or why none."""
    candidates: tuple[Candidate, ...] = ()
    """All candidates, best first."""
    confirmation: Confirmation | None = None
    """What replaying a candidate showed; null when nobody tried."""

    def to_frame(self) -> pd.DataFrame:
        """One row a candidate, best first; same columns as ``Candidate``."""
        import pandas as pd

        rows = [candidate.model_dump() for candidate in self.candidates]
        return pd.DataFrame(rows, columns=list(Candidate.model_fields))
