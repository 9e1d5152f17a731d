"""Tools of configured MCP servers as tools like any other, named ``<server>__<tool>``.

What a server says about itself is a claim. Its tools count as writing, which waits for a person, until
``trusted_read`` in ``effnb.toml`` names them; and the list it gives the first time is kept, so that it cannot change
what a tool means under a name that was trusted.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, create_model

from effnb.domain import ExternalResult
from effnb.errors import SourceDenied, SourceError
from effnb.store._files import digest_of, write_text
from effnb.tools._registry import Tool

if TYPE_CHECKING:
    from effnb.sources.mcp import RemoteTool, ToolServer
    from effnb.workspace import Workspace

SEPARATOR = "__"
SECONDS_TO_START = 30.0
"""On top of a server's time limit, since the first call starts it."""


class ExternalTool(Tool[..., ExternalResult]):
    """A tool of a server; its arguments have the names and the schema the server gave."""

    def __init__(self, server: ToolServer, remote: RemoteTool, is_read: bool) -> None:
        def function(workspace: Workspace, /, **given: Any) -> ExternalResult:
            if remote not in server.tools():
                raise SourceDenied(
                    f"server {server.name} describes {remote.name} otherwise than when it was first seen; compare with "
                    f"{_kept(workspace, server)}, and remove that file to accept the new description"
                )
            return server.call(remote.name, {self._names[field]: value for field, value in given.items()})

        function.__name__ = f"{server.name}{SEPARATOR}{remote.name}"
        function.__doc__ = (
            f"Tool {remote.name} of server {server.name}. What the server says about it: {remote.description}"
        )
        seconds = server.reach.timeout + SECONDS_TO_START
        super().__init__(function, "read" if is_read else "write", seconds, f"server {server.name}")
        self._remote = remote
        properties = remote.parameters.get("properties", {})
        # Python names of our own, since a server's may be none, or clash with those of the model.
        self._names = {f"argument_{i}": name for i, name in enumerate(properties)}

    @cached_property
    def arguments(self) -> type[BaseModel]:
        """Model of the arguments by name; their types are checked by the server, which knows its whole schema."""
        schema = self._remote.parameters
        required = schema.get("required", [])
        fields: dict[str, Any] = {
            field: (Any, Field(default=... if name in required else None, alias=name))
            for field, name in self._names.items()
        }

        def as_given(made: dict[str, Any]) -> None:
            made.clear()
            made.update(schema)

        config = ConfigDict(extra="forbid", json_schema_extra=as_given)
        return create_model(self.name, __config__=config, **fields)

    @cached_property
    def returns(self) -> Any:
        """Type of the result."""
        return ExternalResult


def external_tools(workspace: Workspace) -> Iterator[ExternalTool]:
    """Tools of all configured servers; a server that cannot be asked is left out, and ``why_absent`` says why."""
    for server in _servers(workspace):
        try:
            offered = _known(workspace, server)
        except SourceError:
            continue
        trusted = workspace.settings.mcp.servers[server.name].trusted_read
        yield from (ExternalTool(server, remote, remote.name in trusted) for remote in offered)


def why_absent(workspace: Workspace, tool: str) -> str:
    """Why the server of a tool cannot be asked; empty when it can, or the name has no configured server's prefix."""
    for server in _servers(workspace):
        if tool.startswith(f"{server.name}{SEPARATOR}"):
            try:
                _known(workspace, server)
            except SourceError as error:
                return str(error)
    return ""


def _servers(workspace: Workspace) -> tuple[ToolServer, ...]:
    return getattr(workspace, "tool_servers", ())  # tests and lint have tools without a workspace


def _known(workspace: Workspace, server: ToolServer) -> tuple[RemoteTool, ...]:
    """What the server offered the first time it was asked; asks it now if it never was."""
    path, adapter = _kept(workspace, server), _list_of_tools()
    try:
        return adapter.validate_json(path.read_bytes())
    except FileNotFoundError:
        offered = server.tools()
        write_text(path, adapter.dump_json(offered, indent=1).decode())
        return offered
    except ValidationError as error:
        raise SourceError(f"{path} is damaged; remove it, and server {server.name} is asked again") from error


def _list_of_tools() -> TypeAdapter[tuple[RemoteTool, ...]]:
    from effnb.sources.mcp import RemoteTool

    return TypeAdapter(tuple[RemoteTool, ...])


def _kept(workspace: Workspace, server: ToolServer) -> Path:
    """The list of a server; one that is reached otherwise is another server."""
    reach = f"{server.reach.command} {server.reach.args} {server.reach.url}"
    return workspace.store_folder / "servers" / f"{server.name}-{digest_of(reach.encode())[:12]}.json"
