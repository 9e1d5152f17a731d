"""Our tools as a pydantic-ai toolset."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from pydantic_ai import RunContext
from pydantic_ai.exceptions import ToolFailed as ToldToModel
from pydantic_ai.tools import Tool as AgentTool
from pydantic_ai.toolsets import FunctionToolset

from effnb.errors import ToolFailed
from effnb.tools import Tool, Toolbox, in_thread, plain

AgentCall = Callable[[str, str, dict[str, Any]], Awaitable[Any]]
"""``(call id, tool, arguments) -> result as plain JSON``; raises ``ToolFailed``."""


def agent_toolset(
    toolbox: Toolbox, call: AgentCall | None = None, names: Iterable[str] | None = None
) -> FunctionToolset[Any]:
    """The tools of a toolbox for a pydantic-ai agent; the tier is in each tool's metadata.

    Args:
        toolbox: The tools.
        call: Stands between the agent and the toolbox, for a caller that logs and keeps results. By default the
            toolbox is called in a thread.
        names: The tools to offer; all when omitted. What may be called is checked in the dispatch, whatever is offered.
    """

    async def straight(_: str, name: str, args: dict[str, Any]) -> Any:
        return plain(await asyncio.wrap_future(in_thread(lambda: toolbox.call(name, args))))

    toolset: FunctionToolset[Any] = FunctionToolset()
    for name in toolbox.names if names is None else names:
        toolset.add_tool(_agent_tool(toolbox.get(name), call or straight))
    return toolset


def _agent_tool(tool: Tool[..., Any], call: AgentCall) -> AgentTool[Any]:
    async def run(ctx: RunContext[Any], **args: Any) -> Any:
        try:
            return await call(ctx.tool_call_id or "", tool.name, args)
        except ToolFailed as error:
            raise ToldToModel(str(error)) from error

    # from_schema leaves arguments unchecked: dispatch checks them, for this caller as for every other.
    parameters = tool.arguments.model_json_schema()
    converted: AgentTool[Any] = AgentTool.from_schema(run, tool.name, tool.description, parameters, takes_ctx=True)
    converted.metadata = {"tier": tool.tier}
    return converted
