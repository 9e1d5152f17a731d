"""Tool: take a fix out of the files again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from effnb import deliver
from effnb.domain import FixRecord
from effnb.tools._fixing import fix_folder
from effnb.tools._registry import tool

if TYPE_CHECKING:
    from effnb.workspace import Workspace


@tool(tier="write", timeout=120, source="working copy")
def undo_fix(workspace: Workspace, fix: str) -> FixRecord:
    """Take an applied fix out of the working copy again; edits elsewhere in its files stay.

    Args:
        fix: Id of the fix.
    """
    found = workspace.fixes.get(fix)
    workspace.fixes.add_delivery(deliver.undo_fix(found, fix_folder(workspace, found), at=datetime.now(UTC)))
    return workspace.fixes.record(fix)
