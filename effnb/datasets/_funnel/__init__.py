"""Fleets that are simulated from committed ranges, and the truth about them: for detectors to be measured on."""

from effnb.datasets._funnel._month import FleetMonth, simulate_month, simulate_small_fleet, without_noise
from effnb.datasets._funnel._plan import Wishes
from effnb.datasets._funnel._ranges import HELD_OUT, LARGE, LASTING_RISES, SHIFTS, SMALL, TRANSIENTS, Ranges
from effnb.datasets._funnel._truth import PlantedEvent, Truth

__all__ = [
    "HELD_OUT",
    "LARGE",
    "LASTING_RISES",
    "SHIFTS",
    "SMALL",
    "TRANSIENTS",
    "FleetMonth",
    "PlantedEvent",
    "Ranges",
    "Truth",
    "Wishes",
    "simulate_month",
    "simulate_small_fleet",
    "without_noise",
]
