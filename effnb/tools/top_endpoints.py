"""Tool: which endpoints a service's traffic and CPU go to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from effnb.domain import EndpointLoad, Listing, Utc, Window
from effnb.errors import NotEnoughData
from effnb.tools._paging import Limit, page
from effnb.tools._registry import tool
from effnb.tools._samples import sampled

if TYPE_CHECKING:
    from effnb.detect import ServiceHistory
    from effnb.workspace import Workspace


@tool(tier="read", source="stack samples and request counts")
def top_endpoints(workspace: Workspace, service: str, start: Utc, end: Utc, limit: Limit = 20) -> Listing[EndpointLoad]:
    """Endpoints of a service in a window, largest share of CPU first, with their traffic and cost per request.

    ``relative_cost`` above 1 is dearer a request than the service's mean. Compare two windows to tell a shifted traffic
    mix from code that got dearer. Traffic is null when nobody counted requests.

    Args:
        service: Service name.
        start: First instant, UTC.
        end: First instant after the last, UTC.
        limit: Most rows to return.
    """
    window = Window(start=start, end=end)
    history, _ = sampled(workspace, service, window)
    endpoints = workspace.settings.service(service).endpoints
    if not endpoints:
        raise NotEnoughData(f"{service} has no endpoints on record; set [services.{service}.endpoints] in effnb.toml")
    rows = _rows(history, window, endpoints)
    rows.sort(key=lambda row: (-row.gcpu, row.endpoint))
    counted = "request counts" if history.requests is not None else "no request counts"
    return page(Listing[EndpointLoad], rows, searched=f"samples and {counted} of {service}, {window}", limit=limit)


def _rows(history: ServiceHistory, window: Window, endpoints: dict[str, str]) -> list[EndpointLoad]:
    columns = history.columns(window)
    seconds = (columns.stop - columns.start) * history.step_seconds
    sums = history.counts[:, columns].sum(axis=1)
    samples = [float(sums[history.endpoint == i].sum()) for i in range(len(endpoints))]
    requests = None if history.requests is None else np.nansum(history.requests[:, columns], axis=1)
    total, all_requests = float(sums.sum()), 0.0 if requests is None else float(requests.sum())
    found = []
    for i, (name, handler) in enumerate(endpoints.items()):
        n = None if requests is None else float(requests[i])
        share = n / all_requests if n is not None and all_requests else None
        gcpu = samples[i] / total
        found.append(
            EndpointLoad(
                endpoint=name,
                handler=handler,
                requests=n,
                per_second=None if n is None else n / seconds,
                traffic_share=share,
                gcpu=gcpu,
                relative_cost=gcpu / share if share else None,
            )
        )
    return found
