"""Our tools as a pydantic-ai toolset."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache
from typing import Any

from pydantic_ai import RunContext
from pydantic_ai.exceptions import ToolFailed as ToldToModel
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.toolsets import AbstractToolset
from pydantic_ai.toolsets.abstract import ToolsetTool
from pydantic_core import SchemaValidator, core_schema

from effnb.errors import ToolFailed
from effnb.tools import Tool, Toolbox, in_thread, plain

AgentCall = Callable[[str, str, dict[str, Any]], Awaitable[Any]]
"""``(call id, tool, arguments) -> result as plain JSON``; raises ``ToolFailed``."""
# Arguments stay unchecked here: dispatch checks them, for this caller as for every other.
UNCHECKED = SchemaValidator(core_schema.dict_schema(keys_schema=core_schema.str_schema()))


class AgentTools(AbstractToolset[Any]):
    """The tools of a toolbox for a pydantic-ai agent; the tier is in each tool's metadata.

    Described once: the library's own toolset of functions makes every description anew for every request, which is
    most of what a step costs.

    Args:
        toolbox: The tools.
        call: Stands between the agent and the toolbox, for a caller that logs and keeps results. By default the
            toolbox is called in a thread.
        names: The tools to offer; all when omitted. What may be called is checked in the dispatch, whatever is offered.
    """

    def __init__(self, toolbox: Toolbox, call: AgentCall | None = None, names: Iterable[str] | None = None) -> None:
        self._toolbox = toolbox
        self._call = call or self._straight
        self._described = [_described(toolbox.get(name)) for name in (toolbox.names if names is None else names)]
        self._listed: dict[int, dict[str, ToolsetTool[Any]]] = {}

    @property
    def id(self) -> str:
        """Names the toolset in the library's messages."""
        return "effnb"

    async def get_tools(self, ctx: RunContext[Any]) -> dict[str, ToolsetTool[Any]]:
        """The tools by name."""
        if ctx.max_retries not in self._listed:
            self._listed[ctx.max_retries] = {
                one.name: ToolsetTool(toolset=self, tool_def=one, max_retries=ctx.max_retries, args_validator=UNCHECKED)
                for one in self._described
            }
        return self._listed[ctx.max_retries]

    async def call_tool(
        self,
        name: str,
        tool_args: dict[str, Any],
        ctx: RunContext[Any],
        tool: ToolsetTool[Any],  # noqa: ARG002 - the library's signature
    ) -> Any:
        """The result as plain JSON; a tool's failure is told to the model."""
        try:
            return await self._call(ctx.tool_call_id or "", name, tool_args)
        except ToolFailed as error:
            raise ToldToModel(str(error)) from error

    async def _straight(self, _: str, name: str, args: dict[str, Any]) -> Any:
        return plain(await asyncio.wrap_future(in_thread(lambda: self._toolbox.call(name, args))))


@lru_cache(maxsize=256)
def _described(tool: Tool[..., Any]) -> ToolDefinition:
    return ToolDefinition(
        name=tool.name,
        description=tool.description,
        parameters_json_schema=tool.arguments.model_json_schema(),
        metadata={"tier": tool.tier},
    )
