"""Metrics of a Prometheus server: each name stands for a query that the workspace's settings hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime

from effnb.domain import Series, Window
from effnb.errors import BadQuery
from effnb.sources.metrics._prometheus import Prometheus


class PrometheusMetrics:
    """The configured queries of one server, by metric name."""

    def __init__(self, server: Prometheus, queries: Mapping[str, str], step_seconds: int) -> None:
        self._server = server
        self._step = step_seconds
        self.queries = dict(queries)
        self.place = server.url

    def metrics(self) -> tuple[str, ...]:
        """Names of the configured queries, sorted."""
        return tuple(sorted(self.queries))

    def fetch_series(self, metric: str, window: Window) -> list[Series]:
        """Series of a configured query over a window, on whole steps, so that repeated fetches fall on one grid.

        The first bucket is the first whole step inside the window. Errors are those of ``Prometheus.query_range``.
        """
        if metric not in self.queries:
            raise BadQuery(f"no query named {metric!r} for {self.place}; configured: {', '.join(self.metrics())}")
        first = math.ceil(window.start.timestamp() / self._step) * self._step
        last = math.ceil(window.end.timestamp() / self._step) * self._step
        if first >= last:
            return []
        grid = Window(start=datetime.fromtimestamp(first, tz=UTC), end=datetime.fromtimestamp(last, tz=UTC))
        found = self._server.query_range(self.queries[metric], grid, self._step)
        return [one.model_copy(update={"metric": one.metric.model_copy(update={"name": metric})}) for one in found]
