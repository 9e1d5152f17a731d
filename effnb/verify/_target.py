"""Check ``target``: only the function the fix is for changes, and what it needs at module level.

The comparison is of syntax trees, so layout does not matter. Everything that is not on a list is refused: a fix that is
right and unusual costs a person's look, one that is wrong and unnoticed costs more.
"""

from __future__ import annotations

import ast
import json
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import yaml

from effnb.domain import Check
from effnb.verify._candidate import Candidate, find_function
from effnb.verify._checks import failed, passed
from effnb.verify._forms import dotted, unknown_form
from effnb.verify._reach import READ_HELP, imported_names, reached, reads_files
from effnb.verify._trees import Changed

DECORATORS = frozenset({"functools.lru_cache", "functools.cache", "functools.cached_property", "functools.wraps"})
READERS = {".toml": tomllib.loads, ".json": json.loads, ".yaml": yaml.safe_load, ".yml": yaml.safe_load}


class OffTargetError(Exception):
    """The fix changes what it should not; the text says what."""


def check_target(candidate: Candidate) -> Check:
    """Whether the fix changes its target and nothing else."""
    try:
        said = _check_code(candidate) if candidate.fix.kind == "code" else _check_setting(candidate)
    except OffTargetError as error:
        return failed("target", str(error))
    return passed("target", said)


# -- settings ----------------------------------------------------------------------------------------------------


def _check_setting(candidate: Candidate) -> str:
    (change, *more) = candidate.changed
    if more:
        raise OffTargetError(f"a setting is one value in one file; this changes {_names(candidate.changed)}")
    if change.old is None or change.new is None:
        raise OffTargetError(f"{change.path} is {'removed' if change.old else 'added'}, not changed")
    before, after = (dict(_leaves(_settings(change.path, text))) for text in (change.old, change.new))
    different = [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]
    if len(different) != 1 or before.keys() != after.keys():
        raise OffTargetError(f"{change.path}: {len(different)} settings change: {', '.join(sorted(different)[:5])}")
    (key,) = different
    wanted = candidate.fix.function.rpartition(":")[2] or candidate.fix.function
    if wanted and not (key == wanted or key.endswith(f".{wanted}") or wanted.endswith(key)):
        raise OffTargetError(f"{change.path}: {key} changes, the fix is for {wanted}")
    if type(before[key]) is not type(after[key]):
        raise OffTargetError(f"{change.path}: {key} becomes a {type(after[key]).__name__}")
    candidate.setting = (key, _spelt(before[key]), _spelt(after[key]))
    return f"{change.path}: only {key} changes, from {before[key]!r} to {after[key]!r}"


def _spelt(value: Any) -> str:
    """A value as records of changes spell it."""
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _settings(path: str, content: bytes) -> Any:
    suffix = PurePosixPath(path).suffix
    text = content.decode("utf-8-sig")
    if suffix == ".py":
        tree = ast.parse(text)
        values = {_bound(node): node.value for node in tree.body if isinstance(node, ast.Assign) and _bound(node)}
        rest = [ast.dump(node) for node in tree.body if not (isinstance(node, ast.Assign) and _bound(node))]
        return {**{name: ast.unparse(value) for name, value in values.items()}, "(everything else)": str(rest)}
    if suffix not in READERS:
        raise OffTargetError(f"{path}: only {', '.join(sorted(READERS))} and Python files are edited")
    return READERS[suffix](text)  # type: ignore[operator]


def _leaves(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if pairs is None:
        yield prefix, value
        return
    for key, inner in pairs:
        yield from _leaves(inner, f"{prefix}.{key}" if prefix else str(key))


# -- code --------------------------------------------------------------------------------------------------------


def _check_code(candidate: Candidate) -> str:
    if candidate.file is None:
        raise OffTargetError(f"the repository has no module {candidate.module}")
    beside = [change for change in candidate.changed if change.path != candidate.file]
    if beside:
        raise OffTargetError(f"it also changes {_names(beside)}")
    (change,) = candidate.changed
    if change.new is None:
        raise OffTargetError(f"it removes {candidate.file}")
    old, new = ast.parse(candidate.old_text), ast.parse(candidate.new_text)
    before, after = find_function(old, candidate.qualname), find_function(new, candidate.qualname)
    if before is None or after is None:
        raise OffTargetError(f"{candidate.fix.function} is not there {'before' if before is None else 'any more'}")
    _check_signature(before, after, imported_names(new))
    added = _check_surroundings(candidate.qualname, old, new)
    _check_reach(old, new, before, [after, *added])
    names = sorted(name for node in added if (name := _bound(node) or getattr(node, "name", "")))
    return f"only {candidate.qualname} changes" + (f", with {', '.join(names)} for it" if names else "")


def _check_signature(before: ast.FunctionDef | ast.AsyncFunctionDef, after: Any, imports: dict[str, str]) -> None:
    if type(before) is not type(after) or ast.dump(before.args) != ast.dump(after.args):
        raise OffTargetError(f"the signature of {before.name} changes to ({ast.unparse(after.args)})")
    if _dump(before.returns) != _dump(after.returns):
        raise OffTargetError(f"the return type of {before.name} changes")
    kept = Counter(ast.dump(node) for node in before.decorator_list)
    now = Counter(ast.dump(node) for node in after.decorator_list)
    gone = [node for node in before.decorator_list if not now[ast.dump(node)]]
    fresh = [node for node in after.decorator_list if not kept[ast.dump(node)]]
    for node in fresh:
        called = node.func if isinstance(node, ast.Call) else node
        if dotted(called, imports) not in DECORATORS or unknown_form_of_call(node):
            raise OffTargetError(f"it decorates {before.name} with {ast.unparse(node)}")
    replaced = [ast.unparse(node) for node in gone]
    if replaced and not (replaced == ["property"] and any("cached_property" in ast.unparse(node) for node in fresh)):
        raise OffTargetError(f"it removes the decorator {replaced[0]} of {before.name}")


def unknown_form_of_call(node: ast.expr) -> str:
    """The first argument of a decorator that is not a plain value; empty when all are."""
    values = [*node.args, *(keyword.value for keyword in node.keywords)] if isinstance(node, ast.Call) else []
    return next((ast.unparse(value) for value in values if not isinstance(value, ast.Constant)), "")


def _check_surroundings(qualname: str, old: ast.Module, new: ast.Module) -> list[ast.stmt]:
    """Statements that are new around the target; everything else has to be as it was."""
    hidden = [_without(tree, qualname) for tree in (old, new)]
    before, after = ([ast.dump(node) for node in tree.body] for tree in hidden)
    gone = Counter(before) - Counter(after)
    fresh = Counter(after) - Counter(before)
    removed = [node for node, text in zip(hidden[0].body, before, strict=True) if gone[text]]
    added = [node for node, text in zip(hidden[1].body, after, strict=True) if fresh[text]]
    names = {name for node in hidden[1].body for name in _all_bound(node)}
    imports = imported_names(new)
    for node in removed:
        _check_removed(node, added, new)
    for node in added:
        _check_added(node, old, imports, frozenset(names))
    if [text for text in before if not gone[text]] != [text for text in after if not fresh[text]]:
        raise OffTargetError("statements of the module change their order")
    return added


def _check_removed(node: ast.stmt, added: list[ast.stmt], new: ast.Module) -> None:
    if not isinstance(node, ast.Import | ast.ImportFrom):
        what = getattr(node, "name", "") or _bound(node) or ast.unparse(node)
        raise OffTargetError(f"it changes or removes {what!r}, which is not its target")
    kept = {alias.asname or alias.name for other in added if isinstance(other, type(node)) for alias in other.names}
    used = {name.id for name in ast.walk(new) if isinstance(name, ast.Name)}
    for alias in node.names:
        name = (alias.asname or alias.name).partition(".")[0]
        if name not in kept and (name in used or getattr(node, "module", "") == "__future__"):
            raise OffTargetError(f"it removes the import of {name}, which is still used")


def _check_added(node: ast.stmt, old: ast.Module, imports: dict[str, str], names: frozenset[str]) -> None:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return  # what it reaches is looked at below
    if isinstance(node, ast.FunctionDef) and node.name.startswith("_") and not _binds(old, node.name):
        for decorator in node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if dotted(called, imports) not in DECORATORS or unknown_form_of_call(decorator):
                raise OffTargetError(f"it decorates {node.name} with {ast.unparse(decorator)}")
        defaults = [*node.args.defaults, *(one for one in node.args.kw_defaults if one)]
        if any(not isinstance(default, ast.Constant) for default in defaults):
            raise OffTargetError(f"{node.name} has a default that is computed")
        return
    name = _bound(node)
    value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
    if not name or value is None:
        raise OffTargetError(f"it adds or changes {getattr(node, 'name', '') or ast.unparse(node)[:80]!r}")
    if not name.startswith("_") or name.startswith("__") or _binds(old, name):
        raise OffTargetError(f"it binds {name}, which is not a new private constant")
    if part := unknown_form(value, imports, names):
        raise OffTargetError(f"the constant {name} is computed by {part}, which is not on the list")


def _check_reach(old: ast.Module, new: ast.Module, before: ast.AST, nodes: list[Any]) -> None:
    known = reached([before], imported_names(old)) | reached(
        [node for node in old.body if isinstance(node, ast.Import | ast.ImportFrom)], {}
    )
    usable = {f"module {name}" for name in READ_HELP} if reads_files(before) else set()
    fresh = reached(nodes, imported_names(new)) - reached([before], imported_names(old)) - usable
    # an import that was there may stay, but the target may not begin to use it
    imports_only = reached([node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)], {})
    fresh -= {found for found in imports_only & known if found not in reached(nodes[:1], imported_names(new))}
    if fresh:
        raise OffTargetError(f"it newly reaches for {', '.join(sorted(fresh))}")


# -- trees -------------------------------------------------------------------------------------------------------


def _without(tree: ast.Module, qualname: str) -> ast.Module:
    """A copy of a module in which the target is only its name."""
    copy = ast.parse(ast.unparse(tree))
    function = find_function(copy, qualname)
    if function is not None:
        function.body = [ast.Pass()]
        function.decorator_list = []
        function.args = ast.arguments([], [], None, [], [], None, [])
        function.returns = None
    return copy


def _bound(node: ast.AST) -> str:
    """Name that a plain assignment binds; empty for everything else."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id
    return ""


def _all_bound(node: ast.stmt) -> Iterator[str]:
    if name := _bound(node) or getattr(node, "name", ""):
        yield name


def _binds(tree: ast.Module, name: str) -> bool:
    """Whether a module mentions a name at all."""
    named = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return name in imported_names(tree) or any(
        (isinstance(node, ast.Name) and node.id == name) or (isinstance(node, named) and node.name == name)
        for node in ast.walk(tree)
    )


def _dump(node: ast.AST | None) -> str:
    return ast.dump(node) if node else ""


def _names(changes: list[Changed]) -> str:
    return ", ".join(change.path for change in changes[:4]) + (" …" if len(changes) > 4 else "")
