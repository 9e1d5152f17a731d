"""The gate every call passes: tier, scope, budget and approval, and a line in the audit log, whoever calls.

It stands in the dispatch and not in the surfaces, so that a notebook, the command line, a job, a skill's run and an
MCP client are held to the same rules, and a surface that is added later is too.
"""

from __future__ import annotations

import contextvars
import fnmatch
import getpass
import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json, to_json

from effnb.domain import Actor, Approval, AuditOutcome, Surface, Tier
from effnb.errors import ApprovalNeeded, NotAllowed, ToolFailed
from effnb.settings import PermissionSettings, Rule
from effnb.tools._registry import Tool
from effnb.tools._scope import check_paths, check_services, within

if TYPE_CHECKING:
    from effnb.workspace import Workspace

POLICY = "[permissions.approve] in effnb.toml"


@dataclass(frozen=True)
class Origin:
    """Where a call comes from, when it comes from a run; an approval is bound to it."""

    run: str = ""
    call: str = ""
    digest: str = ""


@dataclass(frozen=True)
class CallContext:
    """What a tool may know about its own call; ``idem`` is the same when a call that was cut off is made again.

    A tool that writes gives ``idem`` to the far side, or names what it creates after it, and looks before it creates.
    """

    idem: str
    actor: Actor
    origin: Origin
    approver: str = ""


_CURRENT: contextvars.ContextVar[CallContext | None] = contextvars.ContextVar("effnb_call", default=None)


def current_call() -> CallContext | None:
    """The call that is being made, inside a tool; null elsewhere."""
    return _CURRENT.get()


class Gate:
    """Decides about each call of one caller, counts what it used, and writes the audit log.

    Args:
        workspace: The workspace; without settings of its own the defaults hold, without a state nothing is recorded.
        actor: The caller.
        calls: Calls it made before, e.g. before a run was resumed.
        seconds: Time those took.
    """

    def __init__(self, workspace: Any, actor: Actor, *, calls: int = 0, seconds: float = 0.0) -> None:
        self.actor = actor
        self.calls = calls
        self.seconds = seconds
        self._workspace: Workspace = workspace
        settings = getattr(workspace, "settings", None)
        self._settings: PermissionSettings = getattr(settings, "permissions", None) or PermissionSettings()
        self._records = hasattr(workspace, "audit")

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that hold, all of them: the caller's own, and that of the person it works for."""
        own = self._settings.rule(self.actor.kind, self.actor.name)
        return (own, self._settings.rule("user", self.actor.on_behalf)) if self.actor.on_behalf else (own,)

    def standing(self, tool: Tool[..., Any]) -> str:
        """``allowed``, ``asks`` or ``refused``: what the caller's tier and tools come to, before scope and budget."""
        try:
            self._check_tool(tool)
        except NotAllowed:
            return "refused"
        return "asks" if self._asks(tool) else "allowed"

    def allows(self, tool: Tool[..., Any], given: Mapping[str, Any]) -> bool:
        """Whether this call is within tier, scope and budget; nothing is recorded."""
        try:
            self._check(tool, given)
        except NotAllowed:
            return False
        return True

    def pass_through(
        self, tool: Tool[..., Any], given: Mapping[str, Any], origin: Origin, work: Callable[[], Any]
    ) -> Any:
        """Make the call if it may be made; its result, as far as it is in scope.

        Raises:
            NotAllowed: Tier, scope or budget forbid it.
            ApprovalNeeded: It waits for a person.
            ToolFailed: It was made and failed.
            StoreError: It cannot be recorded.
        """
        line = _Line(self, tool, given, origin)
        with line.refusals():
            self._check(tool, given)
            approver, idem = self._approval(line) if self._asks(tool) else ("", line.key)
        if self._asks(tool):
            line.write("begun", approver=approver)
        self.calls += 1
        token = _CURRENT.set(CallContext(idem, self.actor, origin, approver))
        try:
            result = self._scoped(work())
        except ToolFailed as error:
            line.write("failed", str(error), approver=approver)
            raise
        except BaseException as error:
            line.write("failed", f"interrupted: {type(error).__name__}", approver=approver)
            raise
        finally:
            _CURRENT.reset(token)
            self.seconds += line.seconds
        line.write("success", approver=approver)
        return result

    def refuse(
        self,
        name: str,
        tier: Tier,
        given: Mapping[str, Any],
        origin: Origin,
        reason: str,
        *,
        outcome: AuditOutcome = "refused",
        approver: str = "",
    ) -> None:
        """Record a call that never reached a tool: no such tool, wrong arguments, or denied by a person."""
        self._record(name, tier, given, origin, outcome, reason, approver)

    def hold(self, tool: Tool[..., Any], given: Mapping[str, Any], origin: Origin) -> None:
        """Record that a call waits for a person."""
        _Line(self, tool, given, origin).write("held", "waits for approval")

    def approve(
        self, tool: Tool[..., Any], given: Mapping[str, Any], origin: Origin, by: str, *, now: datetime | None = None
    ) -> Approval:
        """Record a person's yes to exactly this call.

        Raises:
            NotAllowed: Nobody may approve it here: its tier, scope or budget forbid the call itself.
        """
        self._check(tool, given)
        granted = now or datetime.now(UTC)
        approval = Approval(
            id=secrets.token_hex(8),
            run=origin.run,
            call=origin.call,
            tool=tool.name,
            args_sha=sha_of(given),
            digest=origin.digest,
            by=by,
            granted_at=granted,
            expires_at=granted + timedelta(minutes=self._settings.approve.minutes),
        )
        self._workspace.approvals.add(approval)
        self._record(tool.name, tool.tier, given, origin, "approved", approver=by)
        return approval

    def waits(self, tool: Tool[..., Any], given: Mapping[str, Any], origin: Origin) -> bool:
        """Whether this call may be made, and would have to wait for a person now."""
        if not self.allows(tool, given):
            return False
        line = _Line(self, tool, given, origin)
        return self._asks(tool) and not self._by_policy(line) and self._granted(line) is None

    def was_cut_off(self, tool: Tool[..., Any], given: Mapping[str, Any], origin: Origin) -> bool:
        """Whether this call needs approval and was begun before; it may have taken effect."""
        line = _Line(self, tool, given, origin)
        return self._asks(tool) and self._records and self._workspace.approvals.has_begun(line.key)

    def _check(self, tool: Tool[..., Any], given: Mapping[str, Any]) -> None:
        self._check_tool(tool)
        for rule in self.rules:
            if rule.services is not None:
                check_services(tool, self._workspace, given, rule.services)
            if rule.paths is not None and self._records:
                check_paths(tool, self._workspace, given, rule.paths)
            if rule.calls is not None and self.calls >= rule.calls:
                raise NotAllowed(
                    f"{self._who} made {self.calls} calls, and {rule.calls} is its limit; raise calls in effnb.toml"
                )
            if rule.seconds is not None and self.seconds >= rule.seconds:
                raise NotAllowed(
                    f"{self._who} used {self.seconds:.0f} s of tools, and {rule.seconds:g} s is its limit; "
                    "raise seconds in effnb.toml"
                )

    def _check_tool(self, tool: Tool[..., Any]) -> None:
        for rule in self.rules:
            if tool.tier not in (*rule.allow, *rule.ask):
                raise NotAllowed(
                    f"{tool.name} is of tier {tool.tier}, and {self._who} may only "
                    f"{', '.join((*rule.allow, *rule.ask)) or 'do nothing'}; see [permissions] in effnb.toml"
                )
            if not _matches(tool.name, rule.tools):
                raise NotAllowed(f"{self._who} may not call {tool.name}; its tools are {', '.join(rule.tools or ())}")
            if not _matches(tool.source, rule.sources):
                raise NotAllowed(
                    f"{tool.name} reads {tool.source}, and the sources in scope of {self._who} are "
                    f"{', '.join(rule.sources or ()) or 'none'}"
                )

    def _asks(self, tool: Tool[..., Any]) -> bool:
        return tool.tier == "write" or any(tool.tier not in rule.allow for rule in self.rules)

    def _approval(self, line: _Line) -> tuple[str, str]:
        """Who approved the call, and its key; spends the approval."""
        if self._by_policy(line):
            return self._begun_by_policy(line)
        granted = self._granted(line)
        if granted is None:
            line.write("held", "waits for approval")
            raise ApprovalNeeded(_how_to_approve(line))
        idem = line.key if line.origin.run else sha256(granted.id.encode()).hexdigest()
        if not self._workspace.approvals.use(granted, idem=idem):
            raise ApprovalNeeded(f"the approval of {line.tool.name} was used already; {_how_to_approve(line)}")
        return granted.by, idem

    def _begun_by_policy(self, line: _Line) -> tuple[str, str]:
        if not self._records:
            return POLICY, line.key
        idem = line.key if line.origin.run else secrets.token_hex(32)
        self._workspace.approvals.begin(idem, line.origin.run)
        return POLICY, idem

    def _by_policy(self, line: _Line) -> bool:
        """Approved in advance; not once it was cut off, for then somebody has to look first."""
        listed = self.actor.kind != "mcp" and _matches(line.tool.name, self._settings.approve.tools)
        return listed and not self.was_cut_off(line.tool, line.given, line.origin)

    def _granted(self, line: _Line) -> Approval | None:
        if not self._records or self.actor.kind == "mcp":
            return None
        return self._workspace.approvals.waiting(
            run=line.origin.run,
            call=line.origin.call,
            tool=line.tool.name,
            args_sha=line.sha,
            digest=line.origin.digest,
        )

    def _scoped(self, result: Any) -> Any:
        for rule in self.rules:
            if rule.services is not None:
                result = within(result, rule.services)
        return result

    def _record(
        self,
        name: str,
        tier: Tier,
        given: Mapping[str, Any],
        origin: Origin,
        outcome: AuditOutcome,
        detail: str = "",
        approver: str = "",
        seconds: float = 0.0,
    ) -> None:
        if not self._records:
            return
        self._workspace.audit.append(
            at=datetime.now(UTC),
            actor=self.actor,
            tool=name,
            tier=tier,
            args=readable(given),
            args_sha=sha_of(given),
            outcome=outcome,
            detail=detail,
            seconds=seconds,
            run=origin.run,
            call=origin.call,
            approver=approver,
        )

    @property
    def _who(self) -> str:
        return f"{self.actor.kind} {self.actor.name}"


class _Line:
    """The audit line of one call, while it is being made."""

    def __init__(self, gate: Gate, tool: Tool[..., Any], given: Mapping[str, Any], origin: Origin) -> None:
        self.tool, self.given, self.origin = tool, given, origin
        self._gate, self._begun = gate, time.perf_counter()
        self.sha = sha_of(given)
        self.key = sha256(json.dumps([origin.run, origin.call, tool.name, self.sha]).encode()).hexdigest()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._begun

    def write(self, outcome: AuditOutcome, detail: str = "", approver: str = "") -> None:
        took = self.seconds if outcome in ("success", "failed") else 0.0
        self._gate._record(self.tool.name, self.tool.tier, self.given, self.origin, outcome, detail, approver, took)

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """Record why a call is not made; one that waits has its own line already."""
        try:
            yield
        except ApprovalNeeded:
            raise
        except NotAllowed as error:
            self.write("refused", str(error))
            raise


def this_person(surface: Surface | None = None) -> Actor:
    """The person who runs this process."""
    name = "somebody"
    with suppress(OSError, KeyError):  # a container need not know the user it runs as
        name = getpass.getuser()
    return Actor(kind="user", name=name, surface=surface or this_surface())


def this_surface() -> Surface:
    """The surface of a caller in this process: a report runs in a kernel too, and nobody watches it."""
    if os.environ.get("EFFNB_MODE") == "report" or "PAPERMILL_OUTPUT_PATH" in os.environ:
        return "batch"
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return "notebook" if shell is not None and hasattr(shell, "kernel") else "cli"


def readable(given: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments as plain JSON; what JSON cannot hold is named by its type."""
    made: dict[str, Any] = from_json(
        to_json(dict(given), inf_nan_mode="null", fallback=lambda value: f"<{type(value).__name__}>")
    )
    return made


def sha_of(given: Mapping[str, Any]) -> str:
    """SHA-256 of arguments as canonical JSON."""
    return sha256(json.dumps(readable(given), sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _matches(name: str, patterns: tuple[str, ...] | None) -> bool:
    return patterns is None or any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _how_to_approve(line: _Line) -> str:
    run = line.origin.run
    then = (
        f"run.approve(by=…), or `effnb approve {run}`"
        if run
        else f"approve exactly this call with s.approve({line.tool.name!r}, …)"
    )
    return f"{line.tool.name} is of tier {line.tool.tier} and waits for a person: {then}"
