"""Tool: one function's gCPU over time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from effnb.domain import Metric, Series, Utc, Window
from effnb.errors import NotFound
from effnb.tools._registry import tool

if TYPE_CHECKING:
    from effnb.store import Cube
    from effnb.workspace import Workspace


@tool(tier="read", source="stack samples")
def function_history(
    workspace: Workspace, service: str, function: str, start: Utc | None = None, end: Utc | None = None
) -> Series:
    """A function's gCPU in every bucket: share of the service's stack samples that contain it, callees included.

    Buckets without samples are null. The counts are the samples behind each share.

    Args:
        service: Service name.
        function: ``module:qualname``.
        start: First instant, UTC; the oldest sample when omitted.
        end: First instant after the last, UTC; the newest sample when omitted.
    """
    workspace.check_service(service)
    cube = workspace.samples.cube(service)
    row = cube.index(function) if cube else None
    if cube is None or row is None:
        raise NotFound(f"{service} has no samples of {function!r}; check the name with diff_profiles")
    first, stop = _span(cube, start, end)
    hits, totals = cube.counts[row].sum(axis=0)[first:stop], cube.totals.sum(axis=0)[first:stop]
    values = tuple(int(k) / int(n) if n else None for k, n in zip(hits, totals, strict=True))
    return Series(
        metric=Metric(name="gcpu", unit="share of samples"),
        labels={"service": service, "function": function, "source": "stack samples"},
        start=datetime.fromtimestamp(cube.start + first * cube.step_seconds, tz=UTC),
        step_seconds=cube.step_seconds,
        values=values,
        counts=tuple(int(n) for n in totals),
    )


def _span(cube: Cube, start: datetime | None, end: datetime | None) -> tuple[int, int]:
    stop_seconds = cube.start + cube.n_buckets * cube.step_seconds
    wanted = Window(
        start=start or datetime.fromtimestamp(cube.start, tz=UTC),
        end=end or datetime.fromtimestamp(stop_seconds, tz=UTC),
    )
    first = -(-(int(wanted.start.timestamp()) - cube.start) // cube.step_seconds)
    stop = -(-(int(wanted.end.timestamp()) - cube.start) // cube.step_seconds)
    first, stop = max(0, first), min(stop, cube.n_buckets)
    if first >= stop:
        raise NotFound(f"no samples of {cube.service} in {wanted}; the store holds {cube.window}")
    return first, stop
