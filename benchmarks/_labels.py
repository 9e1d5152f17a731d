"""The labelled functions: what is said above each of them, read without running anything.

``# expect: none`` must not be reported; ``# expect: P, Q`` must be reported as both; ``# expect: refused P`` may be
reported, if no fix is written. ``# try:`` lines are calls on which old and new code have to agree. The files in
``first`` were written before the rules, those in ``second`` after them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "labelled"
HALVES = ("first", "second")


@dataclass(frozen=True)
class Labelled:
    """One function with what is expected of it."""

    half: str
    file: Path
    qualname: str
    line: int
    """Line of its ``def`` or first decorator."""
    last_line: int
    expected: frozenset[str]
    """Patterns to report; empty when there are none."""
    refused: str
    """Pattern for which no fix may be written; empty for others."""
    calls: tuple[str, ...]
    """Expressions to try old and new code on."""


def labelled_functions() -> list[Labelled]:
    """All of them, by file and line."""
    return [one for half in HALVES for file in sorted((FOLDER / half).glob("*.py")) for one in _in_file(half, file)]


def _in_file(half: str, file: Path) -> Iterator[Labelled]:
    text = file.read_text(encoding="utf-8")
    lines = text.splitlines()
    for qualname, node in _functions(ast.parse(text), ""):
        first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
        said = _comments(lines, first)
        labels = [one.removeprefix("expect:").strip() for one in said if one.startswith("expect:")]
        if labels:
            names = labels[0].removeprefix("refused ")
            is_refused = labels[0].startswith("refused ")
            expected = (
                frozenset(one.strip() for one in names.split(","))
                if names != "none" and not is_refused
                else frozenset()
            )
            calls = tuple(one.removeprefix("try:").strip() for one in said if one.startswith("try:"))
            yield Labelled(
                half, file, qualname, first, node.end_lineno or first, expected, names if is_refused else "", calls
            )


def _comments(lines: list[str], first: int) -> list[str]:
    """Comment lines directly above a line, top down, without their signs."""
    found: list[str] = []
    for line in reversed(lines[: first - 1]):
        if not line.strip().startswith("#"):
            break
        found.insert(0, line.strip().removeprefix("#").strip())
    return found


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield prefix + child.name, child
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{prefix}{child.name}.")
