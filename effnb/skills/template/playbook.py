"""Steps of this skill: SKILL.md as a function of the inputs and of what the tools return."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from effnb.domain import Finding, Listing, Noun, Regression, Resolution
from effnb.skills import Call, attempt, cite, step

MIN_RISE = 0.005
"""A rise of less than half a point of gCPU is not worth anybody's day."""


class Inputs(Noun):
    """What it is asked about."""

    service: str
    """Service name."""


def playbook(inputs: Inputs) -> Generator[Call, Any, Resolution]:
    """From a service to its dearest rise."""
    gaps: list[str] = []
    asked = step("filed", "Which rises were filed for this service?")
    filed = yield from attempt(
        asked.call("list_regressions", Listing[Regression], service=inputs.service, limit=5), gaps
    )
    if filed is None:
        return Resolution(status="needs_person", summary="The filed rises cannot be read.", gaps=tuple(gaps))
    if not filed.rows:
        return Resolution(status="not_found", summary=f"Nothing was filed. Looked at: {filed.searched}.")
    return _conclude(filed)


def _conclude(filed: Listing[Regression]) -> Resolution:
    top = filed.rows[0]
    claim = (
        f"gCPU of {top.function} went from {100 * top.before:.2f} % to {100 * top.after:.2f} % "
        f"at {top.change_point.at:%Y-%m-%d %H:%M} UTC."
    )
    names = ("function", "before", "after", "change_point.at")
    finding = Finding(claim=claim, evidence=tuple(cite("filed", filed, f"rows.0.{name}") for name in names))
    if top.absolute_delta < MIN_RISE:
        summary = f"The dearest of {filed.total} rises is {100 * top.absolute_delta:.2f} points: not worth a look."
        return Resolution(status="accepted", summary=summary, findings=(finding,))
    return Resolution(
        status="explained",
        summary=f"{top.function} costs {100 * top.absolute_delta:.2f} points more, the most of {filed.total} rises.",
        findings=(finding,),
        next_steps=(f"Find its cause: effnb investigate {top.id}",),
    )
