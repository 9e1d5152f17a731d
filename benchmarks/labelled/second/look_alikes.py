"""Forms that look like a pattern and are not, or that no codemod should touch."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import sqlite3
import zlib
from copy import deepcopy
from pathlib import Path

log = logging.getLogger(__name__)
LEVELS = ["debug", "info", "warning", "error", "critical", "fatal", "trace", "audit"]
WANTED = ["a", "b", "c", "d"]
TABLE = {"a": 1}
DEFAULTS = {"limits": {"rows": 10}}
_calls = 0


# expect: none
def level_names(prefix: str) -> list[str]:
    return [name for name in LEVELS if name.startswith(prefix) and prefix in LEVELS]


# expect: none
def allow(word: str) -> bool:
    WANTED.append(word)
    return word in WANTED


# expect: none
def count_up(limit: int) -> int:
    global _calls
    for _ in range(limit):
        _calls += 1
    return _calls


# expect: none
def configured(name: str) -> str:
    text = ""
    for line in Path("settings.txt").read_text().splitlines():
        if line.startswith(name):
            text = line
    return text


# expect: none
def hashed(items: list[int]) -> int:
    total = 0
    for item in items:
        total = total * 31 + item
    return total


# expect: none
def shadowed(sorted, rows: list[int]) -> int:
    return sorted(rows)[0]


# expect: none
def own_json(lines: list[str]) -> list[int]:
    class json:
        @staticmethod
        def loads(text: str) -> int:
            return len(text)

    return [json.loads("[]") for _ in lines]


# expect: none
async def gather(names: list[str]) -> list[bytes]:
    done = []
    for name in names:
        reader, _ = await asyncio.open_connection(name, 80)
        done.append(await reader.read())
    return done


# expect: none
def row_has(row: sqlite3.Row, column: str) -> bool:
    return column in row.keys()


# expect: none
def last_of(rows: list[int]) -> int:
    rows.pop()
    return rows.pop()


# expect: none
def level_one(data: bytes) -> bytes:
    return zlib.compress(data, 1)


# expect: none
def guarded(rows: list[str]) -> int:
    if log.isEnabledFor(logging.DEBUG):
        log.debug(f"rows: {', '.join(rows)}")
    return len(rows)


# expect: none
def lazy(rows: list[str]) -> int:
    log.debug("%d rows", len(rows))
    return len(rows)


# expect: none
def rarely(rows: list[str]) -> int:
    for row in rows:
        if not row:
            log.info("an empty row")
    return len(rows)


# expect: none
def copies(records: list[dict[str, int]]) -> list[dict[str, int]]:
    return [deepcopy(record) for record in records]


# expect: refused deepcopy-of-literal
def defaults() -> dict[str, dict[str, int]]:
    limits = DEFAULTS["limits"]
    limits["rows"] += 1
    return deepcopy(DEFAULTS)


# expect: refused regex-in-loop
def first_match(prefix: str, names: list[str], strict: bool) -> int:
    hits = 0
    for name in names:
        if strict:
            pattern = re.compile(re.escape(prefix))
            hits += bool(pattern.match(name))
    return hits


# expect: refused loop-invariant-parse
def safely(text: str, names: list[str]) -> int:
    good = 0
    for _name in names:
        try:
            good += len(json.loads(text))
        except ValueError:
            continue
    return good


# expect: refused sorted-for-one
def smallest(rows: list[int]) -> int:
    return sorted(rows)[0]


# expect: refused sorted-for-one
def latest(rows: list[tuple[int, str]]) -> tuple[int, str] | None:
    if not rows:
        return None
    return sorted(rows, key=lambda row: row[0])[-1]


# expect: refused string-building
def shown(words: list[str]) -> str:
    text = ""
    for word in words:
        text += word
        if len(text) > 80:
            break
    return text


# expect: refused list-pop-front
def rotate(rounds: int) -> list[int]:
    ring = [1, 2, 3]
    for _ in range(rounds):
        ring.append(ring.pop(0))
    return ring


# expect: refused list-pop-front
def nested(jobs: list[str]) -> list[str]:
    queue = list(jobs)
    done = []

    def take() -> str:
        return queue[0]

    while queue:
        done.append(take())
        queue.pop(0)
    return done


# expect: none
def sizes(payloads: list[dict[str, int]]) -> list[int]:
    return [len(json.dumps(payload)) for payload in payloads]


# expect: none
def consumed(values) -> list[bool]:
    return [value in set(values) for value in range(3)]


# expect: none
def any_name(text: str, names: list[str]) -> bool:
    return any(re.search(rf"\b{re.escape(name)}\b", text) for name in names)


class Account:
    def __init__(self, entries: list[int]) -> None:
        self.entries = entries
        self._rate = 1.0

    # expect: none
    @property
    def balance(self) -> int:
        return sum(entry for entry in self.entries)

    # expect: none
    @property
    def weighted(self) -> float:
        return sum(self._rate * step for step in range(100))

    def raise_rate(self) -> None:
        self._rate += 0.1

    # expect: none
    def digest(self, word: str) -> str:
        return "".join(sorted(word * len(self.entries)))
