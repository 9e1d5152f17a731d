"""``skills.lock``: the skills of others that a person has looked at and approved, each by its digest.

The file belongs to the workspace and into its version control. A copy of what was approved lies in the store, so that
a later change can be shown line by line.
"""

from __future__ import annotations

import difflib
import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from pydantic import Field, ValidationError

from effnb.domain import Noun, Utc
from effnb.errors import ConfigError, SkillError
from effnb.skills._load import Skill, folder_digest, skill_files
from effnb.store._files import write_text

LOCK_FILE = "skills.lock"


class Pin(Noun):
    """One approved state of one skill."""

    digest: str
    """Digest of the skill's folder."""
    source: str
    """Where it lay: a folder relative to the workspace, or the package that brings it."""
    approved_by: str
    """Who approved it."""
    approved_at: Utc
    """When."""


class _Lock(Noun):
    """The whole file."""

    version: int = Field(default=1, ge=1, le=1)
    """Version of the file's form."""
    skills: dict[str, Pin] = Field(default_factory=dict)
    """Pins by name of the skill."""


class Pins:
    """The lock file of a workspace, and the copies of what it approves.

    Args:
        path: The lock file; it need not exist.
        copies: Folder of the copies.
    """

    def __init__(self, path: Path, copies: Path) -> None:
        self.path = path
        self._copies = copies

    def load(self) -> dict[str, Pin]:
        """The pins by name; ``ConfigError`` when the file is damaged."""
        try:
            return _Lock.model_validate_json(self.path.read_bytes()).skills
        except FileNotFoundError:
            return {}
        except (OSError, ValidationError) as error:
            reason = " ".join(str(error).split())[:200]
            raise ConfigError(f"cannot read {self.path}: {reason}; restore it, or delete it and pin again") from error

    def pin(self, skill: Skill, source: str, by: str, at: datetime) -> Pin:
        """Approve the skill as it was loaded; ``SkillError`` when its files have changed since."""
        pin = Pin(digest=skill.digest, source=source, approved_by=by, approved_at=at)
        self._keep_copy(skill)
        lock = _Lock(skills={**self.load(), skill.name: pin})
        write_text(self.path, lock.model_dump_json(indent=1) + "\n")
        return pin

    def difference(self, skill: Skill) -> str:
        """The skill's files against those approved last, as a unified diff; all of them when none were.

        Recorded cases, which are data and long, are told in one line each.
        """
        pin = self.load().get(skill.name)
        before = _texts(self._copies / pin.digest) if pin is not None else {}
        after = _texts(skill.path)
        changed = [name for name in sorted(before.keys() | after.keys()) if before.get(name) != after.get(name)]
        parts = [_difference(name, before.get(name), after.get(name)) for name in changed]
        return "".join(line if line.endswith("\n") else f"{line}\n" for part in parts for line in part)

    def _keep_copy(self, skill: Skill) -> None:
        copy = self._copies / skill.digest
        shutil.rmtree(copy, ignore_errors=True)
        for path in skill_files(skill.path):
            target = copy / path.relative_to(skill.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        if folder_digest(copy) != skill.digest:
            shutil.rmtree(copy, ignore_errors=True)
            raise SkillError(f"the files of skill {skill.name} changed while it was being pinned; look at them again")


def _difference(name: str, before: list[str] | None, after: list[str] | None) -> Iterable[str]:
    old, new = (f"approved/{name}" if before is not None else "/dev/null"), (name if after is not None else "/dev/null")
    if name.startswith("cases/"):
        return [f"--- {old}\n", f"+++ {new}\n", f"(a recorded case, {len(after or [])} lines)\n"]
    return difflib.unified_diff(before or [], after or [], old, new)


def _texts(folder: Path) -> dict[str, list[str]]:
    if not folder.is_dir():
        return {}
    return {path.relative_to(folder).as_posix(): _lines(path) for path in skill_files(folder)}


def _lines(path: Path) -> list[str]:
    data = path.read_bytes()
    try:
        return data.decode("utf-8").splitlines(keepends=True)
    except UnicodeDecodeError:
        return [f"(binary, {len(data)} bytes)\n"]
