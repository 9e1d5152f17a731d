"""Skills as folders: ``SKILL.md`` in the open Agent Skills format, and what lies beside it.

A skill comes from disk, sometimes from strangers: its front matter is read with a size limit, without aliases (a few
lines of those can fill the memory), without flow style, and every value is text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError

import effnb
from effnb.domain import Noun
from effnb.errors import NotFound, SkillError

SKILL_FILE = "SKILL.md"
PLAYBOOK_FILE = "playbook.py"
MAX_BYTES = 64 * 1024
MAX_FILES = 1000
MAX_FOLDER_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 3


class Skill(Noun):
    """Expertise as a folder: prose that a person or a language model follows, and a playbook that runs without one."""

    name: str = Field(max_length=64, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    """Name of the folder: lowercase letters, digits, single hyphens."""
    description: str = Field(min_length=1, max_length=1024)
    """What it does and when to use it."""
    body: str
    """The prose, Markdown."""
    digest: str
    """SHA-256 over the names and contents of all files in the folder."""
    path: Path
    """The folder."""
    license: str = ""
    """Licence of the skill."""
    compatibility: str = Field(default="", max_length=500)
    """What it needs to run."""
    metadata: dict[str, str] = Field(default_factory=dict)
    """Further text by key."""
    allowed_tools: str = ""
    """Tools other agents may call without asking; effnb does not read it as a permission."""

    @property
    def label(self) -> str:
        """``<name>@<first 12 digits of the digest>``."""
        return f"{self.name}@{self.digest[:12]}"

    @property
    def uses(self) -> tuple[str, ...]:
        """Names of the skills its playbook hands questions to, from ``effnb-uses`` in the metadata."""
        return tuple(dict.fromkeys(re.findall(r"[^\s,]+", self.metadata.get("effnb-uses", ""))))


def load_skill(folder: Path) -> Skill:
    """The skill in a folder.

    Raises:
        SkillError: ``SKILL.md`` is missing, too large or departs from the format; the message says how.
    """
    folder = Path(folder).resolve()
    fields, body = _split(_read(folder / SKILL_FILE), folder)
    fields["allowed_tools"] = fields.pop("allowed-tools", "")
    try:
        skill = Skill(**fields, body=body, digest=folder_digest(folder), path=folder)
    except ValidationError as error:
        reasons = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False))
        raise SkillError(f"{folder / SKILL_FILE} has a wrong front matter: {reasons}") from error
    except TypeError as error:
        raise SkillError(f"{folder / SKILL_FILE} sets a field that is not its to set: {error}") from error
    if skill.name != folder.name:
        raise SkillError(f"skill {skill.name!r} lies in folder {folder.name!r}; the two names have to be equal")
    return skill


def find_skills(paths: Iterable[Path]) -> tuple[Skill, ...]:
    """Skills, sorted by name: each path is a skill folder or holds some; of two with one name the first is taken."""
    found: dict[str, Skill] = {}
    for folder in (folder for path in paths for folder in skill_folders(path)):
        skill = load_skill(folder)
        found.setdefault(skill.name, skill)
    return tuple(found[name] for name in sorted(found))


def skill_folders(path: Path) -> list[Path]:
    """The folder itself if it is a skill, else those in it that are, sorted."""
    if (path / SKILL_FILE).is_file():
        return [path]
    return sorted(found.parent for found in path.glob(f"*/{SKILL_FILE}"))


def bundled_folder() -> Path:
    """Where the skills that come with effnb lie."""
    package = Path(effnb.__file__).parent
    bundled, checkout = package / "_bundled" / "skills", package.parent / "skills"
    return bundled if bundled.is_dir() else checkout


def bundled_skills() -> tuple[Skill, ...]:
    """The skills that come with effnb, sorted by name."""
    return find_skills([bundled_folder()])


def bundled_skill(name: str) -> Skill:
    """One skill that comes with effnb; ``NotFound`` lists the names there are."""
    skills = {skill.name: skill for skill in bundled_skills()}
    if name not in skills:
        raise NotFound(f"no skill {name!r}; there are: {', '.join(skills) or 'none'}")
    return skills[name]


def folder_digest(folder: Path) -> str:
    """SHA-256 over the relative names and contents of all files; caches and hidden files do not count."""
    lines = [f"{path.relative_to(folder).as_posix()}\0{_sha256(path.read_bytes())}" for path in skill_files(folder)]
    return _sha256("\n".join(lines).encode())


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def skill_files(folder: Path) -> list[Path]:
    """All files of a skill, sorted; caches and hidden files do not count, symbolic links are refused."""
    found: list[Path] = []
    size = 0
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        if any(part == "__pycache__" or part.startswith(".") for part in inside):
            continue
        if path.is_symlink():
            raise SkillError(f"{path} is a symbolic link; a skill folder holds its files itself")
        if path.is_file():
            found.append(path)
            size += path.stat().st_size
        if len(found) > MAX_FILES or size > MAX_FOLDER_BYTES:
            raise SkillError(
                f"{folder} holds more than {MAX_FILES} files or {MAX_FOLDER_BYTES >> 20} MiB; it is no skill"
            )
    return found


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SkillError(f"cannot read the skill at {path}: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise SkillError(f"{path} is larger than {MAX_BYTES >> 10} KiB; move detail into files beside it")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SkillError(f"{path} is not UTF-8: {error.reason} at byte {error.start}") from error


def _split(text: str, folder: Path) -> tuple[dict[str, Any], str]:
    match = re.match(r"---[ \t]*\r?\n(.*?)^---[ \t]*\r?\n?", text, re.DOTALL | re.MULTILINE)
    if match is None:
        raise SkillError(f"{folder / SKILL_FILE} does not begin with front matter between two lines of ---")
    try:
        fields = _FrontMatter(match.group(1)).get_single_data()
    except yaml.YAMLError as error:
        raise SkillError(
            f"{folder / SKILL_FILE} has unreadable front matter: {' '.join(str(error).split())}"
        ) from error
    if not isinstance(fields, dict):
        raise SkillError(f"{folder / SKILL_FILE} has front matter that is not a mapping")
    _refuse_unknown(fields, folder)
    return fields, text[match.end() :].strip()


def _refuse_unknown(fields: dict[str, Any], folder: Path) -> None:
    known = {"name", "description", "license", "compatibility", "metadata", "allowed-tools"}
    unknown = sorted(str(name) for name in fields if name not in known)
    if unknown:
        raise SkillError(
            f"{folder / SKILL_FILE} has unknown fields {', '.join(unknown)}; known: {', '.join(sorted(known))}; "
            "put others under metadata"
        )


class _FrontMatter(yaml.SafeLoader):
    """YAML reduced to block mappings of text."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  # PyYAML's own way to say that every scalar is text
    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.YAMLError("aliases and anchors are refused")
        if isinstance(event, yaml.SequenceStartEvent) or getattr(event, "flow_style", False):
            raise yaml.YAMLError("lists and flow style are refused; write 'key: value' lines")
        if self.depth >= MAX_DEPTH:
            raise yaml.YAMLError("nested too deep")
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        repeated = sorted({str(key) for key in keys if keys.count(key) > 1})
        if repeated:
            raise yaml.YAMLError(f"keys given twice: {', '.join(repeated)}")
        return super().construct_mapping(node, deep)
