"""Tool: write a fix into the files it mends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from effnb import deliver
from effnb.domain import FixRecord
from effnb.tools._fixing import fix_folder
from effnb.tools._proof import require_proof
from effnb.tools._registry import tool

if TYPE_CHECKING:
    from effnb.workspace import Workspace


@tool(tier="write", timeout=120, source="working copy")
def apply_fix(workspace: Workspace, fix: str, unproved: bool = False) -> FixRecord:
    """Write a fix into the working copy, whole or not at all; refused when the files differ from what was proved.

    Args:
        fix: Id of the fix.
        unproved: Apply it although the gate did not verify it.
    """
    record = workspace.fixes.record(fix)
    require_proof(record, unproved=unproved)
    workspace.fixes.add_delivery(deliver.apply_fix(record.fix, fix_folder(workspace, record.fix), at=datetime.now(UTC)))
    return workspace.fixes.record(fix)
