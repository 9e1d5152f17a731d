"""What a person, an agent or another program may ask: one file per tool, one dispatch and one gate for all of them."""

from effnb.tools._dispatch import OUTSIDE, Toolbox, in_thread, plain
from effnb.tools._permissions import CallContext, Gate, Origin, current_call, this_person, this_surface
from effnb.tools._registry import Tool, tool, tools
from effnb.tools._workloads import has_workload, record_workload

__all__ = [
    "OUTSIDE",
    "CallContext",
    "Gate",
    "Origin",
    "Tool",
    "Toolbox",
    "current_call",
    "has_workload",
    "in_thread",
    "plain",
    "record_workload",
    "this_person",
    "this_surface",
    "tool",
    "tools",
]
