"""Forms that are one step away from a pattern, where the fix would change what the code does."""

from __future__ import annotations

import pytest

from effnb.opportunities import Refused, Target, fix_for

FORMS = {
    "elements that may not be hashable": (
        "list-membership",
        """\
def f(rows: list[list[int]]) -> int:
    seen = []
    for row in rows:
        if row not in seen:
            seen.append(row)
    return 1
""",
        "not known to be hashable",
    ),
    "elements nobody typed": (
        "list-membership",
        """\
def f(rows):
    seen = []
    for row in rows:
        if row not in seen:
            seen.append(row)
""",
        "not known to be hashable",
    ),
    "a list that is returned": (
        "list-membership",
        """\
def f(rows: list[str]) -> list[str]:
    seen = []
    for row in rows:
        if row not in seen:
            seen.append(row)
    return seen
""",
        "mended or moved",
    ),
    "a sort whose elements change in the loop": (
        "loop-invariant-call",
        """\
def f(rows: list):
    for row in rows:
        row.rank = 1
        if row in sorted(rows):
            print(row)
""",
        "may change what the collection holds",
    ),
    "a generator": (
        "loop-invariant-call",
        """\
def f(rows: list[int], more: list[int]):
    for row in rows:
        if row in set(more):
            yield row
""",
        "others run between",
    ),
    "a string that a handler reads": (
        "string-building",
        """\
def f(rows: list[str]) -> str:
    try:
        text = ''
        for row in rows:
            text += row
    except MemoryError:
        return text
    return text
""",
        "half-built",
    ),
    "a string read by an inner function": (
        "string-building",
        """\
def f(rows: list[str]) -> str:
    text = ''

    def show() -> str:
        return text

    for row in rows:
        text += row
    return show()
""",
        "used before the loop|inner function",
    ),
    "a queue whose value is handed on": (
        "list-pop-front",
        """\
def f(rows: list[int]):
    queue = list(rows)
    while queue:
        queue.pop(0)
    return queue or None
""",
        "may have to be a list",
    ),
    "a queue compared with a list": (
        "list-pop-front",
        """\
def f(rows: list[int]):
    queue = list(rows)
    while queue != []:
        queue.pop(0)
""",
        "may have to be a list",
    ),
    "a queue that two branches make": (
        "list-pop-front",
        """\
def f(rows, fast):
    queue = []
    if fast:
        queue = rows
    while queue:
        queue.pop(0)
""",
        "not made as a list here alone",
    ),
    "something between two encodings that may change the value": (
        "repeated-serialisation",
        """\
import json


def f(payload: dict, touch) -> str:
    first = json.dumps(payload)
    touch()
    return first + json.dumps(payload)
""",
        "something may change what is encoded",
    ),
    "a part of the value that is changed under another name": (
        "repeated-serialisation",
        """\
import json


def f(payload: dict, part: dict) -> str:
    first = json.dumps(payload)
    part['a'] = 1
    return first + json.dumps(payload)
""",
        "something may change what is encoded",
    ),
    "a template that is handed on": (
        "deepcopy-of-literal",
        """\
from copy import deepcopy

T = {'a': []}


def g():
    return T


def f():
    return deepcopy(T)
""",
        "changed or handed on",
    ),
    "a property of an object the caller holds": (
        "property-recomputed",
        """\
class A:
    def __init__(self, rows: list[int]) -> None:
        self._rows = rows

    @property
    def f(self) -> int:
        return sum(row * 2 for row in self._rows)
""",
        "mended or moved",
    ),
    "a property of a class with slots": (
        "property-recomputed",
        """\
class A:
    __slots__ = ('_rows',)

    def __init__(self, rows: tuple[int, ...]) -> None:
        self._rows = rows

    @property
    def f(self) -> int:
        return sum(r * 2 for r in self._rows)
""",
        "mended or moved",
    ),
    "a method": (
        "unmemoised-pure-function",
        """\
class A:
    def f(self, n: int) -> int:
        return sum(k for k in range(n))
""",
        "mended or moved",
    ),
    "a function with a decorator": (
        "unmemoised-pure-function",
        """\
@register
def f(n: int) -> int:
    return sum(k for k in range(n))
""",
        "mended or moved",
    ),
    "a coroutine": (
        "unmemoised-pure-function",
        """\
async def f(n: int) -> int:
    return sum(k for k in range(n))
""",
        "mended or moved",
    ),
    "a setting of another module": (
        "unmemoised-pure-function",
        """\
import settings


def f(n: int) -> int:
    return sum(k * settings.rate for k in range(n))
""",
        "mended or moved",
    ),
    "a regular expression with computed flags": (
        "constant-regex-per-call",
        """\
import re


def f(text: str, flags: int) -> bool:
    return bool(re.search('a', text, flags))
""",
        "flags are not constant",
    ),
    "a shadowed module": (
        "constant-regex-per-call",
        """\
import re


def f(re, text: str) -> bool:
    return bool(re.search('a', text))
""",
        "mended or moved",
    ),
    "a log call whose argument has an effect": (
        "eager-log-formatting",
        """\
import logging

log = logging.getLogger('a')


def f(rows: list[int]):
    log.debug(f'{next(iter(rows))}')
""",
        "not known to be pure",
    ),
    "calls with credentials": (
        "session-per-call",
        """\
import requests


def f(urls, user):
    for url in urls:
        requests.get(url, auth=user)
""",
        "carry over",
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_it_is_left_alone_with_the_reason(form):
    pattern, source, reason = FORMS[form]
    name = "A.f" if source.startswith("class") else "f"
    with pytest.raises(Refused, match=reason):
        fix_for(source, "m.py", Target(f"m:{name}", pattern))


def test_an_import_whose_name_is_taken_is_spelt_out():
    source = (
        "def f(rows: list[int]) -> int:\n    deque = list(rows)\n    total = 0\n    while deque:\n"
        "        total += deque.pop(0)\n    return total\n"
    )
    diff = fix_for(source, "m.py", Target("m:f", "list-pop-front")).diff
    assert "+import collections\n" in diff
    assert "+    deque = collections.deque(list(rows))\n" in diff


def test_a_comment_above_an_import_stays_above_it():
    source = (
        "import os\n\n# ours\nfrom shop import x\n\n\ndef f(rows: list[list[int]]) -> list[int]:\n"
        "    return sum(rows, [])\n"
    )
    diff = fix_for(source, "m.py", Target("m:f", "list-sum")).diff
    assert " import os\n+from itertools import chain\n \n # ours\n from shop import x\n" in diff
