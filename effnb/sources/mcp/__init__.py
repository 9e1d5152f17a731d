"""Tools of other programs over the Model Context Protocol."""

from effnb.sources.mcp._servers import Reach, RemoteTool, ToolServer

__all__ = ["Reach", "RemoteTool", "ToolServer"]
