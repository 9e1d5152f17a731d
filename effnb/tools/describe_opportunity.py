"""Tool: one opportunity with its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from effnb.domain import Opportunity
from effnb.tools._registry import tool

if TYPE_CHECKING:
    from effnb.workspace import Workspace


@tool(tier="read", source="code and stack samples")
def describe_opportunity(workspace: Workspace, id: str) -> Opportunity:  # noqa: A002  # the domain's own word
    """One place in the code that could be cheaper: cost, expected saving and its basis, risk, criteria, earlier fixes.

    Use it before a fix: it says what the fix has to satisfy, which recorded workload replays it, and who owns the code.

    Args:
        id: Identifier such as ``opp-1a2b3c4d``, as listed by ``list_opportunities``.
    """
    found = workspace.opportunities.get(id)
    examples = tuple(one.id for one in workspace.fixes.resolved(found.pattern))[:5]
    return found.model_copy(update={"examples": examples})
