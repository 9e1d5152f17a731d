"""Tool: write the fix for an opportunity or a regression."""

from __future__ import annotations

from typing import TYPE_CHECKING

from effnb.domain import Fix, Opportunity
from effnb.errors import NotFound
from effnb.tools._fixing import fix_opportunity, fix_regression, revert_regression
from effnb.tools._registry import tool

if TYPE_CHECKING:
    from effnb.workspace import Workspace


@tool(tier="propose", timeout=120, source="git and the rules of skills")
def propose_fix(workspace: Workspace, subject: str, revert: bool = False) -> Fix:
    """Write the fix for an opportunity or a filed regression as a diff and file it; nothing is changed or proved.

    A regression is mended only when its cause was confirmed by a replay or stands far ahead of every other change.
    Call ``verify_fix`` next: a fix without a verdict is a draft.

    Args:
        subject: Id of an opportunity or of a regression.
        revert: For a regression: take its cause back whole instead of mending it; says what else that undoes.
    """
    opportunity = workspace.records.newest("opportunity", subject, Opportunity)
    regression = workspace.findings.regression(subject)
    if opportunity is not None:
        fix = fix_opportunity(workspace, opportunity)
    elif regression is not None:
        fix = (revert_regression if revert else fix_regression)(workspace, regression)
    else:
        raise NotFound(f"no opportunity or regression {subject!r}; see `effnb opportunities` and `effnb regressions`")
    workspace.fixes.add(fix)
    return fix
