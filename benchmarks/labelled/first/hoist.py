"""Work that is repeated although its input does not change, and work that only looks so."""

from __future__ import annotations

import json
import re
import struct
from datetime import datetime
from string import Template

LIMITS = '{"small": 3, "large": 9}'


# expect: constant-regex-per-call
# try: first_number("ab 12 c 3")
# try: first_number("none")
def first_number(text: str) -> str | None:
    pattern = re.compile(r"\d+")
    found = pattern.search(text)
    return found.group() if found else None


# expect: constant-regex-per-call
# try: squeeze("a   b \t c")
def squeeze(text: str) -> str:
    return re.sub(r"\s+", " ", text)


# expect: none
def find_user_pattern(pattern: str, text: str) -> bool:
    return re.search(pattern, text) is not None


# expect: regex-in-loop
# try: with_prefix("ab", ["ab1", "b2", "AB3"])
# try: with_prefix("ab", [])
def with_prefix(prefix: str, names: list[str]) -> list[str]:
    kept = []
    for name in names:
        matcher = re.compile(re.escape(prefix), re.IGNORECASE)
        if matcher.match(name):
            kept.append(name)
    return kept


# expect: none
def any_of(patterns: list[str], text: str) -> bool:
    for pattern in patterns:
        compiled = re.compile(pattern)
        if compiled.search(text):
            return True
    return False


# expect: loop-invariant-parse
# try: too_large(["small", "large"], 5)
# try: too_large([], 5)
def too_large(names: list[str], size: int) -> int:
    count = 0
    for name in names:
        limits = json.loads(LIMITS)
        if size > limits[name]:
            count += 1
    return count


# expect: refused loop-invariant-parse
def grown(names: list[str]) -> list[dict[str, int]]:
    rows = []
    for name in names:
        limits = json.loads(LIMITS)
        limits[name] = 0
        rows.append(limits)
    return rows


# expect: none
def parsed(lines: list[str]) -> list[object]:
    rows = []
    for line in lines:
        row = json.loads(line)
        rows.append(row)
    return rows


# expect: constant-object-per-call
# try: header(3, 4)
def header(kind: int, size: int) -> bytes:
    layout = struct.Struct("<HI")
    return layout.pack(kind, size)


# expect: constant-object-per-call
# try: greeting("Ada")
def greeting(name: str) -> str:
    return Template("Hello $name").substitute(name=name)


# expect: none
def stamped(lines: list[str]) -> list[str]:
    rows = []
    for line in lines:
        now = datetime.now()
        rows.append(f"{now} {line}")
    return rows


# expect: loop-invariant-call
# try: common([1, 2, 3], [3, 1])
# try: common([], [1])
def common(left: list[int], right: list[int]) -> list[int]:
    both = []
    for value in left:
        if value in set(right):
            both.append(value)
    return both


# expect: none
def growing(values: list[int]) -> list[int]:
    sizes = []
    seen: list[int] = []
    for value in values:
        seen.append(value)
        sizes.append(len(set(seen)))
    return sizes
