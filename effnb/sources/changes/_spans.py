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

    A changed constant touches the functions of its module that name it. What else lies outside every function counts
    for ``module:<module>``. Imports, docstrings, comments and blank lines cost nothing when a service runs.
    """
    added: Counter[str] = Counter()
    removed: Counter[str] = Counter()
    before, after = _Lines(old), _Lines(new)
    for match in HUNK.finditer(patch):
        old_start, old_count, new_start, new_count = (int(group) if group else 1 for group in match.groups())
        removed.update(before.owners(old_start, old_count))
        added.update(after.owners(new_start, new_count))
    module = module_of(path)
    return [
        TouchedFunction(function=f"{module}:{name}", file=path, lines_added=added[name], lines_removed=removed[name])
        for name in sorted(added.keys() | removed.keys())
    ]


class _Lines:
    """What each line of one version of a file belongs to."""

    def __init__(self, source: str) -> None:
        # Git and Python end a line at a line feed only; str.splitlines does so at form feeds and others too.
        self._text = source.split("\n")
        self._spans = function_spans(source)
        self._silent: set[int] = set()
        self._bound: dict[int, set[str]] = {}
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError):
            return
        for node in ast.walk(tree):
            self._note(node)

    def _note(self, node: ast.AST) -> None:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            self._silent.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = {one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)}
            for number in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                self._bound.setdefault(number, set()).update(names)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and node.body:
            first = node.body[0]
            is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            if is_text and isinstance(first.value.value, str):  # type: ignore[attr-defined]  # narrowed above
                self._silent.update(range(first.lineno, (first.end_lineno or first.lineno) + 1))

    def owners(self, start: int, count: int) -> Iterator[str]:
        """Qualified names of what ``count`` lines from ``start`` on belong to, one or more a line that matters."""
        for number in range(start, min(start + count, len(self._text) + 1)):
            text = self._text[number - 1].strip()
            if not text or text.startswith("#") or number in self._silent:
                continue
            inside = [span for span in self._spans if span.first <= number <= span.last]
            if inside:
                yield max(inside, key=lambda span: span.first).qualname
            else:
                yield from self._users(self._bound.get(number, set())) or [MODULE]

    def _users(self, names: set[str]) -> list[str]:
        """Functions that name one of some module-level names."""
        if not names:
            return []
        word = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(names)))})\b")
        return [one.qualname for one in self._spans if word.search("\n".join(self._text[one.first - 1 : one.last]))]
