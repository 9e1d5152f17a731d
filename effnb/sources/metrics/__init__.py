"""Metric series: from CSV and Parquet files, and from Prometheus."""

from effnb.sources.metrics._files import is_series_file, read_series
from effnb.sources.metrics._prometheus import Prometheus

__all__ = ["Prometheus", "is_series_file", "read_series"]
