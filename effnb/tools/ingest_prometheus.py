"""Tool: take series from the configured Prometheus server into the store."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from effnb.domain import Ingested, Listing, Utc, Window
from effnb.errors import ConfigError
from effnb.sources.metrics import Prometheus
from effnb.tools._registry import tool

if TYPE_CHECKING:
    from effnb.workspace import Workspace


def _on_grid(start: datetime, end: datetime, step: int) -> Window:
    """The window widened to whole steps, so that repeated fetches fall on one grid."""
    first, last = int(start.timestamp()) // step * step, -(-int(end.timestamp()) // step) * step
    return Window(start=datetime.fromtimestamp(first, tz=UTC), end=datetime.fromtimestamp(last, tz=UTC))


@tool(tier="propose", timeout=600, source="Prometheus")
def ingest_prometheus(workspace: Workspace, start: Utc, end: Utc) -> Listing[Ingested]:
    """Fetch the queries named in ``[sources.prometheus.queries]`` over a window into the store.

    Args:
        start: First instant, UTC.
        end: First instant after the last, UTC.
    """
    settings = workspace.settings.sources.prometheus
    if settings is None or not settings.queries:
        raise ConfigError(
            "no Prometheus queries are configured; set [sources.prometheus] url and queries in effnb.toml"
        )
    server = Prometheus(settings.url, settings.token_env, settings.timeout_seconds)
    window = _on_grid(start, end, settings.step_seconds)
    rows = []
    for name, query in settings.queries.items():
        series = server.query_range(query, window, settings.step_seconds)
        named = [one.model_copy(update={"metric": one.metric.model_copy(update={"name": name})}) for one in series]
        if named:
            workspace.series.add(named, source=f"{settings.url} {query}")
        rows.append(Ingested(source=query, format="prometheus", series=len(named)))
    return Listing[Ingested](rows=tuple(rows), searched=f"{settings.url}, {window}", total=len(rows))
