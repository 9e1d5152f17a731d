"""The books: what changes cost and save."""

from effnb.program._impact import impact_of
from effnb.program._power_plan import (
    PAPER_SIZES,
    TYPICAL_SHARES,
    NoisyFunctions,
    detection_times,
    plan_fleet,
    plan_fleets,
    power_finding,
)

__all__ = [
    "PAPER_SIZES",
    "TYPICAL_SHARES",
    "NoisyFunctions",
    "detection_times",
    "impact_of",
    "plan_fleet",
    "plan_fleets",
    "power_finding",
]
