"""What the detector says: what got worse, and what it looked at and let go."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from effnb.domain._base import Noun, Utc
from effnb.domain.window import Window


class ChangePoint(Noun):
    """Where a level changes; the time is the first point of the new level."""

    at: Utc
    """Start of the first bucket at the new level."""
    earliest: Utc
    """Earliest time the data allows."""
    latest: Utc
    """Latest time the data allows."""


class Regression(Noun):
    """A lasting change of one function's share of a service's CPU (gCPU), callees included."""

    id: str
    """Stable identifier, from service, function and time."""
    service: str
    """Service it was seen in."""
    function: str
    """``module:qualname`` of the deepest function that carries at least 80 % of the change."""
    kind: Literal["regression", "improvement", "planned"] = "regression"
    """Whether cost rose, fell, or rose as an experiment's owner announced."""
    change_point: ChangePoint
    """Since when."""
    baseline: Window
    """Span the level before was measured in."""
    analysis: Window
    """Span the level after was measured in."""
    before: float
    """gCPU before: share of stack samples, 0 … 1."""
    after: float
    """gCPU after."""
    absolute_delta: float
    """``after − before``; positive means more resource used."""
    relative_delta: float | None
    """``absolute_delta / before``; null when the function did not run before."""
    low: float
    """Lower end of the 95 % interval of ``absolute_delta``."""
    high: float
    """Upper end of the 95 % interval of ``absolute_delta``."""
    service_delta: float | None = None
    """Relative change of the service's CPU per request at equal traffic mix; null without request counts."""
    carriers: tuple[str, ...] = ()
    """Functions whose change is the same one, root first."""
    planned_by: str | None = None
    """Change id of the experiment that announced it."""
    dropped_with_it: int = Field(default=0, ge=0)
    """Change points of other functions merged into this report."""


class Suppressed(Noun):
    """A change point that was dropped, the stage that dropped it, and the numbers that made it do so."""

    id: str
    """Stable identifier."""
    service: str
    """Service it was seen in."""
    function: str
    """``module:qualname``."""
    at: Utc
    """Time of the change point."""
    absolute_delta: float
    """Change of gCPU."""
    relative_delta: float | None
    """Change relative to the level before; null when that was zero."""
    stage: str
    """Stage that dropped it."""
    reason: str
    """One sentence a person understands."""
    numbers: dict[str, Any] = Field(default_factory=dict)
    """What the stage measured and compared."""
    would_keep: str = ""
    """Setting that would have kept it."""


class DetectionSummary(Noun):
    """What one detection filed."""

    services: tuple[str, ...]
    """Services that were scanned."""
    regressions: int = Field(ge=0)
    """Lasting rises, one per cause."""
    improvements: int = Field(ge=0)
    """Lasting falls, one per cause."""
    planned: int = Field(ge=0)
    """Rises that an experiment's owner announced."""
    suppressed: int = Field(ge=0)
    """Change points that were dropped, each with its reason."""
    funnel: dict[str, int]
    """Change points left after each stage, over all services."""
    not_enough_data: dict[str, str] = Field(default_factory=dict)
    """Services that could not be scanned, and why: not the same as "nothing found"."""
