"""What a person, an agent or another program may ask: one file per tool, one dispatch for all of them."""

from effnb.tools._dispatch import Toolbox, dispatch, in_thread, plain
from effnb.tools._registry import Tool, tool, tools

__all__ = ["Tool", "Toolbox", "dispatch", "in_thread", "plain", "tool", "tools"]
