"""Check ``memory``: what the new code remembers has a bound, and a call needs about as much as before."""

from __future__ import annotations

import ast
from typing import Any

from effnb.domain import Check
from effnb.verify._candidate import Candidate
from effnb.verify._checks import failed, passed, skipped

LARGEST_CACHE = 65_536
"""Entries; a bound above this is none in practice."""
PEAK_TIMES = 3.0
PEAK_BYTES = 2 << 20
FEW = 40
"""Distinct calls below which growth says nothing."""


def check_memory(candidate: Candidate) -> Check:
    """Whether caches are bounded and the peak of a call stays in proportion."""
    if candidate.fix.kind != "code":
        return skipped("memory", "a setting was changed")
    old = candidate.answers.get("old")
    new = candidate.answers.get("new")
    if not isinstance(old, dict) or not isinstance(new, dict):
        return skipped("memory", "behaviour was not compared")
    before, after = old["memory"], new["memory"]
    for name, most in after["limits"].items():
        if name not in before["limits"] and (most is None or most > LARGEST_CACHE):
            bound = "without a bound" if most is None else f"of up to {most:,} entries"
            return failed("memory", f"{name} is a cache {bound}")
    if grown := _grows(before, after, _with_a_bound(candidate.new_text)):
        return failed("memory", grown)
    return _compare_bytes(before, after)


def _grows(before: dict[str, Any], after: dict[str, Any], bounded: set[str]) -> str:
    """A container that gains an entry with nearly every distinct call, to the end."""
    calls = after["calls"]
    if calls < FEW:
        return ""
    for name, (start, *middle, end) in after["growth"].items():
        half = middle[0] if middle else start
        if name in before["growth"] or name in after["limits"] or name.rpartition(".")[2] in bounded:
            continue
        if end - start > 0.5 * calls and end - half > 0.25 * calls:
            return f"{name} grows with every distinct call: {end - start} entries after {calls} calls"
    return ""


def _with_a_bound(text: str) -> set[str]:
    """Names whose ``len`` the code compares with a number that is no too large one: it empties them then."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Compare) or not isinstance(node.left, ast.Call) or len(node.comparators) != 1:
            continue
        (most,) = node.comparators
        is_small = isinstance(most, ast.Constant) and isinstance(most.value, int) and most.value <= LARGEST_CACHE
        if is_small and ast.unparse(node.left.func) == "len" and len(node.left.args) == 1:
            found.add(ast.unparse(node.left.args[0]))
    return found


def _compare_bytes(before: dict[str, Any], after: dict[str, Any]) -> Check:
    peak, was = after["peak_bytes"], before["peak_bytes"]
    if peak > PEAK_TIMES * was + PEAK_BYTES:
        return failed("memory", f"a call needs up to {_mib(peak)} instead of {_mib(was)}")
    caches = [f"{name} holds at most {most:,}" for name, most in after["limits"].items() if most is not None]
    return passed("memory", "; ".join([f"a call needs up to {_mib(peak)}, before {_mib(was)}", *caches]))


def _mib(count: float) -> str:
    return f"{count / (1 << 20):.2g} MiB"
