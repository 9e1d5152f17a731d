"""Tool: offer a fix for review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from effnb.deliver import Draft, branch_of, check_merges, commit_fix, pull_request_body
from effnb.domain import FixRecord
from effnb.tools._fixing import fix_folder
from effnb.tools._forge import forge_of
from effnb.tools._proof import evidence_of, require_proof
from effnb.tools._registry import tool

if TYPE_CHECKING:
    from effnb.workspace import Workspace


@tool(tier="write", timeout=300, source="forge")
def open_pull_request(workspace: Workspace, fix: str, unproved: bool = False) -> FixRecord:
    """Push a fix to a branch of its own and open a pull request with its evidence and the gate's table.

    The same fix is opened once: its branch is named after its content, and an open pull request is updated. Nobody's
    working copy is touched.

    Args:
        fix: Id of the fix.
        unproved: Offer it although the gate did not verify it; the text says so.
    """
    record = workspace.fixes.record(fix)
    require_proof(record, unproved=unproved)
    folder, branch = fix_folder(workspace, record.fix), workspace.settings.forge.base_branch
    forge = forge_of(workspace, record.fix, folder)
    commit = commit_fix(record.fix, folder, _message(record))
    check_merges(folder, commit, forge.base_commit(folder, branch))
    body = pull_request_body(
        record.fix, record.verification, evidence_of(workspace, record.fix), str(workspace.audit.head())
    )
    reviewers = (record.fix.reviewer,) if record.fix.reviewer else ()
    draft = Draft(record.fix.title, body, branch_of(record.fix), commit, branch, reviewers)
    workspace.fixes.add_pull(fix, forge.open(folder, draft))
    return workspace.fixes.record(fix)


def _message(record: FixRecord) -> str:
    """Commit message: what, why, and where the proof is."""
    fix = record.fix
    verdict = record.verification.verdict.replace("_", " ") if record.verification else "not verified"
    return f"{fix.title}\n\n{fix.rationale}\n\neffnb {fix.id}, pattern {fix.pattern}: {verdict}\n"
