"""What a repository keeps at module level and changes while it runs, read from its sources.

A remembered result is stale once something it was computed from has changed. Which values those can be is seen from
who writes to them: a table that nobody writes to is a constant.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from effnb.verify._forms import words

WRITERS = words(
    "append add update clear pop popitem setdefault extend insert remove discard sort reverse appendleft popleft"
)
MOST_FILES = 2000


def written_state(tree: Path, roots: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Module-level variables that functions write to (``module:name``), and attributes set outside constructors.

    Args:
        tree: Export of the repository.
        roots: Folders that are on ``sys.path``, relative to it.
    """
    variables: set[str] = set()
    attributes: set[str] = set()
    for path, module in _modules(tree, roots):
        try:
            parsed = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError):
            continue
        variables |= {f"{module}:{name}" for name in _written_variables(parsed)}
        attributes |= set(_written_attributes(parsed))
    return sorted(variables), sorted(attributes)


def _modules(tree: Path, roots: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    for root in roots:
        base = tree / root
        for path in sorted(base.rglob("*.py"))[:MOST_FILES]:
            parts = path.relative_to(base).with_suffix("").parts
            if parts[0] not in ("tests", "test", "docs", "examples") and not parts[-1].startswith("test_"):
                yield path, ".".join(parts).removesuffix(".__init__")


def _written_variables(tree: ast.Module) -> Iterator[str]:
    top = {name.id for node in tree.body for name in ast.walk(node) if isinstance(name, ast.Name) and _is_stored(name)}
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)):
        declared = {name for node in ast.walk(function) if isinstance(node, ast.Global) for name in node.names}
        yield from declared & top
        local = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and _is_stored(node)} - declared
        for node in ast.walk(function):
            holder = _written_holder(node)
            if holder in top and holder not in local:
                yield holder


def _written_holder(node: ast.AST) -> str:
    """Name whose content a node changes; empty when it changes none."""
    target: ast.AST | None = None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITERS:
        target = node.func.value
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
        target = node.value
    return target.id if isinstance(target, ast.Name) else ""


def _written_attributes(tree: ast.Module) -> Iterator[str]:
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) and function.name in ("__init__", "__post_init__", "__new__")
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if id(node) in inside:
            continue
        if isinstance(node, ast.Attribute) and _is_stored(node):
            yield node.attr
        holder = node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
        if isinstance(holder, ast.Attribute) and isinstance(node, ast.Call) and node.func.attr in WRITERS:  # type: ignore[attr-defined]
            yield holder.attr
        written = isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del)
        if written and isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute):
            yield node.value.attr


def _is_stored(node: ast.Name | ast.Attribute) -> bool:
    return isinstance(node.ctx, ast.Store | ast.Del)
