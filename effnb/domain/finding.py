"""Claims, the evidence they stand on, and how an investigation ended."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from effnb.domain._base import Noun, Utc
from effnb.domain.window import Window


class Evidence(Noun):
    """A value that a tool call of this run returned; checked by code against the call."""

    call: str
    """Id of the step whose result is cited."""
    field: str
    """Path of the value in that result, e.g. ``candidates.0.score``; empty for the whole result."""
    value: JsonValue
    """The value found there."""
    source: str = ""
    """System the value came from; filled in by the driver."""
    query: str = ""
    """Tool and arguments that fetched it; filled in by the driver."""
    window: Window | None = None
    """Span of time it is about, where that applies."""
    fetched_at: Utc | None = None
    """When it was fetched; filled in by the driver."""


class Finding(Noun):
    """A claim; it cannot be built without evidence."""

    claim: str
    """One sentence with numbers and units."""
    evidence: tuple[Evidence, ...] = Field(min_length=1)
    """What it stands on."""


class Proposal(Noun):
    """A resolution described so that a person can carry it out, check it and take it back. Nothing has been changed."""

    what: str
    """The change in one sentence."""
    where: str
    """What it is made in: a file and function, a setting, a flag, an experiment."""
    current: str = ""
    """What stands there now; empty when there is nothing yet."""
    proposed: str
    """What should stand there."""
    verify: tuple[str, ...] = Field(min_length=1)
    """How to tell that it worked: what to measure, where, and what is expected."""
    revert: str
    """How to take it back."""


ResolutionStatus = Literal[
    "explained", "fix_proposed", "config_change", "accepted", "not_found", "not_enough_data", "needs_person"
]


class Resolution(Noun):
    """How an investigation ended."""

    status: ResolutionStatus
    """The outcome; "nothing found", "not enough data" and "a person has to judge" are different ones."""
    summary: str
    """The conclusion in one or two sentences."""
    cause: str | None = None
    """Change id of the cause; null when none stands out."""
    findings: tuple[Finding, ...] = ()
    """What was found, each with its evidence."""
    proposal: Proposal | None = None
    """What to change, when the outcome is that something should be."""
    gaps: tuple[str, ...] = ()
    """What could not be looked at, and why."""
    next_steps: tuple[str, ...] = ()
    """What a person would do next."""
