"""Tool: let an opportunity stand, with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from effnb.domain import Opportunity
from effnb.tools._registry import tool

if TYPE_CHECKING:
    from effnb.workspace import Workspace


@tool(tier="propose", source="code and stack samples")
def dismiss_opportunity(
    workspace: Workspace,
    id: str,  # noqa: A002  # the domain's own word
    reason: Annotated[str, Field(min_length=3, max_length=500)],
) -> Opportunity:
    """Let an opportunity stand for a reason that later scans remember; lists leave it out from then on.

    Args:
        id: Identifier such as ``opp-1a2b3c4d``.
        reason: Why it stays as it is, for the next reader.
    """
    return workspace.opportunities.dismiss(id, reason)
