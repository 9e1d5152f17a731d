"""Tool: code that could be cheaper, as the newest scan left it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from effnb.domain import Listing, Opportunity
from effnb.tools._paging import Limit, Offset, page
from effnb.tools._registry import tool

if TYPE_CHECKING:
    from effnb.workspace import Workspace


@tool(tier="read", source="code and stack samples")
def list_opportunities(
    workspace: Workspace,
    service: str | None = None,
    pattern: str | None = None,
    limit: Limit = 20,
    offset: Offset = 0,
    dismissed: bool = False,
) -> Listing[Opportunity]:
    """List code that could be cheaper, the largest expected saving first, as the newest scan left it.

    Each row says function, pattern, cost, expected saving with its interval, and whether a rule can write the fix.

    Args:
        service: Only what was measured in this service.
        pattern: Only this pattern, e.g. ``list-membership``.
        limit: Most rows to return.
        offset: Rows to leave out from the front.
        dismissed: The dismissed ones with their reasons, in the place of the others.
    """
    scan = workspace.opportunities.scan()
    if scan is None:
        return Listing[Opportunity](rows=(), searched="nothing: no scan yet, run `effnb scan`", total=0)
    standing = workspace.opportunities.standing()
    asked = [one for one in standing if service in (None, one.service) and pattern in (None, one.pattern)]
    found = [one for one in asked if (one.dismissed is not None) == dismissed]
    searched = scan.searched
    searched += "".join(
        f"; only {name} {value}" for name, value in (("service", service), ("pattern", pattern)) if value
    )
    if not dismissed and len(found) < len(asked):
        searched += f"; {len(asked) - len(found)} dismissed are left out"
    return page(Listing[Opportunity], found, searched=searched, limit=limit, offset=offset)
