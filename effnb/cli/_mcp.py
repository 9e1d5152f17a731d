"""``effnb mcp``: the tools for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("mcp")(serve_mcp)


def serve_mcp(
    folder: Annotated[
        Path | None, typer.Argument(help="Workspace; the one that holds the current folder by default.")
    ] = None,
    propose: Annotated[
        bool, typer.Option("--propose", help="Offer also tools that make something inside the workspace.")
    ] = False,
) -> None:
    """Serve the read tools, the skills and the reports to other agents over MCP, on stdin and stdout."""
    from effnb.mcp import serve
    from effnb.workspace import Workspace

    workspace = Workspace.open(folder)
    try:
        serve(workspace, propose=propose)
    finally:
        workspace.close()
