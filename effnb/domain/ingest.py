"""What taking data in did."""

from __future__ import annotations

from pydantic import Field

from effnb.domain._base import Noun, Utc


class Ingested(Noun):
    """One file or query that was taken into the store."""

    source: str
    """File or query."""
    format: str
    """Format it was read as."""
    service: str | None = None
    """Service the samples belong to; unset for series."""
    at: Utc | None = None
    """Time the samples count for; unset for series."""
    at_from: str | None = None
    """Where that time came from."""
    samples: int = Field(default=0, ge=0)
    """Stack samples taken in."""
    series: int = Field(default=0, ge=0)
    """Series taken in."""
