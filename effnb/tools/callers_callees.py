"""Tool: who calls a function, and what it calls."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from effnb.domain import CallNeighbours, Neighbour, Utc, Window
from effnb.tools._paging import Limit
from effnb.tools._registry import tool
from effnb.tools._samples import refuse_unknown, sampled

if TYPE_CHECKING:
    from effnb.workspace import Workspace

ROOT = "(root)"


@tool(tier="read", source="stack samples")
def callers_callees(
    workspace: Workspace, service: str, function: str, start: Utc, end: Utc, limit: Limit = 10
) -> CallNeighbours:
    """Direct callers and callees of a function in a window, by samples: who causes its cost, and where it goes.

    A stack counts once an edge, however often the function recurs. What callees leave of 1 is the function's own code.

    Args:
        service: Service name.
        function: ``module:qualname``.
        start: First instant, UTC.
        end: First instant after the last, UTC.
        limit: Most callers, and most callees, to return.
    """
    window = Window(start=start, end=end)
    history, counts = sampled(workspace, service, window)
    refuse_unknown(history, function)
    callers: Counter[str] = Counter()
    callees: Counter[str] = Counter()
    mine = 0
    for stack, n in counts.items():
        if function in stack:
            mine += n
            edges = set(pairwise((ROOT, *stack)))
            callers.update({caller: n for caller, callee in edges if callee == function != caller})
            callees.update({callee: n for caller, callee in edges if caller == function != callee})
    total = sum(counts.values())

    def ranked(found: Counter[str]) -> tuple[Neighbour, ...]:
        rows = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:limit]
        return tuple(Neighbour(function=name, share=n / total, part=n / mine) for name, n in rows)

    return CallNeighbours(
        service=service,
        function=function,
        window=window,
        gcpu=mine / total,
        samples=mine,
        callers=ranked(callers),
        callees=ranked(callees),
    )
