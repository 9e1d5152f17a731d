"""Tool: what a service spends its CPU on."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from effnb.domain import FunctionCost, Listing, Utc, Window
from effnb.tools._paging import Limit, Offset, page
from effnb.tools._registry import tool
from effnb.tools._samples import refuse_unknown, sampled

if TYPE_CHECKING:
    from effnb.workspace import Workspace


@tool(tier="read", source="stack samples")
def top_functions(
    workspace: Workspace,
    service: str,
    start: Utc,
    end: Utc,
    under: str | None = None,
    own_only: bool = False,
    limit: Limit = 20,
    offset: Offset = 0,
) -> Listing[FunctionCost]:
    """Functions a service spends its CPU on in a window, largest gCPU first: where the cost is.

    gCPU counts callees, so entry points lead the list; ``self_share`` is a function's own code. Use ``own_only`` to
    leave out libraries, ``under`` to look below one function. Two windows are compared by ``diff_profiles``.

    Args:
        service: Service name.
        start: First instant, UTC.
        end: First instant after the last, UTC.
        under: Only stacks that contain this function (``module:qualname``); shares stay shares of the whole service.
        own_only: Only code the workspace owns.
        limit: Most rows to return.
        offset: Rows to leave out from the front.
    """
    window = Window(start=start, end=end)
    history, counts = sampled(workspace, service, window)
    if under is not None:
        refuse_unknown(history, under)
    total = sum(counts.values())
    held: Counter[str] = Counter()
    innermost: Counter[str] = Counter()
    for stack, n in counts.items():
        if under is None or under in stack:
            below = stack if under is None else stack[stack.index(under) :]
            held.update(dict.fromkeys(below, n))
            innermost[stack[-1]] += n
    rows = [
        FunctionCost(
            function=name,
            gcpu=n / total,
            self_share=innermost[name] / total,
            samples=n,
            own=bool(history.own_code) and history.is_own(name),
        )
        for name, n in sorted(held.items(), key=lambda item: (-item[1], item[0]))
        if not own_only or history.is_own(name)
    ]
    searched = f"{total:,} samples of {service}{f' below {under}' if under else ''}, {window}"
    return page(Listing[FunctionCost], rows, searched=searched, limit=limit, offset=offset)
