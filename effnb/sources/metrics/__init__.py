"""Metric series: from CSV and Parquet files, and from Prometheus."""

from effnb.sources.metrics._files import is_series_file, read_series
from effnb.sources.metrics._folder import FolderMetrics
from effnb.sources.metrics._prometheus import Prometheus
from effnb.sources.metrics._queries import PrometheusMetrics

__all__ = ["FolderMetrics", "Prometheus", "PrometheusMetrics", "is_series_file", "read_series"]
