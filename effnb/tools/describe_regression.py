"""Tool: one filed regression with its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from effnb.domain import Regression
from effnb.tools._histories import regression_or_raise
from effnb.tools._registry import tool

if TYPE_CHECKING:
    from effnb.workspace import Workspace


@tool(tier="read", source="stack samples")
def describe_regression(workspace: Workspace, id: str) -> Regression:  # noqa: A002  # the domain's own word
    """One filed regression: function, service, since when, gCPU before and after with its interval.

    Use it first: every other question about a regression needs its service, function and windows.

    Args:
        id: Identifier such as ``reg-1a2b3c4d``, as listed by ``effnb regressions``.
    """
    return regression_or_raise(workspace, id)
