"""Stack samples of one service in one window, and refusals that say what there is instead."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from effnb.detect import ServiceHistory
from effnb.domain import Window
from effnb.errors import NotEnoughData, NotFound
from effnb.tools._histories import service_history

if TYPE_CHECKING:
    from effnb.workspace import Workspace

Stack = tuple[str, ...]


def sampled(workspace: Workspace, service: str, window: Window) -> tuple[ServiceHistory, Mapping[Stack, int]]:
    """A service's history, and its stacks inside a window; ``NotEnoughData`` when the window holds no samples."""
    history = service_history(workspace, service)
    counts = history.stack_counts(window)
    if not counts:
        held = history.window(0, history.n_buckets)
        raise NotEnoughData(f"{service} has no samples in {window}; the store holds {held}")
    return history, counts


def refuse_unknown(history: ServiceHistory, function: str) -> None:
    """Raises NotFound with the nearest names when a function was never sampled."""
    if function not in history.functions:
        near = difflib.get_close_matches(function, history.functions, n=3, cutoff=0.5)
        near = near or [name for name in history.functions if name.endswith(f":{function}")][:3]
        hint = f"did you mean {', '.join(near)}?" if near else "list names with top_functions"
        raise NotFound(f"{history.service} has no samples of {function!r}; {hint}")
