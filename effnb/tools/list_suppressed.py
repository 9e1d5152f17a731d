"""Tool: everything that detection looked at and let go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from effnb.domain import Listing, Suppressed, Utc
from effnb.errors import AnalysisError
from effnb.tools._registry import tool
from effnb.tools.list_regressions import asked

if TYPE_CHECKING:
    from effnb.workspace import Workspace


@tool(tier="read", source="stack samples")
def list_suppressed(
    workspace: Workspace,
    service: str = "",
    stage: str = "",
    function: str = "",
    min_points: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0,
    since: Utc | None = None,
    until: Utc | None = None,
    limit: Annotated[int, Field(ge=1)] = 50,
    offset: Annotated[int, Field(ge=0)] = 0,
) -> Listing[Suppressed]:
    """Change points that were dropped, largest first, each with stage, reason, numbers and the setting that keeps it.

    Use it before saying that nothing happened: a change may have been seen and let go. ``searched`` names the stages
    that dropped something. To see what other settings would file, call ``replay_detection``.

    Args:
        service: Only this service; empty means all.
        stage: Only what this stage dropped, e.g. ``traffic``.
        function: Only functions whose name contains this text, in either case.
        min_points: Smallest change, either way, in percentage points of gCPU.
        since: Only change points at or after this time.
        until: Only change points before this time.
        limit: How many to return.
        offset: How many of the largest to leave out, to read on.
    """
    if since is not None and until is not None and until <= since:
        raise AnalysisError(f"no time lies from {since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M}; give a later end")
    rows = workspace.findings.suppressed()
    found = passing(
        rows, service=service, stage=stage, function=function, min_points=min_points, since=since, until=until
    )
    searched = f"{len(rows)} dropped change points of the newest detection ({by_stage(rows)})"
    searched += asked(
        service=service, stage=stage, function=function, min_points=min_points, since=since, until=until, offset=offset
    )
    return Listing[Suppressed](rows=tuple(found[offset : offset + limit]), searched=searched, total=len(found))


def passing(
    rows: Iterable[Suppressed],
    *,
    service: str = "",
    stage: str = "",
    function: str = "",
    min_points: float = 0.0,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Suppressed]:
    """The rows that pass, in the order they came; empty, zero and null let everything pass."""
    return [
        one
        for one in rows
        if service in ("", one.service)
        and stage in ("", one.stage)
        and function.lower() in one.function.lower()
        and 100 * abs(one.absolute_delta) >= min_points
        and (since is None or one.at >= since)
        and (until is None or one.at < until)
    ]


def by_stage(rows: Iterable[Suppressed]) -> str:
    """How many each stage dropped, most first, e.g. ``traffic 52, merged 31``; ``none`` without rows."""
    counts = Counter(one.stage for one in rows)
    return ", ".join(f"{stage} {count:,}" for stage, count in counts.most_common()) or "none"
