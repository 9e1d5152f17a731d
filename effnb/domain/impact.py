"""A change of CPU in units a budget understands."""

from __future__ import annotations

from effnb.domain._base import Noun


class Impact(Noun):
    """What a change costs (positive) or saves (negative) while it lasts; null where a constant is missing."""

    servers: float | None = None
    """Servers-equivalent: change of gCPU × servers of the service."""
    kw: float | None = None
    """Electrical power, kW."""
    mwh_per_year: float | None = None
    """Energy in a year, MWh."""
    money_per_year: float | None = None
    """Price of that energy in ``currency``."""
    currency: str | None = None
    """Currency of the money."""
    source: str | None = None
    """Where the constants come from."""
    missing: str | None = None
    """Setting to add for what is null."""
