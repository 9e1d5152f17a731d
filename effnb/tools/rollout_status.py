"""Tool: which versions reached which hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from effnb.domain import Listing, Rollout, Utc, Window
from effnb.errors import ConfigError
from effnb.tools._registry import tool

if TYPE_CHECKING:
    from effnb.workspace import Workspace


@tool(tier="read", source="rollout records")
def rollout_status(workspace: Workspace, service: str, start: Utc, end: Utc) -> Listing[Rollout]:
    """Rollouts of a service that started inside a window, host group by host group, oldest first.

    Args:
        service: Service name.
        start: First instant, UTC.
        end: First instant after the last, UTC.
    """
    if workspace.rollouts is None:
        raise ConfigError("no rollout records are configured; set [sources] rollouts in effnb.toml")
    window = Window(start=start, end=end)
    rows = tuple(workspace.rollouts.fetch_rollouts(service, window))
    return Listing[Rollout](rows=rows, searched=f"rollouts of {service}, {window}", total=len(rows))
