"""Arrays in, arrays out: noise, seasons and change points of metric series."""

from __future__ import annotations

from typing import TYPE_CHECKING

from effnb._lazy import lazily
from effnb.stats._noise import difference_sd, has_daily_season, long_run_sd, without_daily_season
from effnb.stats._power import (
    critical_hits,
    design_effect_at,
    detection_chance,
    measured_design_effect,
    normal_samples_needed,
    samples_needed,
    sampling_sd,
    size_strata,
    smallest_rise,
)
from effnb.stats._search import scan_statistic, split_levels

if TYPE_CHECKING:
    from effnb.stats._change_points import find_change_points, find_change_points_batch

__all__ = [
    "critical_hits",
    "design_effect_at",
    "detection_chance",
    "difference_sd",
    "find_change_points",
    "find_change_points_batch",
    "has_daily_season",
    "long_run_sd",
    "measured_design_effect",
    "normal_samples_needed",
    "samples_needed",
    "sampling_sd",
    "scan_statistic",
    "size_strata",
    "smallest_rise",
    "split_levels",
    "without_daily_season",
]

_HOMES = {"find_change_points": "_change_points", "find_change_points_batch": "_change_points"}
__getattr__ = lazily(__name__, _HOMES)
