"""Tool: which versions reached which hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from effnb.domain import Listing, Rollout, Utc, Window
from effnb.errors import ConfigError
from effnb.tools._paging import Limit, Offset, page
from effnb.tools._registry import tool

if TYPE_CHECKING:
    from effnb.workspace import Workspace


@tool(tier="read", timeout=120, source="rollout records")
def rollout_status(
    workspace: Workspace, service: str, start: Utc, end: Utc, limit: Limit = 200, offset: Offset = 0
) -> Listing[Rollout]:
    """Rollouts of a service that started inside a window, host group by host group, oldest first.

    Args:
        service: Service name.
        start: First instant, UTC.
        end: First instant after the last, UTC.
        limit: Most rows to return.
        offset: Rows to leave out from the front.
    """
    if workspace.rollouts is None:
        raise ConfigError("no rollout records are configured; set [sources] rollouts in effnb.toml")
    window = Window(start=start, end=end)
    rows = workspace.rollouts.fetch_rollouts(service, window)
    searched = f"rollouts of {service}, {window}"
    return page(Listing[Rollout], rows, searched=searched, limit=limit, offset=offset)
