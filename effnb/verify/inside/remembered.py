"""Inside the sandbox: what calls leave behind in the containers and caches around a function."""

from __future__ import annotations

import tracemalloc
import types
from collections import deque
from typing import Any


def containers(module: types.ModuleType, target: Any) -> dict[str, object]:
    """Everything in reach of the function that can remember calls, by name."""
    held = {f"{module.__name__}.{name}": value for name, value in vars(module).items() if not name.startswith("__")}
    if isinstance(target.owner, type):
        held |= {f"{target.owner.__name__}.{name}": value for name, value in vars(target.owner).items()}
    function = target.function()
    for i, value in enumerate([*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]):
        held[f"default {i} of {target.name}"] = value
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        held[f"{name} around {target.name}"] = cell.cell_contents
    for name, value in list(held.items()):
        if isinstance(value, types.FunctionType) or hasattr(value, "__wrapped__"):
            held |= {f"{name}.{inner}": thing for inner, thing in getattr(value, "__dict__", {}).items()}
    return held


def sizes(held: dict[str, object]) -> dict[str, int]:
    """How many entries each container has."""
    found = {}
    for name, value in held.items():
        if isinstance(value, (dict, list, set, deque)):
            found[name] = len(value)
        elif hasattr(value, "cache_info"):
            found[name] = value.cache_info().currsize
    return found


def limits(held: dict[str, object]) -> dict[str, int | None]:
    """Largest size of each cache of functools; None where it grows for ever."""
    found = {}
    for name, value in held.items():
        if hasattr(value, "cache_parameters"):
            code = getattr(getattr(value, "__wrapped__", None), "__code__", None)
            if code is None or code.co_argcount + code.co_kwonlyargcount or code.co_flags & 0x0C:
                found[name] = value.cache_parameters()["maxsize"]
    return found


class Watch:
    """Sizes of what can remember calls, at several moments."""

    def __init__(self, target: Any) -> None:
        self.target = target
        self.steps = [self._now()]

    def _now(self) -> dict[str, int]:
        return sizes(containers(self.target.module, self.target))

    def mark(self) -> None:
        """Note the sizes of this moment."""
        self.steps.append(self._now())

    def growth(self) -> dict[str, list[int]]:
        """Sizes at each moment, of what has more entries in the end than at the start."""
        end = self.steps[-1]
        every = {name: [step.get(name, 0) for step in self.steps] for name in end}
        return {name: steps for name, steps in every.items() if steps[-1] > steps[0]}


def peak(runner: Any, cases: list[dict[str, Any]]) -> int:
    """Bytes that the hungriest of some calls needs while it runs."""
    found = 0
    tracemalloc.start()
    for case in cases:
        try:
            found = max(found, one_peak(runner, case))
        except runner.TooLong:
            continue
    tracemalloc.stop()
    return found


def one_peak(runner: Any, case: dict[str, Any]) -> int:
    """Bytes that one call needs at most."""
    args, kwargs = runner.decode(case)
    tracemalloc.reset_peak()
    low = tracemalloc.get_traced_memory()[0]
    runner.outcome(args, kwargs)
    return tracemalloc.get_traced_memory()[1] - low
