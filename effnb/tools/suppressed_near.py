"""Tool: what detection let go around a regression."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from effnb.domain import Listing, Suppressed
from effnb.tools._histories import regression_or_raise
from effnb.tools._registry import tool

if TYPE_CHECKING:
    from effnb.workspace import Workspace

HOURS = 12


@tool(tier="read", source="stack samples")
def suppressed_near(workspace: Workspace, id: str, limit: int = 20) -> Listing[Suppressed]:  # noqa: A002
    """Change points of the same service that were dropped within 12 hours of a regression, largest first.

    Each says which stage dropped it and why: moved cost, traffic, a transient, or part of this very report.

    Args:
        id: Identifier of the regression.
        limit: How many to return.
    """
    regression = regression_or_raise(workspace, id)
    at, near = regression.change_point.at, timedelta(hours=HOURS)
    rows = [
        one for one in workspace.findings.suppressed() if one.service == regression.service and abs(one.at - at) <= near
    ]
    searched = f"dropped change points of {regression.service} within {HOURS} h of {at:%Y-%m-%d %H:%M} UTC"
    return Listing[Suppressed](rows=tuple(rows[:limit]), searched=searched, total=len(rows))
