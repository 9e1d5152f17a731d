"""Which functions a diff edits: hunk ranges laid over the spans of the functions on each side."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from effnb.domain import TouchedFunction

HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
MODULE = "<module>"


@dataclass(frozen=True)
class Span:
    """Lines ``first … last`` (1-based, inclusive, decorators counted) of a function."""

    qualname: str
    first: int
    last: int


def module_of(path: str) -> str:
    """Dotted module name of a Python file inside a repository; ``src/`` and ``__init__`` are dropped."""
    parts = list(PurePosixPath(path).with_suffix("").parts)
    if parts and parts[0] == "src":
        parts = parts[1:]
    if parts and parts[-1] == "__init__":
        parts = parts[:-1]
    return ".".join(parts)


def function_spans(source: str) -> list[Span]:
    """Spans of all functions in Python source, inner ones after their owners; empty when it does not parse."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return []
    return list(_walk(tree, ""))


def _walk(node: ast.AST, prefix: str) -> Iterator[Span]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = min([child.lineno, *(decorator.lineno for decorator in child.decorator_list)])
            yield Span(prefix + child.name, first, child.end_lineno or child.lineno)
            yield from _walk(child, f"{prefix}{child.name}.<locals>.")
        elif isinstance(child, ast.ClassDef):
            yield from _walk(child, f"{prefix}{child.name}.")
        else:
            yield from _walk(child, prefix)


def touched_in_file(path: str, old: str, new: str, patch: str) -> list[TouchedFunction]:
    """Functions of one Python file that a ``-U0`` patch edits, on either side of it.

    Lines outside every function count for ``module:<module>``: a changed constant may matter to any function there.
    """
    added: Counter[str] = Counter()
    removed: Counter[str] = Counter()
    old_spans, new_spans = function_spans(old), function_spans(new)
    old_lines, new_lines = old.splitlines(), new.splitlines()
    for match in HUNK.finditer(patch):
        old_start, old_count, new_start, new_count = (int(group) if group else 1 for group in match.groups())
        removed.update(_owners(old_spans, old_lines, old_start, old_count))
        added.update(_owners(new_spans, new_lines, new_start, new_count))
    module = module_of(path)
    return [
        TouchedFunction(function=f"{module}:{name}", file=path, lines_added=added[name], lines_removed=removed[name])
        for name in sorted(added.keys() | removed.keys())
    ]


def _owners(spans: list[Span], lines: list[str], start: int, count: int) -> Iterator[str]:
    for number in range(start, start + count):
        if number > len(lines) or _says_nothing(lines[number - 1]):
            continue
        inside = [span for span in spans if span.first <= number <= span.last]
        yield max(inside, key=lambda span: span.first).qualname if inside else MODULE


def _says_nothing(line: str) -> bool:
    """Blank lines, comments and imports cost nothing when a service runs."""
    text = line.strip()
    return not text or text.startswith(("#", "import ", "from ", '"""'))
