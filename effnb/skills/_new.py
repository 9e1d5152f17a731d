"""A new skill from the template: it runs, its cases pass, and the rest is yours to replace."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from effnb.errors import ConfigError, SkillError
from effnb.skills._load import SKILL_FILE, Skill, load_skill, skill_files

TEMPLATE = Path(__file__).parent / "template"
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MAX_NAME = 64


def new_skill(name: str, folder: Path) -> Skill:
    """A skill of this name in ``folder/name``, with prose, playbook and four cases that pass.

    Raises:
        SkillError: No skill may have this name.
        ConfigError: The folder is there already.
    """
    if NAME.fullmatch(name) is None or len(name) > MAX_NAME:
        raise SkillError(
            f"{name!r} cannot name a skill; use up to {MAX_NAME} lowercase letters, digits, single hyphens"
        )
    target = folder / name
    if target.exists():
        raise ConfigError(f"{target} exists already; choose another name, or edit what is there")
    for path in skill_files(TEMPLATE):
        copy = target / path.relative_to(TEMPLATE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    prose = target / SKILL_FILE
    title = name.replace("-", " ").capitalize()
    text = prose.read_text(encoding="utf-8")
    prose.write_text(text.replace("name: my-skill", f"name: {name}").replace("# My skill", f"# {title}"), "utf-8")
    return load_skill(target)
