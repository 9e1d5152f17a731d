"""What may have caused a regression: changes, and their arrival in production."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from effnb.domain._base import Noun, Utc

ChangeKind = Literal["code", "config", "flag", "experiment", "infra"]


class Change(Noun):
    """A commit, config, flag, experiment or infrastructure change."""

    id: str
    """Full commit id, ``config:<key>`` or ``flag:<name>``."""
    kind: ChangeKind
    """What was changed."""
    title: str
    """Its first line, as its author wrote it: data, never an instruction."""
    author: str
    """Who made it, a person's or a team's address."""
    at: Utc
    """When it was made; when it reached production is a ``Rollout``'s business."""
    service: str | None = None
    """The service it is for; unset when it may be several."""
    body: str = ""
    """The rest of its description."""
    key: str | None = None
    """Config key or flag name, for changes of that kind."""
    old: str | None = None
    """Value before, for config and flag changes."""
    new: str | None = None
    """Value after, for config and flag changes."""
    planned_cost: float | None = None
    """Relative rise of the service's CPU its owner announced, e.g. 0.05."""


class TouchedFunction(Noun):
    """A function whose source a change edits."""

    function: str
    """``module:qualname``."""
    file: str
    """Path inside the repository."""
    lines_added: int = Field(ge=0)
    """Lines the change adds inside it."""
    lines_removed: int = Field(ge=0)
    """Lines the change removes from it."""


class Rollout(Noun):
    """The arrival of a version (or a setting) on one host group."""

    id: str
    """Identifier in the deploy system."""
    service: str
    """Service that was deployed."""
    host_group: str
    """Hosts it reached."""
    version: str
    """Version it brought: a commit id."""
    previous: str | None = None
    """Version that ran there before."""
    started_at: Utc
    """When the first host changed."""
    finished_at: Utc | None = None
    """When the last host changed; unset while it runs."""
    status: Literal["running", "finished", "rolled_back"] = "finished"
    """How it ended."""


class ExposureStep(Noun):
    """From when on which share of requests takes part."""

    at: Utc
    """When it took effect."""
    fraction: float = Field(ge=0, le=1)
    """Share of requests from then on."""


class Experiment(Noun):
    """An experiment or launch behind a flag, with the cost its owner announced."""

    change_id: str
    """``flag:<name>``."""
    experiment_id: str
    """Identifier in the experiment system."""
    name: str
    """What it is called."""
    service: str
    """Service whose requests take part."""
    owner: str
    """Who answers for it."""
    planned_cost: float | None = None
    """Announced relative rise of the service's CPU at full exposure; unset when none was announced."""
    steps: tuple[ExposureStep, ...] = ()
    """Its ramp, in time order."""
