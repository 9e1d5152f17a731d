"""Arrays in, arrays out: noise, seasons and change points of metric series."""

from effnb.stats._noise import long_run_sd, without_daily_season
from effnb.stats._search import scan_statistic, split_levels

__all__ = ["long_run_sd", "scan_statistic", "split_levels", "without_daily_season"]
