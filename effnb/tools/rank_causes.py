"""Tool: which change explains a regression."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from effnb.detect import stack_changes
from effnb.domain import Confirmation, Regression, RootCause, Window
from effnb.rootcause import GroupShares
from effnb.rootcause import rank_causes as rank
from effnb.tools._arrivals import changes_arriving
from effnb.tools._histories import regression_or_raise, service_history
from effnb.tools._registry import tool

if TYPE_CHECKING:
    from effnb.workspace import Workspace

HOURS_AROUND = timedelta(hours=12)


@tool(tier="read", source="git, rollout, config and experiment records, stack samples")
def rank_causes(workspace: Workspace, id: str) -> RootCause:  # noqa: A002  # the domain's own word
    """Changes that may explain a regression, best first, each with its factors, and the one that stands out if any.

    A score is attribution × proximity × timing; it ranks and is not a probability. A null cause comes with its reason.
    What confirm_cause found out about one of them is shown with them.

    Args:
        id: Identifier of the regression.
    """
    causes = causes_of(workspace, regression_or_raise(workspace, id))
    tried = workspace.records.newest("confirmation", id, Confirmation)
    if tried is None or tried.change not in {candidate.change_id for candidate in causes.candidates}:
        return causes
    return causes.model_copy(update={"confirmation": tried})


def causes_of(workspace: Workspace, regression: Regression) -> RootCause:
    """The same for a regression that is not filed yet."""
    point, settings = regression.change_point, workspace.settings.causes
    look_back = Window(
        start=point.earliest - timedelta(hours=settings.look_back_hours), end=point.latest + timedelta(hours=1)
    )
    around = Window(start=point.at - HOURS_AROUND, end=point.at + HOURS_AROUND)
    history = service_history(workspace, regression.service)
    times, shares = workspace.samples.group_shares(regression.service, regression.function, around)
    groups = GroupShares(times=times + np.float64(history.step_seconds / 2), shares=shares)
    arrivals = changes_arriving(workspace, regression.service, look_back)
    return rank(regression, arrivals, stack_changes(history, point.at), groups, settings)
