"""Values travel as plain JSON and come back as they were, or are refused."""

from __future__ import annotations

import enum
import json
import threading
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effnb.verify import Unencodable, decode, encode
from effnb.verify._codec import text_of

Pair = namedtuple("Pair", "left right")


class Colour(enum.Enum):
    RED = 1


@dataclass(slots=True)
class Item:
    name: str
    parts: list[Item] = field(default_factory=list)


@dataclass(frozen=True)
class Point:
    x: int
    y: int


class Shelf:
    def __init__(self, items):
        self.items = items
        self._count = len(items)


class Slotted:
    __slots__ = ("__hidden", "seen")

    def __init__(self):
        self.__hidden, self.seen = 3, [1]


class OwnState:
    def __getstate__(self):
        return {}


VALUES = [
    None,
    True,
    0,
    10**4500,
    -0.0,
    1e300,
    float("inf"),
    "\ud800 text",
    b"\x00\xff",
    bytearray(b"ab"),
    3 + 4j,
    (1, "a", (2.5,)),
    {1, 2},
    frozenset({"a", None}),
    {"a": [1, {"b": None}]},
    {"$": "tuple", "items": []},
    {1: "a", (2, 3): "b"},
    OrderedDict(a=1),
    Counter("abca"),
    defaultdict(list, {"k": [1]}),
    deque([1, 2], maxlen=3),
    range(3, 0, -1),
    ...,
    date(2026, 3, 1),
    time(1, 2, 3, tzinfo=UTC),
    datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2))),
    datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1),
    timedelta(days=-1, microseconds=3),
    Decimal("1.10"),
    Fraction(1, 3),
    UUID(int=5),
    PurePosixPath("a/b"),
    Pair(1, [2]),
    Colour.RED,
    Item("a", [Item("b")]),
    Point(1, 2),
    text_of,
    Counter,
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_comes_back_equal_and_of_its_own_type(value):
    back = decode(json.loads(text_of(encode(value))))
    assert type(back) is type(value)
    assert back == value
    assert text_of(encode(back)) == text_of(encode(value))


def test_nan_and_the_sign_of_zero_come_back():
    assert str(decode(json.loads(text_of(encode([float("nan"), -0.0]))))) == "[nan, -0.0]"


def test_objects_are_rebuilt_without_calling_their_code():
    shelf = Shelf(["a"])
    shelf.items.append("b")  # its constructor would count two now
    back = decode(encode(shelf))
    assert (type(back), back.items, back._count) == (Shelf, ["a", "b"], 1)
    slotted = decode(encode(Slotted()))
    assert (slotted._Slotted__hidden, slotted.seen) == (3, [1])


def test_shared_and_cyclic_values_stay_shared():
    inner = [1]
    left, right = decode(encode([inner, inner]))
    assert left is right
    cycle: list[object] = []
    cycle.append(cycle)
    back = decode(encode(cycle))
    assert back[0] is back
    item = Item("x")
    first, second = decode(encode((item, {"k": item})))
    assert second["k"] is first


def test_sharing_is_part_of_what_is_compared():
    inner = [1]
    assert text_of(encode([inner, inner])) != text_of(encode([[1], [1]]))


def test_true_and_one_are_told_apart_and_so_is_the_order_of_keys():
    assert text_of(encode([True])) != text_of(encode([1])) != text_of(encode([1.0]))
    assert text_of(encode({"a": 1, "b": 2})) != text_of(encode({"b": 2, "a": 1}))


@pytest.mark.parametrize(
    "value",
    [threading.Lock(), (n for n in ()), lambda: 1, OwnState(), object(), defaultdict(lambda: 1), ValueError("x")],
    ids=lambda value: type(value).__name__,
)
def test_hidden_state_is_refused(value):
    with pytest.raises(Unencodable):
        encode([value])


def test_what_cannot_be_rebuilt_can_be_described_for_comparison():
    first, second = (encode(ValueError("a"), describe=True) for _ in range(2))
    assert first == second
    assert encode(OwnState(), describe=True)["$"] == "described"
    with pytest.raises(Unencodable, match="cannot be rebuilt"):
        decode(first)


def test_size_and_depth_are_bounded():
    with pytest.raises(Unencodable, match="too large"):
        encode(list(range(100)), max_nodes=50)
    deep: list[object] = []
    for _ in range(500):
        deep = [deep]
    with pytest.raises(Unencodable, match="too deep"):
        encode(deep)


@pytest.mark.parametrize(
    "data",
    [
        {"$": "unheard"},
        {"$": "tuple"},
        {"$": "same", "n": 3},
        {"$": "dataclass", "type": "os:system", "fields": {}},
        {"$": "dataclass", "type": "no.module:X", "fields": {}},
        {"$": "object", "type": "builtins:int", "fields": {}},
        {"$": "decimal", "is": "x"},
    ],
    ids=lambda data: data["$"],
)
def test_data_that_encode_would_not_write_are_refused(data):
    with pytest.raises((Unencodable, ArithmeticError)):
        decode(data)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
        max_leaves=20,
    )
)
def test_any_nest_of_values_comes_back(value):
    assert decode(json.loads(text_of(encode(value)))) == value
