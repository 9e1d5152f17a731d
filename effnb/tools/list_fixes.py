"""Tool: the fixes that were made here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from effnb.domain import Fix, Listing
from effnb.tools._registry import tool

if TYPE_CHECKING:
    from effnb.workspace import Workspace


@tool(tier="read")
def list_fixes(
    workspace: Workspace,
    subject: str = "",
    limit: Annotated[int, Field(ge=1)] = 20,
    offset: Annotated[int, Field(ge=0)] = 0,
) -> Listing[Fix]:
    """Fixes that were made in this workspace, newest first; ``show_fix`` tells whether one is proved and delivered.

    Args:
        subject: Only those for this opportunity or regression; empty means all.
        limit: How many to return.
        offset: How many of the newest to leave out, to read on.
    """
    found = workspace.fixes.all(subject or None)
    searched = f"fixes filed in this workspace{f' for {subject}' if subject else ''}"
    return Listing[Fix](rows=tuple(found[offset : offset + limit]), searched=searched, total=len(found))
