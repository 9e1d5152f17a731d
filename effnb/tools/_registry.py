"""What a tool is, and which there are.

A tool is one file in this folder: a typed function under ``@tool()`` whose first parameter is the workspace and whose
docstring is what a language model reads. Nothing else registers it.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import types
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Concatenate, Generic, Literal, ParamSpec, TypeVar, cast, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, PydanticUserError, TypeAdapter, create_model

from effnb.domain import Tier
from effnb.errors import SkillError

if TYPE_CHECKING:
    from effnb.workspace import Workspace

P = ParamSpec("P")
R = TypeVar("R")
DEFAULT_TIMEOUT = 30.0
PathsFrom = Literal["workspace", "working folder"]


class Tool(Generic[P, R]):
    """A function that people, skills and agents may call, with what they need to know about it."""

    def __init__(
        self,
        function: Callable[Concatenate[Workspace, P], R],
        tier: Tier,
        timeout: float,
        source: str,
        paths_from: PathsFrom = "workspace",
    ) -> None:
        self.function = function
        self.tier = tier
        self.timeout = timeout
        self.source = source
        self.paths_from = paths_from
        self.name = function.__name__
        self.module = function.__module__
        self.description, self._about = _split_docstring(self.name, inspect.getdoc(function))
        self.__doc__ = function.__doc__
        if inspect.iscoroutinefunction(function):
            raise SkillError(f"tool {self.name!r} is a coroutine function; write it as a plain function")

    def __call__(self, workspace: Workspace, /, *args: P.args, **kwargs: P.kwargs) -> R:
        """The function itself, without time limit; errors come as they are."""
        return self.function(workspace, *args, **kwargs)

    def __repr__(self) -> str:
        return f"<tool {self.name} ({self.tier})>"

    @cached_property
    def arguments(self) -> type[BaseModel]:
        """Model of the arguments after the workspace; unknown ones are refused."""
        parameters = list(inspect.signature(self.function).parameters.values())[1:]
        fields: dict[str, Any] = {
            parameter.name: (
                self._hints[parameter.name],
                Field(
                    default=... if parameter.default is parameter.empty else parameter.default,
                    description=self._about.get(parameter.name),
                ),
            )
            for parameter in parameters
        }
        return create_model(self.name, __config__=ConfigDict(extra="forbid"), **fields)

    @cached_property
    def returns(self) -> Any:
        """Type of the result."""
        return self._hints.get("return", Any)

    @cached_property
    def result_type(self) -> TypeAdapter[Any]:
        """Turns a result that was kept as JSON into the typed result again."""
        return TypeAdapter(self.returns)

    def schema(self) -> dict[str, Any]:
        """Name, description, tier, time limit in seconds, and the JSON schema of the arguments."""
        return {
            "name": self.name,
            "description": self.description,
            "tier": self.tier,
            "timeout": self.timeout,
            "parameters": self.arguments.model_json_schema(),
        }

    @cached_property
    def _hints(self) -> dict[str, Any]:
        # The workspace is imported for type checkers only, so its annotation cannot be evaluated here; the rest can.
        function = cast(types.FunctionType, self.function)
        shadow = types.FunctionType(function.__code__, function.__globals__)
        workspace = next(iter(inspect.signature(function).parameters), None)
        shadow.__annotations__ = {name: hint for name, hint in function.__annotations__.items() if name != workspace}
        try:
            return get_type_hints(shadow, include_extras=True)
        except (NameError, TypeError, PydanticUserError) as error:
            raise SkillError(f"tool {self.name!r} has an annotation that cannot be evaluated: {error}") from error


def tool(
    *,
    tier: Tier = "read",
    timeout: float = DEFAULT_TIMEOUT,
    source: str = "effnb store",
    paths_from: PathsFrom = "workspace",
) -> Callable[[Callable[Concatenate[Workspace, P], R]], Tool[P, R]]:
    """Make a typed function a tool.

    Args:
        tier: What it may touch: ``read`` nothing, ``propose`` the workspace, ``write`` anything outside it.
        timeout: Seconds until a call counts as failed.
        source: System its answers come from; becomes the source of evidence that cites it.
        paths_from: What its relative path arguments are relative to: the workspace's own folders, or the folder the
            process works in.
    """

    def register(function: Callable[Concatenate[Workspace, P], R]) -> Tool[P, R]:
        return Tool(function, tier, timeout, source, paths_from)

    return register


def tools() -> dict[str, Tool[..., Any]]:
    """Every tool in this folder by name, in alphabetical order.

    Raises:
        SkillError: Two files define a tool of the same name.
    """
    package = importlib.import_module("effnb.tools")
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    modules = [importlib.import_module(f"effnb.tools.{name}") for name in names]
    return by_name(found for module in modules for found in _defined_in(module))


def by_name(found: Iterable[Tool[..., Any]]) -> dict[str, Tool[..., Any]]:
    """Tools by name, sorted; a name that occurs twice is refused."""
    named: dict[str, Tool[..., Any]] = {}
    for one in found:
        if one.name in named:
            raise SkillError(
                f"two tools are named {one.name!r}: in {named[one.name].module} and {one.module}; rename one"
            )
        named[one.name] = one
    return dict(sorted(named.items()))


def _defined_in(module: types.ModuleType) -> list[Tool[..., Any]]:
    return [value for value in vars(module).values() if isinstance(value, Tool) and value.module == module.__name__]


def _split_docstring(name: str, doc: str | None) -> tuple[str, dict[str, str]]:
    """The text without its ``Args:`` section, and that section's description of each argument."""
    if not doc:
        raise SkillError(f"tool {name!r} has no docstring; it is what a language model reads")
    text: list[str] = []
    about: dict[str, str] = {}
    inside, argument = False, ""
    for line in doc.splitlines():
        inside = line == "Args:" or (inside and (not line or line.startswith(" ")))
        if not inside:
            text.append(line)
        elif line.startswith(" " * 5):
            about[argument] = f"{about.get(argument, '')} {line.strip()}".strip()
        elif line.startswith(" "):
            head, _, description = line.strip().partition(":")
            argument = head.split()[0]
            about[argument] = description.strip()
    return "\n".join(text).strip(), about
