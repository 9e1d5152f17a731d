"""Tool: values of a metric."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from effnb.domain import Listing, Series, Utc, Window
from effnb.errors import NotFound
from effnb.tools._paging import Limit, page
from effnb.tools._registry import tool

if TYPE_CHECKING:
    from effnb.workspace import Workspace


@tool(tier="read", source="metric series in the store, else the metric source")
def metric_range(
    workspace: Workspace,
    metric: str,
    start: Utc,
    end: Utc,
    labels: dict[str, str] | None = None,
    limit: Limit = 20,
) -> Listing[Series]:
    """Series of a metric inside a window, by their labels: requests, latency, errors, memory, log records, your own.

    The store is asked first, then the configured metric source. Missing values are null, never zero. Use it to tell
    whether traffic, latency or volume moved with the CPU; gCPU of a function is in ``function_history``.

    Args:
        metric: Name of the metric; a wrong one is answered with those there are.
        start: First instant, UTC.
        end: First instant after the last, UTC.
        labels: Only series that have these labels, e.g. the service.
        limit: Most series to return.
    """
    window = Window(start=start, end=end)
    every = workspace.series.select(metric)
    if not every and workspace.metrics is not None and metric in workspace.metrics.metrics():
        every = workspace.metrics.fetch_series(metric, window)
        if not every:
            return page(Listing[Series], [], searched=f"{metric} of {workspace.metrics.place}, {window}", limit=limit)
    if not every:
        raise NotFound(f"no metric {metric!r} in the store; {_known(workspace, metric)}")
    wanted = labels or {}
    mine = [one for one in every if wanted.items() <= one.labels.items()]
    rows = [cut for one in _joined(mine) if (cut := one.inside(window)) is not None]
    searched = f"{metric} with {wanted or 'any labels'}, {window}; {_held(every)}"
    return page(Listing[Series], rows, searched=searched, limit=limit)


def _known(workspace: Workspace, metric: str) -> str:
    names = sorted({one.metric.name for one in workspace.series.all()} | set(_live(workspace)))
    near = difflib.get_close_matches(metric, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{hint}there are: {', '.join(names)}" if names else "ingest some with `effnb ingest PATH`"


def _live(workspace: Workspace) -> tuple[str, ...]:
    return workspace.metrics.metrics() if workspace.metrics else ()


def _joined(series: Sequence[Series]) -> list[Series]:
    """Series by labels; pieces of one series that were ingested one after another are one, newer pieces on top."""
    found: dict[tuple[object, ...], Series] = {}
    for one in series:
        phase = one.start.timestamp() % one.step_seconds
        key = (tuple(sorted(one.labels.items())), one.step_seconds, phase)
        found[key] = _over(found[key], one) if key in found else one
    return [found[key] for key in sorted(found, key=repr)]


def _over(old: Series, new: Series) -> Series:
    step, start = old.step_seconds, min(old.start, new.start)
    stop = max(old.window.end, new.window.end)
    values: list[float | None] = [None] * round((stop - start).total_seconds() / step)
    for one in (old, new):
        first = round((one.start - start).total_seconds() / step)
        for i, value in enumerate(one.values, first):
            values[i] = values[i] if value is None else value
    return new.model_copy(update={"start": start, "values": tuple(values), "counts": None})


def _held(every: Sequence[Series]) -> str:
    labels = sorted({name for one in every for name in one.labels})
    held = Window(start=min(one.start for one in every), end=max(one.window.end for one in every))
    return f"there are {len(every)} series of it, labelled {', '.join(labels) or 'with nothing'}, {held}"
