"""A service's history as arrays, built from the store once and kept while the store does not change."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from effnb.detect import ServiceHistory
from effnb.errors import NotEnoughData, NotFound
from effnb.store import StackMatrix

if TYPE_CHECKING:
    from effnb.domain import Regression
    from effnb.workspace import Workspace

REQUESTS = "requests"
"""Metric that counts requests, labelled ``service`` and ``endpoint``."""
_kept: WeakKeyDictionary[Workspace, dict[tuple[str, int], ServiceHistory]] = WeakKeyDictionary()


def service_history(workspace: Workspace, service: str) -> ServiceHistory:
    """All samples of a service, with its request counts where the store has them."""
    workspace.check_service(service)
    key = (service, workspace.state.connection.execute("SELECT count(*) FROM part").fetchone()[0])
    kept = _kept.setdefault(workspace, {})
    if key not in kept:
        matrix = workspace.samples.stack_matrix(service)
        if matrix is None:
            raise NotEnoughData(f"{service} has no samples; run `effnb ingest PATH`")
        kept[key] = _build(workspace, service, matrix)
    return kept[key]


def regression_or_raise(workspace: Workspace, key: str) -> Regression:
    """The filed change with an id."""
    found = workspace.findings.regression(key)
    if found is None:
        known = ", ".join(one.id for one in workspace.findings.regressions()) or "none; run `effnb detect`"
        raise NotFound(f"no regression {key!r}; filed: {known}")
    return found


def _build(workspace: Workspace, service: str, matrix: StackMatrix) -> ServiceHistory:
    endpoints = workspace.settings.service(service).endpoints
    names = list(endpoints)
    handlers = {handler: i for i, handler in enumerate(endpoints.values())}
    owner = [next((handlers[name] for name in stack if name in handlers), -1) for stack in matrix.stacks]
    return ServiceHistory(
        service=service,
        start=matrix.start,
        step_seconds=matrix.step_seconds,
        stacks=matrix.stacks,
        counts=matrix.counts,
        endpoint=np.array(owner, dtype=np.int64),
        requests=_requests(workspace, service, names, matrix),
        own_code=workspace.settings.workspace.own_code,
    )


def _requests(
    workspace: Workspace, service: str, endpoints: list[str], matrix: StackMatrix
) -> npt.NDArray[np.float64] | None:
    """Request counts on the samples' grid; None unless every endpoint was counted on it."""
    found = {one.labels.get("endpoint", ""): one for one in workspace.series.select(REQUESTS, service=service)}
    if not endpoints or any(name not in found for name in endpoints):
        return None
    rows = np.full((len(endpoints), matrix.counts.shape[1]), np.nan)
    for i, name in enumerate(endpoints):
        series = found[name]
        if series.step_seconds != matrix.step_seconds:
            return None
        offset = (int(series.start.timestamp()) - matrix.start) // matrix.step_seconds
        values = np.array([np.nan if value is None else value for value in series.values])
        place = np.arange(len(values)) + offset
        inside = (place >= 0) & (place < rows.shape[1])
        rows[i, place[inside]] = values[inside]
    return rows
