"""Tool: what was filed, dearest first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from effnb.domain import Listing, Regression
from effnb.program import impact_of
from effnb.tools._registry import tool

if TYPE_CHECKING:
    from effnb.workspace import Workspace

Kind = Literal["regression", "improvement", "planned", "all"]
KINDS = ("regression", "improvement", "planned")


@tool(tier="read", source="stack samples")
def list_regressions(
    workspace: Workspace,
    service: str = "",
    kind: Kind = "regression",
    function: str = "",
    min_points: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0,
    limit: Annotated[int, Field(ge=1)] = 50,
) -> Listing[Regression]:
    """Filed changes of cost, dearest first: by servers-equivalent, then by points of gCPU.

    Services whose number of servers nobody set come after the others. What was dropped is in ``list_suppressed``.

    Args:
        service: Only this service; empty means all.
        kind: ``regression`` (rose), ``improvement`` (fell), ``planned`` (rose as announced) or ``all``.
        function: Only functions whose name contains this text, in either case.
        min_points: Smallest change, either way, in percentage points of gCPU.
        limit: How many to return.
    """
    kinds = KINDS if kind == "all" else (kind,)
    filed = [one for name in kinds for one in workspace.findings.regressions(name)]
    found = ranked(workspace, matching(filed, service=service, function=function, min_points=min_points))
    services = ", ".join(workspace.samples.services()) or "no service: nothing was ingested yet"
    searched = f"{len(filed)} {'' if kind == 'all' else f'{kind} '}findings of the newest detection over {services}"
    searched += asked(service=service, function=function, min_points=min_points)
    return Listing[Regression](rows=tuple(found[:limit]), searched=searched, total=len(found))


def matching(
    rows: Iterable[Regression], *, service: str = "", function: str = "", min_points: float = 0.0
) -> list[Regression]:
    """The rows that pass; empty and zero let everything pass."""
    return [
        one
        for one in rows
        if service in ("", one.service)
        and function.lower() in one.function.lower()
        and 100 * abs(one.absolute_delta) >= min_points
    ]


def ranked(workspace: Workspace, rows: Iterable[Regression]) -> list[Regression]:
    """Largest change of servers first, known before unknown; equals by points of gCPU, then by id."""
    settings = workspace.settings

    def cost(one: Regression) -> tuple[bool, float, float, str]:
        servers = impact_of(one.absolute_delta, settings.service(one.service).servers, None).servers
        return servers is None, -abs(servers or 0.0), -abs(one.absolute_delta), one.id

    return sorted(rows, key=cost)


def asked(**filters: object) -> str:
    """The filters that are set, as the tail of a sentence about what was searched."""
    words = [f"{name.replace('_', ' ')} {value}" for name, value in filters.items() if value not in ("", 0.0, None)]
    return f"; narrowed to {', '.join(words)}" if words else ""
