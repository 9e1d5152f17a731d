"""Arrays in, arrays out: noise, seasons and change points of metric series."""

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

__all__ = [
    "critical_hits",
    "design_effect_at",
    "detection_chance",
    "difference_sd",
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
