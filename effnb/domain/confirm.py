"""A suspected cause, tried: the service's workload replayed before and after the change."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from effnb.domain._base import Noun, Utc
from effnb.domain.fix import Interval

ConfirmVerdict = Literal["reproduced", "not_reproduced", "underpowered", "not_replayable", "not_run"]


class Confirmation(Noun):
    """Whether a change makes a service dearer when its recorded workload is replayed without and with it."""

    regression: str
    """Id of the regression."""
    service: str
    """Service that was replayed."""
    change: str | None
    """Change that was tried; null when there is no candidate."""
    verdict: ConfirmVerdict
    """``reproduced``: the interval of the ratio lies above 1 and above the control; ``not_reproduced``: it excludes
    half of the rise that was reported; ``underpowered``: neither; ``not_replayable``: there is nothing to replay;
    ``not_run``: there is no strong sandbox, or no candidate."""
    reason: str
    """Why, in one sentence with numbers."""
    function: str | None = None
    """Function whose cost was measured: the regressed one, or its nearest caller that both versions have."""
    ratio: Interval | None = None
    """CPU time of that function for the same requests, with the change over without it."""
    control: Interval | None = None
    """The same for a second run without the change (A/A)."""
    service_ratio: Interval | None = None
    """CPU time of the whole service for the same requests, with the change over without it."""
    expected: float | None = None
    """Ratio that the regression's report leads to expect; null when the function is new."""
    similarity: float | None = Field(default=None, ge=0, le=1)
    """Cosine of the replay's profile with the service's recorded one, over functions; 1 is the same mix."""
    workload: str = ""
    """What was replayed."""
    rounds: int = Field(default=0, ge=0)
    """Runs of each version."""
    sandbox: str = ""
    """What kept the replayed code in."""
    at: Utc
    """When it was tried."""
    seconds: float = Field(default=0.0, ge=0)
    """How long it took."""

    @property
    def headline(self) -> str:
        """The outcome in a few words, e.g. ``reproduced here: 1.31× [1.27, 1.35]``."""
        words = self.verdict.replace("_", " ")
        if self.ratio is None:
            return f"{words}: {self.reason}"
        return f"{words} here: {self.ratio.value:.2f}× [{self.ratio.low:.2f}, {self.ratio.high:.2f}]"
