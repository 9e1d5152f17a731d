"""Setting a value back in a TOML, JSON, YAML or Python file, by an edit of that value and nothing else.

An edit counts only if the edited file, parsed again, differs from the old one in this one key.
"""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal

import yaml

from effnb.domain import Change, Fix, Risk
from effnb.opportunities._diff import fix_id, unified
from effnb.opportunities._module import BOM
from effnb.opportunities._rule import Refused

Reader = Callable[[str], Any]
MISSING = object()


@dataclass(frozen=True)
class SettingRule:
    """A fix that sets a setting back to the value it had."""

    name: str
    """Pattern, e.g. ``set-back-config``."""
    title: str
    """What is wrong, in one line."""
    kind: Literal["config", "flag"]
    """What it edits."""
    risk: Risk
    """What the fix may break."""
    criteria: tuple[str, ...]
    """What a fix has to satisfy."""
    rationale: str
    """Why the fix is right."""
    narrows: str
    """What the setting was changed for and is lost."""
    fix: Callable[[str, str, str, str, str], str]
    """Text, file, key, value to find, value to set → new text; raises ``Refused``."""
    skill: str = ""
    """Skill folder it lies in; set when it is loaded."""


def fix_setting(
    change: Change, files: Mapping[str, str], rule: SettingRule, *, base: str = "", subject: str = "", service: str = ""
) -> Fix:
    """The fix that takes a change of a config key or flag back, in the one file that holds its new value.

    Args:
        change: The change, with key, old and new value.
        files: Text of each file that may hold the setting, by path: files of the repository, or the override file of
            the configuration system.
        rule: The rule of the change's kind.
        base: Commit the texts are from; empty for files outside git.
        subject: Regression it is for.
        service: Service it is to relieve.

    Raises:
        Refused: No file, or more than one, holds the new value; the message says where to set it instead.
    """
    if change.key is None or change.old is None or change.new is None:
        raise Refused(f"{change.id} does not say key, old and new value; set it back where it was changed")
    held = [name for name, text in sorted(files.items()) if holds(text, name, change.key, change.new)]
    if len(held) != 1:
        where = ", ".join(held) if held else "no file given"
        raise Refused(
            f"{change.key} = {change.new} is held by {where}; set it back to {change.old} in the configuration system"
        )
    file = held[0]
    diff = unified(files[file], rule.fix(files[file], file, change.key, change.new, change.old), file)
    return Fix(
        id=fix_id(base, diff, subject),
        kind=rule.kind,
        title=f"Set {change.key} back to {change.old}",
        pattern=rule.name,
        subject=subject,
        service=service or change.service,
        function=change.id,
        base=base,
        diff=diff,
        made_by=f"rule {rule.name} 1",
        rationale=f"{rule.rationale} It was changed from {change.old} to {change.new}.",
        narrows=f"{rule.narrows} Its author's words: {change.title}",
        risk=rule.risk,
        cause=change.id,
    )


def holds(text: str, file: str, key: str, value: str) -> bool:
    """Whether a file holds a key with a value; false for files that cannot be read."""
    try:
        found = look_up(read(text, file), key)
    except Refused:
        return False
    return found is not MISSING and same(found, value)


def same(found: object, value: str) -> bool:
    """Whether a parsed value is the one a change record spells as text."""
    if isinstance(found, bool):
        return value.strip().lower() in (("true", "on", "1") if found else ("false", "off", "0"))
    if isinstance(found, (int, float)):
        try:
            return float(value) == float(found)
        except ValueError:
            return False
    return isinstance(found, str) and found == value


def read(text: str, file: str) -> Any:
    """A file's content as plain values; Python files give their module-level literals."""
    suffix = PurePosixPath(file).suffix.lower()
    reader = READERS.get(suffix)
    if reader is None:
        raise Refused(f"{file}: only {', '.join(sorted(READERS))} files are edited")
    try:
        return reader(text.removeprefix(BOM))
    except (ValueError, SyntaxError, yaml.YAMLError, RecursionError) as error:
        raise Refused(f"{file} does not parse: {str(error).splitlines()[0]}") from error


def _python(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for node in ast.parse(text).body:
        target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
        target = node.target if isinstance(node, ast.AnnAssign) else target
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and value is not None:
            try:
                found[target.id] = ast.literal_eval(value)
            except ValueError:
                continue
    return found


READERS: dict[str, Reader] = {
    ".toml": tomllib.loads,
    ".json": json.loads,
    ".yaml": yaml.safe_load,
    ".yml": yaml.safe_load,
    ".py": _python,
}


def paths(key: str, tree: Any) -> Iterator[tuple[str, ...]]:
    """Ways to read a dotted key in a nested mapping: ``a.b.c`` may be ``["a"]["b.c"]``."""
    if not isinstance(tree, dict):
        return
    if key in tree:
        yield (key,)
    parts = key.split(".")
    for i in range(1, len(parts)):
        head = ".".join(parts[:i])
        if head in tree:
            yield from ((head, *rest) for rest in paths(".".join(parts[i:]), tree[head]))


def look_up(tree: Any, key: str) -> Any:
    """Value of a dotted key; ``MISSING`` when it is not there, Refused when it is there twice."""
    found = list(paths(key, tree))
    if len(found) > 1:
        raise Refused(f"{key} can be read in {len(found)} ways")
    if not found:
        return MISSING
    for part in found[0]:
        tree = tree[part]
    return tree


def set_value(text: str, file: str, key: str, now: str, wanted: str) -> str:
    """The text with one setting changed from one value to another; everything else is kept to the byte.

    Raises:
        Refused: The key is not there, holds something else, or its place cannot be told.
    """
    tree = read(text, file)
    held = look_up(tree, key)
    if held is MISSING or not same(held, now):
        raise Refused(f"{file} does not hold {key} = {now}; somebody changed it since")
    name = next(paths(key, tree))[-1]
    value = typed(wanted, held)
    expected = _with(tree, next(paths(key, tree)), value)
    for candidate in _candidates(text, file, name, held, value):
        try:
            if read(candidate, file) == expected:
                return candidate
        except Refused:
            continue
    raise Refused(f"{file}: the value of {key} is spelt in a way that is not understood")


def typed(wanted: str, like: object) -> Any:
    """A value from a change record in the type the setting has; Refused when it does not fit."""
    try:
        if isinstance(like, bool):
            return {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}[
                wanted.strip().lower()
            ]
        if isinstance(like, int) and re.fullmatch(r"[+-]?\d+", wanted.strip()):
            return int(wanted)
        if isinstance(like, (int, float)):
            return float(wanted)
    except (KeyError, ValueError) as error:
        raise Refused(f"{wanted!r} is no {type(like).__name__}, which the setting holds now") from error
    return wanted


def _with(tree: Any, path: tuple[str, ...], value: Any) -> Any:
    """A copy of nested mappings with one value replaced."""
    head, *rest = path
    return {**tree, head: _with(tree[head], tuple(rest), value) if rest else value}


def _candidates(text: str, file: str, name: str, held: object, value: object) -> Iterator[str]:
    """The text with each place changed in turn that could be the setting's value."""
    python = PurePosixPath(file).suffix.lower() == ".py"
    new = repr(value) if python else json.dumps(value, ensure_ascii=False)
    quoted = rf"""["']?{re.escape(name)}["']?\s*(?::[^=\n]*)?[=:]\s*"""
    for match in re.finditer(quoted, text):
        for old in _spellings(held):
            if text.startswith(old, match.end()):
                spelt = value if isinstance(value, str) and old == held else new  # YAML needs no quotes
                yield text[: match.end()] + spelt + text[match.end() + len(old) :]


def _spellings(held: object) -> list[str]:
    """How a value may be written in one of the formats."""
    if isinstance(held, str):
        return [json.dumps(held, ensure_ascii=False), json.dumps(held), repr(held), held]
    if isinstance(held, bool):
        return [str(held).lower(), str(held)]
    return [str(held), f"{held:_}"] if isinstance(held, (int, float)) else []
