"""Tool: what a service's CPU was spent on in two windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from effnb.detect import compare_profiles
from effnb.domain import Profile, ProfileDiff, Window
from effnb.errors import NotEnoughData
from effnb.tools._registry import tool

if TYPE_CHECKING:
    from effnb.workspace import Workspace


@tool(tier="read", source="stack samples")
def diff_profiles(
    workspace: Workspace, service: str, before: Window, after: Window, function: str | None = None, limit: int = 40
) -> ProfileDiff:
    """Functions whose gCPU differs between two windows of a service, largest change first.

    gCPU includes callees, so a function and its callers move together; the innermost one tells where.

    Args:
        service: Service name.
        before: First window.
        after: Second window.
        function: Only functions that share a stack with this one; shares stay shares of the whole service.
        limit: How many functions to return.
    """
    workspace.check_service(service)
    old, new = _profile(workspace, service, before), _profile(workspace, service, after)
    diff = compare_profiles(old, new, before_name=f"{service}, {before}", after_name=f"{service}, {after}")
    rows = diff.rows
    if function is not None:
        near = {name for one in (*old.samples, *new.samples) if function in one.frames for name in one.frames}
        rows = tuple(row for row in rows if row.function in near)
    return diff.model_copy(update={"rows": rows[:limit]})


def _profile(workspace: Workspace, service: str, window: Window) -> Profile:
    counts = workspace.samples.stack_counts(service, window)
    if not counts:
        raise NotEnoughData(f"{service} has no samples in {window}; choose a window inside the ingested span")
    return Profile.from_stacks(counts, labels={"service": service})
