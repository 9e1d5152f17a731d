"""Spans of time, half-open and in UTC."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from pydantic import model_validator

from effnb.domain._base import Noun, Utc


class Window(Noun):
    """A half-open interval ``[start, end)``."""

    start: Utc
    """First instant inside the window."""
    end: Utc
    """First instant after the window."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end <= self.start:
            raise ValueError(f"window ends {self.end.isoformat()} before or when it starts {self.start.isoformat()}")
        return self

    @property
    def length(self) -> timedelta:
        """How long the window is."""
        return self.end - self.start

    def contains(self, when: datetime) -> bool:
        """Whether an instant lies inside."""
        return self.start <= when < self.end

    def overlaps(self, other: Window) -> bool:
        """Whether the two share an instant."""
        return self.start < other.end and other.start < self.end

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M} – {self.end:%Y-%m-%d %H:%M} UTC"
