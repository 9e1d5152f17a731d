"""The patterns in other clothes than in the first half."""

from __future__ import annotations

import copy
import datetime as dt
import gzip
import json
import logging
import re
from pathlib import Path
from re import findall

import httpx

logger = logging.getLogger("shop.orders")

CODES = ["AT", "BE", "CZ", "DE", "DK", "ES", "FR", "GB", "IT", "NL"]
RECORD = {"id": 0, "tags": [], "money": {"net": 0, "tax": [0, 0]}}
ROWS = [{"a": 1}, {"b": 2}]


# expect: unmemoised-pure-function
# try: collatz(27)
# try: collatz(1)
def collatz(start: int) -> int:
    steps = 0
    while start != 1:
        start = start // 2 if start % 2 == 0 else 3 * start + 1
        steps += 1
    return steps


# expect: unmemoised-pure-function
# try: initials("ada lovelace", 2)
# try: initials("", 0)
def initials(name: str, most: int | None = None) -> tuple[str, ...]:
    return tuple(part[0].upper() for part in name.split()[:most])


# expect: costly-no-argument-function
# try: alphabet()
def alphabet() -> str:
    letters = []
    for number in range(26):
        letters.append(chr(97 + number))
    return "".join(letters)


# expect: constant-regex-per-call
# try: numbers("a1b22")
def numbers(text: str) -> list[str]:
    return findall(r"\d+", text)


# expect: constant-regex-per-call
# try: tidy("A-b", 1)
# try: tidy("A-b-c", 1)
def tidy(text: str, most: int) -> str:
    return re.sub("[a-z]", "", text, most, re.IGNORECASE)


class Parser:
    # expect: constant-regex-per-call
    # try: Parser().words("a b")
    def words(self, text: str) -> list[str]:
        return re.split(r"\s+", text)


# expect: loop-invariant-parse
# try: after("2024-05-01", ["2024-05-02", "2023-01-01"])
# try: after("2024-05-01", [])
def after(day: str, days: list[str]) -> list[str]:
    kept = []
    for one in days:
        limit = dt.datetime.strptime(day, "%Y-%m-%d")
        if dt.datetime.strptime(one, "%Y-%m-%d") > limit:
            kept.append(one)
    return kept


# expect: loop-invariant-call
# try: ranks([3, 1, 2], [1, 3])
# try: ranks([], [])
def ranks(scores: list[int], asked: list[int]) -> list[int]:
    return [sorted(scores).index(one) for one in asked if one in scores]


# expect: repeated-read
def lengths(path: Path, words: list[str]) -> dict[str, int]:
    found = {}
    for word in words:
        text = path.read_text()
        found[word] = text.count(word)
    return found


# expect: list-membership, unmemoised-pure-function
# try: european("DE-FR-US")
# try: european("")
def european(codes: str) -> int:
    return sum(1 for code in codes.split("-") if code in CODES)


# expect: list-membership
# try: first_repeat(["a", "b", "a"])
# try: first_repeat([])
def first_repeat(words: list[str]) -> str | None:
    seen: list[str] = []
    for word in words:
        if word in seen:
            return word
        seen.append(word)
    return None


# expect: list-pop-front
# try: undo([1, 2, 3])
# try: undo([])
def undo(steps: list[int]) -> int:
    stack = list()
    total = 0
    for step in steps:
        stack.insert(0, step)
    while len(stack) > 0:
        total = total * 2 + stack.pop(0)
    return total


# expect: keys-list-membership
# try: missing(["a", "z"])
def missing(names: list[str]) -> list[str]:
    table = {"a": 1, "b": 2}
    return [name for name in names if name not in table.keys()]


# expect: sorted-for-one
# try: longest(["a", "bcd", "ef"])
# try: longest([])
def longest(words: list[str]) -> int:
    return sorted((3, 1, 2), reverse=True)[0] + len(words)


# expect: list-sum
# try: joined({"a": [1], "b": [2, 3]})
def joined(groups: dict[str, list[int]]) -> list[int]:
    return sum(groups.values(), start=[])


# expect: string-building
# try: table([["a", "b"], ["c"]])
# try: table([])
def table(rows: list[list[str]]) -> str:
    out = "<table>"
    for row in rows:
        out += "<tr>"
        for cell in row:
            out += f"<td>{cell}</td>"
        out += "</tr>"
    return out + "</table>"


# expect: deepcopy-of-literal
# try: fresh()
def fresh() -> dict[str, object]:
    return copy.deepcopy(RECORD)


# expect: deepcopy-of-literal
# try: fresh_rows(2)
def fresh_rows(number: int) -> list[object]:
    return [copy.deepcopy(ROWS) for _ in range(number)]


# expect: maximum-compression-level
# try: gzip.decompress(packed(b"abc" * 99))
def packed(data: bytes) -> bytes:
    return gzip.compress(data)


# expect: repeated-serialisation
# try: broadcast({"a": 1}, ["x", "y"])
# try: broadcast({"a": 1}, [])
def broadcast(message: dict[str, int], names: list[str]) -> list[str]:
    out = []
    for name in names:
        out.append(name + json.dumps(message))
    return out


# expect: eager-log-formatting
# try: handle("a%b", [3, 1])
def handle(name: str, sizes: list[int]) -> int:
    logger.debug(f"handling {name!r} with {len(sizes)} at 100 %")
    return max(sizes)


# expect: eager-log-formatting
# try: store({"a": 1})
def store(row: dict[str, int]) -> int:
    logger.debug("storing %s" % row)
    return len(row)


def import_all(rows: list[int]) -> int:
    return sum(import_one(row) for row in rows)


# expect: unsampled-logging
# try: import_all([1, 2])
def import_one(row: int) -> int:
    logger.info("row %d", row)
    return row


# expect: session-per-call
def first_up(hosts: list[str]) -> str | None:
    for host in hosts:
        client = httpx.Client(timeout=3)
        if client.get(f"http://{host}/up").status_code == 200:
            return host
    return None
