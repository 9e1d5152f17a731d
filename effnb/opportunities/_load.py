"""Rules from skill folders: each folder's ``pattern.py`` exports ``RULES``."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.util
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import effnb
from effnb.errors import NotFound, SkillError
from effnb.opportunities._rule import Rule
from effnb.opportunities._setting import SettingRule

PATTERN_FILE = "pattern.py"


def bundled_rules() -> tuple[Rule, ...]:
    """The code rules that come with effnb, sorted by name."""
    return load_rules([bundled_folder()])


def bundled_folder() -> Path:
    """Folder of the skills that come with effnb."""
    package = Path(effnb.__file__).parent
    bundled = package / "_bundled" / "skills"
    return bundled if bundled.is_dir() else package.parent / "skills"


def load_rules(folders: Iterable[Path]) -> tuple[Rule, ...]:
    """Code rules, sorted by name; each path is a skill folder or holds some. Loading a folder runs its ``pattern.py``.

    Raises:
        SkillError: A ``pattern.py`` cannot be imported, exports no ``RULES``, or two rules have one name.
    """
    return tuple(rule for rule in _load_all(folders) if isinstance(rule, Rule))


def load_setting_rules(folders: Iterable[Path] | None = None) -> tuple[SettingRule, ...]:
    """Rules that set a value back, sorted by name; those that come with effnb when no folders are given."""
    found = _load_all([bundled_folder()] if folders is None else folders)
    return tuple(rule for rule in found if isinstance(rule, SettingRule))


def rule_named(name: str, rules: Iterable[Rule]) -> Rule:
    """The rule of a name; ``NotFound`` lists those there are."""
    named = {rule.name: rule for rule in rules}
    if name not in named:
        raise NotFound(f"no rule for pattern {name!r}; there are: {', '.join(sorted(named)) or 'none'}")
    return named[name]


def _load_all(folders: Iterable[Path]) -> list[Rule | SettingRule]:
    found: dict[str, Rule | SettingRule] = {}
    for folder in folders:
        files = (
            [folder / PATTERN_FILE] if (folder / PATTERN_FILE).is_file() else sorted(folder.glob(f"*/{PATTERN_FILE}"))
        )
        for file in files:
            for rule in _rules_of(file):
                if rule.name in found and found[rule.name].skill != rule.skill:
                    raise SkillError(
                        f"two skills define the pattern {rule.name!r}: {found[rule.name].skill}, {rule.skill}"
                    )
                found[rule.name] = rule
    return [found[name] for name in sorted(found)]


def _rules_of(file: Path) -> list[Rule | SettingRule]:
    exported = getattr(_import(file), "RULES", None)
    if not isinstance(exported, tuple) or not all(isinstance(rule, (Rule, SettingRule)) for rule in exported):
        raise SkillError(f"{file} does not export RULES, a tuple of rules")
    return [dataclasses.replace(rule, skill=file.parent.name) for rule in exported]


def _import(file: Path) -> ModuleType:
    name = f"effnb_pattern_{hashlib.sha256(str(file.resolve()).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise SkillError(f"cannot import {file}")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # a stranger's file may raise anything
        raise SkillError(f"cannot import {file}: {type(error).__name__}: {error}") from error
    return module
