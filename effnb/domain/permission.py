"""Who calls, what a person approved, and the line of the audit log that says so."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from effnb.domain._base import Noun, Utc
from effnb.domain.run import Tier

ActorKind = Literal["user", "agent", "mcp"]
Surface = Literal["notebook", "cli", "batch", "mcp"]
AuditOutcome = Literal["success", "failed", "refused", "held", "denied", "begun", "approved"]


class Actor(Noun):
    """Who asks for a call, and through which surface."""

    kind: ActorKind
    """A person, a skill's run, or another program over MCP."""
    name: str
    """Login of the person, name of the skill, or name of the client."""
    surface: Surface
    """Where the call comes from; ``batch`` is a report or a job that nobody watches."""
    on_behalf: str = ""
    """The person an agent works for; it may do no more than that person."""


class Approval(Noun):
    """One person's yes to exactly one call; it expires and holds once."""

    id: str
    """Identifier."""
    run: str
    """Run the call belongs to; empty for a call outside a run."""
    call: str
    """Id of the call in its run; empty outside a run."""
    tool: str
    """Tool that may be called."""
    args_sha: str
    """SHA-256 of the arguments as canonical JSON."""
    digest: str
    """Digest of the skill that asks; empty outside a run."""
    by: str
    """Who approved."""
    granted_at: Utc
    """When."""
    expires_at: Utc
    """First instant it no longer holds."""


class AuditEntry(Noun):
    """One line of the audit log."""

    k: int = Field(ge=1)
    """Position, from 1 without gaps."""
    at: Utc
    """When the call ended, or was refused."""
    actor: Actor
    """Who asked."""
    tool: str
    """Tool that was asked for."""
    tier: Tier
    """What it may touch."""
    args: dict[str, Any]
    """Its arguments; secrets are blacked out."""
    args_sha: str
    """SHA-256 of the arguments as they were."""
    outcome: AuditOutcome
    """How it ended; ``begun`` is written before a call that writes, ``held`` when it waits for approval."""
    detail: str = ""
    """Reason of a failure, refusal or denial; secrets are blacked out."""
    seconds: float = Field(default=0.0, ge=0)
    """How long it took."""
    run: str = ""
    """Run it belongs to; empty outside a run."""
    call: str = ""
    """Id of the call in its run."""
    approver: str = ""
    """Who approved or denied it; empty when nobody had to."""


class AuditHead(Noun):
    """The end of the audit log; kept elsewhere, it shows a log that was cut."""

    rows: int = Field(ge=0)
    """Number of entries."""
    hash: str
    """Hash of the last entry; 64 zeros when there is none."""

    def __str__(self) -> str:
        return f"{self.rows}:{self.hash}"


class AuditCheck(Noun):
    """Whether an audit log is what was written."""

    rows: int
    """Entries that were checked."""
    problems: tuple[str, ...]
    """What does not fit, the first place first; empty when the log is intact."""
    anchors: int
    """Heads kept elsewhere that it was compared with."""
