"""Tool: take series from the configured Prometheus server into the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from effnb.domain import Ingested, Listing, Utc, Window
from effnb.errors import ConfigError
from effnb.tools._registry import tool

if TYPE_CHECKING:
    from effnb.workspace import Workspace


@tool(tier="propose", timeout=600, source="Prometheus")
def ingest_prometheus(workspace: Workspace, start: Utc, end: Utc) -> Listing[Ingested]:
    """Fetch the queries named in ``[sources.prometheus.queries]`` over a window into the store.

    Args:
        start: First instant, UTC.
        end: First instant after the last, UTC.
    """
    source = workspace.metrics
    if source is None:
        raise ConfigError(
            "no Prometheus queries are configured; set [sources.prometheus] url and queries in effnb.toml"
        )
    window = Window(start=start, end=end)
    rows = []
    for name in source.metrics():
        series = source.fetch_series(name, window)
        if series:
            workspace.series.add(series, source=f"{source.place} {name}")
        rows.append(Ingested(source=name, format="prometheus", series=len(series)))
    return Listing[Ingested](rows=tuple(rows), searched=f"{source.place}, {window}", total=len(rows))
