"""What a change of CPU share means in servers, power and money."""

from __future__ import annotations

from effnb.domain import Impact
from effnb.settings import PowerSettings

HOURS_A_YEAR = 8766.0
"""365.25 days."""


def impact_of(delta: float, servers: int | None, power: PowerSettings | None) -> Impact:
    """Servers-equivalent, kW, MWh a year and money of a change of gCPU.

    servers-equivalent = Δ gCPU × servers of the service; kW = that × watts per server × PUE / 1000. What the settings
    do not say stays null.
    """
    if servers is None:
        return Impact(missing="[services.NAME] servers")
    equivalent = delta * servers
    if power is None:
        return Impact(servers=equivalent, missing="[power]")
    kilowatts = equivalent * power.watts_per_server * power.pue / 1000
    energy = kilowatts * HOURS_A_YEAR
    return Impact(
        servers=equivalent,
        kw=kilowatts,
        mwh_per_year=energy / 1000,
        money_per_year=energy * power.price_per_kwh,
        currency=power.currency,
        source=power.source,
    )
