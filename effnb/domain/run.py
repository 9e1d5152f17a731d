"""Everything that happened in a run, and why."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from effnb.domain._base import Noun, Utc
from effnb.domain.finding import Resolution

Mode = Literal["playbook", "guided", "free"]
Tier = Literal["read", "propose", "write"]
CallStatus = Literal["pending", "success", "failed", "denied"]
RunState = Literal["running", "paused", "finished", "failed", "stopped"]


class ToolCall(Noun):
    """One call of a tool: what was asked, why, and what came back."""

    id: str
    """``<skill>.<step>``; unique within the run."""
    step: str
    """Step id in the playbook."""
    tool: str
    """Name of the tool."""
    args: dict[str, Any]
    """Arguments that were really executed."""
    why: str = ""
    """The reason the skill declares for this step; empty when a language model chose the call."""
    reasoning: str = ""
    """What a language model said before it asked for this call; generated text, nobody's declaration."""
    tier: Tier = "read"
    """What the tool may touch."""
    status: CallStatus
    """How it ended."""
    started_at: Utc
    """When it began."""
    seconds: float = Field(default=0.0, ge=0)
    """How long it took."""
    result: Any = None
    """The result as plain JSON; ``{"ref": digest, "bytes": n}`` when it is kept beside the transcript."""
    error: str | None = None
    """Why there is no result."""
    edited: bool = False
    """Whether a person changed the arguments."""


class Note(Noun):
    """What a person wrote into a run."""

    at: Utc
    """When."""
    by: str
    """Who."""
    text: str
    """The note."""
    after: str = ""
    """Step after which it was written; empty before the first."""


class DeclaredStep(Noun):
    """A step that the skill's playbook declares, and whether a run that a language model drove made that call."""

    step: str
    """Step id in the playbook."""
    tool: str
    """Its tool."""
    why: str
    """The reason the playbook gives."""
    ran: bool
    """Whether a call of that tool with those arguments was made."""


class Transcript(Noun):
    """A run of one skill, step by step."""

    run_id: str
    """Identifier of the run."""
    skill: str
    """Skill that was run."""
    digest: str
    """Digest of the skill's folder."""
    mode: Mode
    """Who decided: the playbook, or a language model with or without it."""
    model: str
    """Label of the model, e.g. ``playbook/<skill>@<digest> (no language model)``."""
    inputs: dict[str, Any]
    """What the run was started with."""
    state: RunState
    """Where it stands."""
    started_at: Utc
    """When it began."""
    calls: tuple[ToolCall, ...] = ()
    """Its calls, in order."""
    resolution: Resolution | None = None
    """How it ended; null until then."""
    error: str | None = None
    """Why it failed, or why it waits without a call: a model that could not be asked, a limit."""
    tokens: int = Field(default=0, ge=0)
    """Tokens spent on language models."""
    requests: int = Field(default=0, ge=0)
    """Requests to language models."""
    cost: float | None = Field(default=None, ge=0)
    """What those cost, by the prices in effnb.toml; null when there are none or no model was asked."""
    currency: str = ""
    """Currency of the cost."""
    declared: tuple[DeclaredStep, ...] = ()
    """In mode free: the steps the playbook declares and whether each was made; set by code, not by the model."""
    notes: tuple[Note, ...] = ()
    """What people wrote, in order."""
