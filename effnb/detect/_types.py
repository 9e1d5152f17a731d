"""What passes from stage to stage."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from effnb.detect._history import ServiceHistory
from effnb.domain import Suppressed


@dataclass(frozen=True)
class Step:
    """A change of level in one function's gCPU, between two levels measured on buckets ``first … stop − 1``."""

    row: int
    """Row of the function in the history."""
    index: int
    """First bucket of the new level."""
    first: int
    """First bucket of the level before."""
    stop: int
    """First bucket after the new level."""
    before: float
    """Mean gCPU of the level before."""
    after: float
    """Mean gCPU of the new level."""
    error: float
    """Standard error of ``after − before``."""
    begin: int | None = None
    """First bucket of a slow climb; None for a step. ``index`` stays that of the stair which stands for it."""
    end: int | None = None
    """First bucket after a slow climb; None for a step."""
    margin: int | None = None
    """Buckets either way within which a slow climb began; None for a step."""
    by_share: bool = False
    """Only the function's share of the samples shows it: its cost was looked at, and stayed level."""

    @property
    def starts(self) -> int:
        """Where the change begins."""
        return self.index if self.begin is None else self.begin

    @property
    def ends(self) -> int:
        """Where the new level is reached."""
        return self.index if self.end is None else self.end

    @property
    def ratio(self) -> float:
        """Change in standard errors; infinite when nothing scatters."""
        return abs(self.delta) / self.error if self.error > 0 else float("inf")

    @property
    def delta(self) -> float:
        """Change of gCPU."""
        return self.after - self.before


@dataclass
class Kept:
    """What is left after a stage, and what it dropped."""

    steps: list[Step]
    dropped: list[Suppressed] = field(default_factory=list)


def suppress(
    history: ServiceHistory, step: Step, stage: str, reason: str, *, would_keep: str = "", **numbers: Any
) -> Suppressed:
    """The record of a dropped step."""
    function, at = history.functions[step.row], history.time(step.index)
    return Suppressed(
        id=finding_id("sup", history.service, function, at.isoformat(), stage),
        service=history.service,
        function=function,
        at=at,
        absolute_delta=step.delta,
        relative_delta=step.delta / step.before if step.before > 0 else None,
        stage=stage,
        reason=reason,
        numbers=numbers,
        would_keep=would_keep,
    )


def finding_id(prefix: str, *parts: str) -> str:
    """A short id that is the same in every run over the same data."""
    return f"{prefix}-{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:8]}"
