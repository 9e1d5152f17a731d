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
    """The reason the skill declares for this step."""
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
    """Why it failed."""
    tokens: int = Field(default=0, ge=0)
    """Tokens spent on language models."""
