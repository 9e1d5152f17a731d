"""The one way a tool is called: by a person, a skill, an agent or another program.

Names, arguments, time limit and errors are settled here, so they are the same for all callers. A call runs in a
thread of its own, because a tool that hangs must cost its time limit and nothing more.
"""

from __future__ import annotations

import contextvars
import difflib
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json, to_json

from effnb.domain import Actor, Approval, Tier
from effnb.errors import EffnbError, NotAllowed, NotFound, ToolFailed
from effnb.tools._external import external_tools, why_absent
from effnb.tools._permissions import Gate, Origin, this_person
from effnb.tools._registry import Tool, by_name, tools

if TYPE_CHECKING:
    from effnb.workspace import Workspace

T = TypeVar("T")
OUTSIDE = Origin()


class _UnknownToolError(NotFound, AttributeError):
    """No tool has this name; also an ``AttributeError``, so that ``hasattr(toolbox, name)`` works."""


class Toolbox:
    """The tools bound to one workspace and one caller: ``toolbox.call(name, args)`` or ``toolbox.<name>(**args)``.

    Args:
        workspace: The workspace.
        offered: The tools; all there are when omitted.
        actor: Who calls; the person who runs this process when omitted.
    """

    def __init__(
        self, workspace: Workspace, offered: Iterable[Tool[..., Any]] | None = None, actor: Actor | None = None
    ) -> None:
        self._workspace = workspace
        self._own = tools() if offered is None else by_name(offered)
        self._with_servers = offered is None
        self.gate = Gate(workspace, actor or this_person())

    def acting_as(self, actor: Actor, *, calls: int = 0, seconds: float = 0.0) -> Toolbox:
        """The same tools for another caller, who has made some calls already."""
        other = Toolbox(self._workspace, self._own.values(), actor)
        other._with_servers = self._with_servers
        other.gate.calls, other.gate.seconds = calls, seconds
        return other

    def call(self, name: str, args: dict[str, Any] | None = None, origin: Origin = OUTSIDE) -> Any:
        """The tool's typed result.

        Raises:
            NotFound: No tool has this name; the nearest name is given.
            NotAllowed: This caller may not make this call, or not yet (``ApprovalNeeded``).
            ToolFailed: Arguments were refused, the tool raised, or its time was up.
        """
        given = args or {}
        try:
            chosen = self.get(name)
            accepted = _validated(chosen, given)
        except (NotFound, ToolFailed) as error:
            tier = self._own[name].tier if name in self._own else "write"
            self.gate.refuse(name, tier, given, origin, str(error))
            raise
        return self.gate.pass_through(chosen, given, origin, lambda: dispatch(chosen, self._workspace, accepted))

    def approve(self, name: str, args: dict[str, Any], *, by: str = "", origin: Origin = OUTSIDE) -> Approval:
        """A person's yes to exactly this call: it holds for an hour unless effnb.toml says otherwise, and once.

        Raises:
            NotAllowed: Only a person may approve, and only what this caller may do at all.
            ToolFailed: The arguments are not acceptable.
        """
        if self.gate.actor.kind != "user":
            raise NotAllowed(f"{self.gate.actor.kind} {self.gate.actor.name} cannot approve {name}; a person can")
        self.check(name, args)
        return self.gate.approve(self.get(name), args, origin, by or self.gate.actor.name)

    def get(self, name: str) -> Tool[..., Any]:
        """The tool of this name; ``NotFound`` names the nearest one."""
        if name in self._own:  # so that no server is asked for a tool of ours
            return self._own[name]
        if name not in self._tools:
            reason = why_absent(self._workspace, name) if self._with_servers else ""
            raise _UnknownToolError(f"no tool {name!r}; {reason or _nearest(name, self._tools)}")
        return self._tools[name]

    @property
    def _tools(self) -> dict[str, Tool[..., Any]]:
        """Our tools, and those of the servers that are configured and can be asked."""
        servers = external_tools(self._workspace) if self._with_servers else ()
        return self._own | {tool.name: tool for tool in servers}

    def check(self, name: str, args: dict[str, Any]) -> None:
        """Raise as ``call`` would if these arguments are not acceptable; calls nothing."""
        _validated(self.get(name), args)

    def schema(self, name: str) -> dict[str, Any]:
        """Name, description, tier, time limit and JSON schema of the arguments of one tool."""
        return self.get(name).schema()

    def tier(self, name: str) -> Tier:
        """What the tool may touch."""
        return self.get(name).tier

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all tools, sorted."""
        return tuple(self._tools)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        self.get(name)

        def bound(**args: Any) -> Any:
            return self.call(name, args)

        bound.__name__, bound.__doc__ = name, self.get(name).__doc__
        return bound

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._tools]

    def __repr__(self) -> str:
        return f"<toolbox: {', '.join(self._own) or 'empty'}>"


def dispatch(chosen: Tool[..., Any], workspace: Workspace, accepted: dict[str, Any]) -> Any:
    """The result of one call that passed the gate, under its time limit."""
    running = in_thread(lambda: chosen.function(workspace, **accepted))
    try:
        return running.result(timeout=chosen.timeout)
    except TimeoutError as error:
        if running.done():
            raise ToolFailed(f"{chosen.name} failed with TimeoutError: {error}") from error
        hint = "look whether it took effect" if chosen.tier == "write" else "ask for a shorter window or fewer rows"
        raise ToolFailed(f"{chosen.name} gave no answer within {chosen.timeout:g} s; {hint}") from error
    except ToolFailed:
        raise
    except EffnbError as error:
        raise ToolFailed(str(error)) from error
    except ValidationError as error:  # two arguments that do not go together, e.g. an end before its start
        reason = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise ToolFailed(f"{chosen.name} refuses its arguments: {reason}") from error
    except Exception as error:  # a bug in a tool ends its call, with its name, and not the run
        raise ToolFailed(f"{chosen.name} failed with {type(error).__name__}: {error}") from error


def plain(value: Any) -> Any:
    """The value as JSON types, exactly as it will be read back: tuples are lists, NaN and infinity are null."""
    return from_json(to_json(value, inf_nan_mode="null"))


def in_thread(work: Callable[[], T]) -> Future[T]:
    """Run in a daemon thread, so that an abandoned call cannot keep the process from ending."""
    future: Future[T] = Future()
    context = contextvars.copy_context()

    def run() -> None:
        try:
            result = context.run(work)
        except BaseException as error:  # noqa: BLE001  # the waiting side raises it
            with suppress(InvalidStateError):  # nobody waits any more: the call was interrupted
                future.set_exception(error)
        else:
            with suppress(InvalidStateError):
                future.set_result(result)

    threading.Thread(target=run, name="effnb-tool", daemon=True).start()
    return future


def _validated(chosen: Tool[..., Any], args: dict[str, Any]) -> dict[str, Any]:
    try:
        accepted: BaseModel = chosen.arguments.model_validate(args)
    except ValidationError as error:
        reasons = "; ".join(_reason(item, chosen) for item in error.errors(include_url=False))
        raise ToolFailed(f"{chosen.name} refuses its arguments: {reasons}") from error
    return {name: getattr(accepted, name) for name in accepted.model_fields_set}


def _reason(item: Any, chosen: Tool[..., Any]) -> str:
    where = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden" and len(item["loc"]) == 1:
        return f"{where!r} is unknown, {_nearest(where, _names(chosen))}"
    if item["type"] == "missing":
        return f"{where!r} is missing"
    return f"{where!r} is {_short(item['input'])}: {item['msg'][0].lower()}{item['msg'][1:]}"


def _names(chosen: Tool[..., Any]) -> list[str]:
    return [field.alias or name for name, field in chosen.arguments.model_fields.items()]


def _short(value: Any, limit: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _nearest(name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(names) or 'none'}"
