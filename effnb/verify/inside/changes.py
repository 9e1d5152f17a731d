"""Inside the sandbox: changes that a caller or the rest of a program may make, which a memo must not be fooled by."""

from __future__ import annotations

import dataclasses
import itertools
import random
import sys
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

DEEPEST = 3
FIRST = 20


def is_frozen(value: object) -> bool:
    """Whether it is a dataclass whose fields cannot be set."""
    parameters = getattr(type(value), "__dataclass_params__", None)
    return parameters is not None and parameters.frozen


def spoil(value: Any, kept: set[int], depth: int = 0) -> None:
    """Change a result in place, as a careless caller may; arguments that it contains are left alone."""
    if id(value) in kept or depth > DEEPEST:
        return
    for item in list(parts(value))[:FIRST]:
        spoil(item, kept, depth + 1)
    for kinds, mark in MARKS:
        if isinstance(value, kinds):
            mark(value)
            return
    if dataclasses.is_dataclass(value) and not isinstance(value, type) and not is_frozen(value):
        for field in dataclasses.fields(value):
            held = getattr(value, field.name, None)
            if isinstance(held, (int, float)) and not isinstance(held, bool):
                setattr(value, field.name, held + 1)


def parts(value: Any) -> Iterable[Any]:
    """What lies directly inside a value."""
    if isinstance(value, (list, tuple)):
        return value
    if isinstance(value, dict):
        return value.values()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, field.name, None) for field in dataclasses.fields(value)]
    return ()


MARKS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    ((list, deque), lambda value: value.append("effnb-spoilt")),
    (dict, lambda value: value.update({"effnb-spoilt": 1})),
    (set, lambda value: value.add("effnb-spoilt")),
    (bytearray, lambda value: value.extend(b"spoilt")),
)


def places(value: object, written: list[Any], depth: int = 0) -> Iterator[tuple[Any, ...]]:
    """Numbers and texts inside a value that its owner may change: container, key, whether an attribute."""
    if depth > 4:
        return
    if isinstance(value, list):
        yield from ((value, i, False) for i, item in enumerate(value[:30]) if isinstance(item, (int, float, str)))
        inside = value[:10]
    elif isinstance(value, dict):
        yield from ((value, k, False) for k, item in list(value.items())[:30] if isinstance(item, (int, float, str)))
        inside = list(value.values())[:10]
    elif hasattr(value, "__dict__") or hasattr(type(value), "__slots__"):
        names = [name for name in written if hasattr(value, name) and not isinstance(value, (type, types.ModuleType))]
        held = [(name, getattr(value, name)) for name in names]
        if not is_frozen(value):
            yield from ((value, name, True) for name, item in held if isinstance(item, (int, float, str)))
        inside = [item for _, item in held]
    else:
        return
    for item in inside:
        yield from places(item, written, depth + 1)


def changed(value: object) -> object:
    """Another value of the same type."""
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, (int, float)) else f"{value}x"


def others(value: Any) -> list[Any]:
    """Values that a setting could have instead: one step away, and so far that what depends on it has to show."""
    if isinstance(value, bool):
        return [not value]
    near: list[Any] = [value + 1, 0, -value] if isinstance(value, (int, float)) else [f"{value}x", ""]
    return [one for one in dict.fromkeys(near) if one != value]


def change_in_place(values: list[Any], chooser: random.Random, written: list[Any]) -> bool:
    """Change one number or text inside mutable arguments; False where there is none."""
    found = [place for value in values for place in itertools.islice(places(value, written), 60)]
    if not found:
        return False
    holder, key, is_attribute = chooser.choice(found)
    if is_attribute:
        try:
            setattr(holder, key, changed(getattr(holder, key)))
        except AttributeError:
            return False
    else:
        holder[key] = changed(holder[key])
    return True


class State:
    """Module-level values that the repository itself changes while it runs: what a stale cache forgets to look at."""

    def __init__(self, names: list[str]) -> None:
        self.places: list[tuple[str, Any, Any]] = []
        for name in names:
            module, _, variable = name.partition(":")
            held = getattr(sys.modules.get(module), variable, None)
            if isinstance(held, (int, float, str)):
                self.places.append((name, vars(sys.modules[module]), variable))
            elif isinstance(held, (dict, list)):
                keys = list(held) if isinstance(held, dict) else range(len(held))
                self.places += [(f"{name}[{key!r}]", held, key) for key in list(keys)[:200]]

    def variations(self) -> Iterator[str]:
        """Change one value at a time and put it back."""
        for name, holder, key in self.places:
            before = holder[key]
            if not isinstance(before, (int, float, str)):
                continue
            for value in others(before):
                holder[key] = value
                yield name
            holder[key] = before
