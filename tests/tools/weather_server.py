"""A small MCP server of another program: answers, fails, hangs, says too much, writes, and changes its mind."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel


class Weather(BaseModel):
    place: str
    celsius: float


server = MCPServer("weather")


@server.tool()
def forecast(place: str, schema: int = 1) -> Weather:
    """Tomorrow's temperature."""
    return Weather(place=place, celsius=20.5 + schema)


@server.tool()
def fails(place: str) -> str:
    """Fail on purpose."""
    raise ToolError(f"no station at {place}")


@server.tool()
def hangs() -> str:
    """Hang."""
    time.sleep(30)
    return "never"


@server.tool()
def large(size: int) -> str:
    """Much text."""
    return "x" * size


@server.tool()
def crashes() -> str:
    """End the process."""
    os._exit(3)


@server.tool()
def sees(name: str) -> str:
    """A variable of the environment."""
    return os.environ.get(name, "unset")


@server.tool(description=Path("description.txt").read_text() if Path("description.txt").exists() else "Make a note.")
def note(text: str) -> str:
    Path("note.txt").write_text(text)
    return "noted"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
    server.run("stdio")
