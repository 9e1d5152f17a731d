"""Python values as plain JSON and back, never pickle: arguments that were recorded, and what a call did with them.

This file runs inside the sandbox too, so it needs the standard library only. JSON types stand for themselves; every
other value is an object with a ``$`` that names its kind, e.g. ``{"$": "tuple", "items": [1, 2]}``. Objects of the
code's own classes are rebuilt from their fields, without calling anything of theirs; what has hidden state, such as a
file, a lock or a generator, is refused. Mutable values that occur twice are the same value again after ``decode``.
"""

from __future__ import annotations

import base64
import dataclasses
import enum
import importlib
import json
import math
import types
import uuid
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PosixPath, PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

MAX_NODES = 400_000
MAX_DEPTH = 120
LONGEST_JSON_INTEGER = 13_000  # bits; Python reads numbers of up to 4,300 digits back
FACTORIES: dict[str, Any] = {"list": list, "dict": dict, "set": set, "int": int, "float": float, "str": str}
CLASSES: dict[str, Any] = {"Path": Path, "PosixPath": PosixPath, "PurePosixPath": PurePosixPath}

Resolve = Callable[[str], Any]


class Unencodable(ValueError):
    """A value that JSON cannot carry; the text says which and why."""


def encode(value: Any, *, describe: bool = False, max_nodes: int = MAX_NODES) -> Any:
    """The value as JSON types.

    Args:
        value: What to encode.
        describe: Also describe what could not be rebuilt, by class and attributes; for comparing, not for decoding.
        max_nodes: Values that may lie inside.

    Raises:
        Unencodable: It has hidden state, is too large or too deep.
    """
    return _Encoder(describe, max_nodes).value(value, 0)


def decode(data: Any, resolve: Resolve | None = None) -> Any:
    """The value that ``encode`` was given; ``resolve`` finds classes and functions by ``module:qualname``.

    Raises:
        Unencodable: The data name something that is not there, or are not what ``encode`` writes.
    """
    return _Decoder(resolve or resolve_name).value(data)


def text_of(encoded: Any) -> str:
    """Encoded data as text; equal exactly when the values are, order of dictionaries included."""
    return json.dumps(encoded, ensure_ascii=True, separators=(",", ":"))


def name_of(thing: Any) -> str:
    """``module:qualname`` of a class or function that can be found again; ``Unencodable`` otherwise."""
    name = f"{thing.__module__}:{thing.__qualname__}"
    if "<" in name or thing.__module__ in (None, "__main__"):
        raise Unencodable(f"{name} cannot be found by name")
    if resolve_name(name) is not thing:
        raise Unencodable(f"{name} is something else now")
    return name


def resolve_name(name: str) -> Any:
    """The class or function named ``module:qualname``."""
    module, _, path = name.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise Unencodable(f"no {name}: {error}") from error
    return found


def attributes(value: Any) -> dict[str, Any]:
    """Every attribute an object holds itself, in ``__dict__`` and in slots, by name."""
    held = dict(getattr(value, "__dict__", {}))
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else slots:
            name = f"_{kind.__name__.lstrip('_')}{slot}" if slot.startswith("__") and not slot.endswith("__") else slot
            if name not in ("__dict__", "__weakref__") and hasattr(value, name):
                held[name] = getattr(value, name)
    return held


class _Encoder:
    """One walk over a value; remembers the mutable ones it met."""

    def __init__(self, describe: bool, max_nodes: int) -> None:
        self._describe = describe
        self._left = max_nodes
        self._met: dict[int, int] = {}
        self._kept: list[Any] = []  # ids stay unique as long as what they belong to lives

    def value(self, value: Any, depth: int) -> Any:
        self._left -= 1
        if self._left < 0 or depth > MAX_DEPTH:
            raise Unencodable("the value is too large" if self._left < 0 else "the value is nested too deeply")
        kind = type(value)
        if value is None or kind in (bool, str):
            return value
        if kind in _SCALARS:
            return _SCALARS[kind](value)
        if kind in (tuple, frozenset):
            return {"$": kind.__name__, "items": self._items(value, depth)}
        if kind in _CONTAINERS or not self._is_plain(kind):
            seen = self._met.get(id(value))
            if seen is not None:
                return {"$": "same", "n": seen}
            self._met[id(value)] = len(self._met)
            self._kept.append(value)
        return self._container(value, depth) if kind in _CONTAINERS else self._instance(value, depth)

    @staticmethod
    def _is_plain(kind: type) -> bool:
        """Whether sharing a value of this class cannot be noticed."""
        frozen = getattr(kind, "__dataclass_params__", None)
        return (frozen is not None and frozen.frozen) or issubclass(kind, enum.Enum | tuple | type)

    def _container(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind is list:
            return self._items(value, depth)
        if kind is bytearray:
            return {"$": "bytearray", "items": list(value)}
        if kind is set:
            return {"$": "set", "items": self._items(value, depth)}
        if kind is deque:
            return {"$": "deque", "items": self._items(value, depth), "most": value.maxlen}
        return self._mapping(value, depth)

    def _mapping(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind is dict and all(type(key) is str for key in value) and "$" not in value:
            return {key: self.value(item, depth + 1) for key, item in value.items()}
        pairs = [[self.value(key, depth + 1), self.value(item, depth + 1)] for key, item in value.items()]
        if kind is not defaultdict:
            return {"$": kind.__name__, "items": pairs}
        factory = getattr(value.default_factory, "__name__", "")
        if FACTORIES.get(factory) is not value.default_factory and not self._describe:
            raise Unencodable(f"a defaultdict of {value.default_factory!r} cannot be rebuilt")
        return {"$": "defaultdict", "items": pairs, "of": factory}

    def _items(self, value: Any, depth: int) -> list[Any]:
        items = [self.value(item, depth + 1) for item in value]
        return sorted(items, key=text_of) if isinstance(value, set | frozenset) else items

    def _instance(self, value: Any, depth: int) -> Any:
        kind = type(value)
        try:
            if isinstance(value, type | types.FunctionType | types.BuiltinFunctionType):
                return {"$": "name", "of": name_of(value)}
            name = name_of(kind)
            if isinstance(value, enum.Enum):
                return {"$": "enum", "type": name, "name": value.name}
            if isinstance(value, tuple) and hasattr(kind, "_fields"):
                return {"$": "namedtuple", "type": name, "items": self._items(tuple(value), depth)}
            if dataclasses.is_dataclass(kind):
                fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
                return {"$": "dataclass", "type": name, "fields": self._state(fields, depth)}
            _check_plain_state(value, kind)
            return {"$": "object", "type": name, "fields": self._state(attributes(value), depth)}
        except Unencodable as refusal:
            if not self._describe or self._left < 0:
                raise
            return self._described(value, depth, str(refusal))
        except AttributeError as error:
            raise Unencodable(f"{kind.__name__} lacks a field: {error}") from error

    def _described(self, value: Any, depth: int, why: str) -> Any:
        kind = f"{type(value).__module__}:{type(value).__qualname__}"
        held = {} if isinstance(value, Iterator | type) or callable(value) else attributes(value)
        held = {name: item for name, item in held.items() if not callable(item)}
        named = getattr(value, "__qualname__", "")
        inside = list(value) if isinstance(value, list | tuple) else []
        inside = sorted(value.items(), key=repr) if isinstance(value, dict) else inside
        return {
            "$": "described",
            "type": kind,
            "name": named,
            "why": why if not (held or named or inside) else "",
            "fields": self._state(held, depth),
            "items": self._items(inside, depth),
        }

    def _state(self, fields: dict[str, Any], depth: int) -> dict[str, Any]:
        return {name: self.value(item, depth + 1) for name, item in fields.items()}


def _check_plain_state(value: Any, kind: type) -> None:
    """Refuse objects whose attributes are not all there is to them."""
    if _has_own_new(kind) or isinstance(value, BaseException):
        raise Unencodable(f"{kind.__qualname__} is built by its own __new__")
    own = any(name in base.__dict__ for base in kind.__mro__[:-1] for name in ("__reduce__", "__reduce_ex__"))
    if own or any("__getstate__" in base.__dict__ for base in kind.__mro__[:-1]):
        raise Unencodable(f"{kind.__qualname__} keeps its state in its own way")
    if kind.__module__ in ("builtins", "_io", "_thread", "threading", "socket", "re", "weakref"):
        raise Unencodable(f"a {kind.__qualname__} is no plain value")


def _has_own_new(kind: Any) -> bool:
    return kind.__new__ is not object.__new__


def _number(value: float) -> Any:
    return value if math.isfinite(value) else {"$": "float", "is": repr(value)}


def _integer(value: int) -> Any:
    return value if value.bit_length() < LONGEST_JSON_INTEGER else {"$": "int", "hex": hex(value)}


def _zone(value: datetime | time) -> str | None:
    """A zone by its name, which its offset alone would lose; None where ISO text says everything."""
    zone = value.tzinfo
    if zone is None or type(zone) is timezone:
        return None
    if isinstance(zone, ZoneInfo) and zone.key:
        return zone.key
    raise Unencodable(f"a time in the zone {zone!r} cannot be rebuilt")


def _moment(value: datetime | time) -> Any:
    zone = _zone(value)
    stamp = value.replace(tzinfo=None, fold=0) if zone else value.replace(fold=0)
    return {"$": type(value).__name__, "iso": stamp.isoformat(), "zone": zone, "fold": value.fold}


_SCALARS: dict[type, Callable[[Any], Any]] = {
    int: _integer,
    float: _number,
    bytes: lambda value: {"$": "bytes", "base64": base64.b64encode(value).decode()},
    complex: lambda value: {"$": "complex", "items": [_number(value.real), _number(value.imag)]},
    datetime: _moment,
    time: _moment,
    date: lambda value: {"$": "date", "iso": value.isoformat()},
    timedelta: lambda value: {"$": "timedelta", "parts": [value.days, value.seconds, value.microseconds]},
    Decimal: lambda value: {"$": "decimal", "is": str(value)},
    Fraction: lambda value: {"$": "fraction", "is": str(value)},
    uuid.UUID: lambda value: {"$": "uuid", "is": str(value)},
    range: lambda value: {"$": "range", "parts": [value.start, value.stop, value.step]},
    type(...): lambda _: {"$": "ellipsis"},
    **{kind: lambda value: {"$": "path", "type": type(value).__name__, "is": str(value)} for kind in CLASSES.values()},
}
_FROZEN: dict[str, Callable[[Iterable[Any]], Any]] = {
    "tuple": tuple,
    "frozenset": frozenset,
    "complex": lambda parts: complex(*parts),
}
_CONTAINERS = (list, dict, set, bytearray, deque, Counter, OrderedDict, defaultdict)

_PLAIN: dict[str, Callable[[dict[str, Any]], Any]] = {
    "float": lambda data: float(data["is"]),
    "int": lambda data: int(data["hex"], 16),
    "bytes": lambda data: base64.b64decode(data["base64"]),
    "date": lambda data: date.fromisoformat(data["iso"]),
    "datetime": lambda data: _placed(datetime.fromisoformat(data["iso"]), data),
    "time": lambda data: _placed(time.fromisoformat(data["iso"]), data),
    "timedelta": lambda data: timedelta(*data["parts"]),
    "decimal": lambda data: Decimal(data["is"]),
    "fraction": lambda data: Fraction(data["is"]),
    "uuid": lambda data: uuid.UUID(data["is"]),
    "range": lambda data: range(*data["parts"]),
    "ellipsis": lambda _: ...,
    "path": lambda data: CLASSES[data["type"]](data["is"]),
}


def _placed(value: Any, data: dict[str, Any]) -> Any:
    if data["zone"]:
        value = value.replace(tzinfo=ZoneInfo(data["zone"]))
    return value.replace(fold=data["fold"])


class _Decoder:
    """One walk over encoded data; counts mutable values as the encoder did."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._met: list[Any] = []

    def value(self, data: Any) -> Any:
        if isinstance(data, list):
            return self._filled([], data)
        if not isinstance(data, dict):
            return data
        try:
            return self._tagged(data) if "$" in data else self._plain_dict(data)
        except Unencodable:
            raise
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise Unencodable(f"{data.get('$')!r} is not as encode writes it: {error}") from error

    def _plain_dict(self, data: dict[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        self._met.append(made)
        made.update({key: self.value(item) for key, item in data.items()})
        return made

    def _filled(self, made: list[Any], data: list[Any]) -> list[Any]:
        self._met.append(made)
        made.extend(self.value(item) for item in data)
        return made

    def _tagged(self, data: dict[str, Any]) -> Any:
        tag = data["$"]
        if tag in _PLAIN:
            return _PLAIN[tag](data)
        if tag == "same":
            return self._met[data["n"]]
        if tag in _FROZEN:
            return _FROZEN[tag](self.value(item) for item in data["items"])
        if tag in ("set", "deque", "bytearray"):
            return self._collection(data)
        if tag in ("dict", "Counter", "OrderedDict", "defaultdict"):
            return self._mapping(data)
        return self._instance(data)

    def _collection(self, data: dict[str, Any]) -> Any:
        kind = data["$"]
        made: Any = set() if kind == "set" else bytearray() if kind == "bytearray" else deque(maxlen=data["most"])
        self._met.append(made)
        for item in data["items"]:
            (made.add if isinstance(made, set) else made.append)(self.value(item))
        return made

    def _mapping(self, data: dict[str, Any]) -> Any:
        kinds: dict[str, Callable[[], Any]] = {"dict": dict, "Counter": Counter, "OrderedDict": OrderedDict}
        made = kinds[data["$"]]() if data["$"] in kinds else defaultdict(FACTORIES[data["of"]])
        self._met.append(made)
        for key, item in data["items"]:
            made[self.value(key)] = self.value(item)
        return made

    def _instance(self, data: dict[str, Any]) -> Any:
        tag = data["$"]
        if tag == "name":
            return self._resolve(data["of"])
        if tag not in ("enum", "namedtuple", "dataclass", "object"):
            raise Unencodable(f"a value of kind {tag!r} cannot be rebuilt")
        kind = self._resolve(data["type"])
        if not isinstance(kind, type):
            raise Unencodable(f"{data['type']} is no class")
        if tag == "enum":
            return kind[data["name"]]  # type: ignore[index]
        if tag == "namedtuple":
            return tuple.__new__(kind, (self.value(item) for item in data["items"]))
        return self._rebuilt(kind, data["fields"])

    def _rebuilt(self, kind: type, fields: dict[str, Any]) -> Any:
        if _has_own_new(kind):
            raise Unencodable(f"{kind.__qualname__} is built by its own __new__")
        made: Any = object.__new__(kind)
        if not _Encoder._is_plain(kind):
            self._met.append(made)
        for name, item in fields.items():
            object.__setattr__(made, name, self.value(item))
        return made
