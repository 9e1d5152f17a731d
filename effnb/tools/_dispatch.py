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

from effnb.domain import Tier
from effnb.errors import EffnbError, NotFound, ToolFailed
from effnb.tools._registry import Tool, by_name, tools

if TYPE_CHECKING:
    from effnb.workspace import Workspace

T = TypeVar("T")


class _UnknownToolError(NotFound, AttributeError):
    """No tool has this name; also an ``AttributeError``, so that ``hasattr(toolbox, name)`` works."""


class Toolbox:
    """The tools bound to one workspace: ``toolbox.call(name, args)`` or ``toolbox.<name>(**args)``."""

    def __init__(self, workspace: Workspace, offered: Iterable[Tool[..., Any]] | None = None) -> None:
        self._workspace = workspace
        self._tools = tools() if offered is None else by_name(offered)

    def call(self, name: str, args: dict[str, Any] | None = None) -> Any:
        """The tool's typed result.

        Raises:
            NotFound: No tool has this name; the nearest name is given.
            ToolFailed: Arguments were refused, the tool raised, or its time was up.
        """
        return dispatch(self.get(name), self._workspace, args or {})

    def get(self, name: str) -> Tool[..., Any]:
        """The tool of this name; ``NotFound`` names the nearest one."""
        if name not in self._tools:
            raise _UnknownToolError(f"no tool {name!r}; {_nearest(name, self._tools)}")
        return self._tools[name]

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
        return f"<toolbox: {', '.join(self._tools) or 'empty'}>"


def dispatch(chosen: Tool[..., Any], workspace: Workspace, args: dict[str, Any]) -> Any:
    """The result of one call; every call in effnb goes through here."""
    accepted = _validated(chosen, args)
    running = in_thread(lambda: chosen.function(workspace, **accepted))
    try:
        return running.result(timeout=chosen.timeout)
    except TimeoutError as error:
        if running.done():
            raise ToolFailed(f"{chosen.name} failed with TimeoutError: {error}") from error
        raise ToolFailed(
            f"{chosen.name} gave no answer within {chosen.timeout:g} s; ask for a shorter window or fewer rows"
        ) from error
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
        return f"{where!r} is unknown, {_nearest(where, chosen.arguments.model_fields)}"
    if item["type"] == "missing":
        return f"{where!r} is missing"
    return f"{where!r} is {_short(item['input'])}: {item['msg'][0].lower()}{item['msg'][1:]}"


def _short(value: Any, limit: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _nearest(name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(names) or 'none'}"
