"""Which skills there are: those of effnb, of installed packages, and of a workspace; and which of them may run.

A skill is code. Those that come with effnb run; any other one is held until a person has looked at it and pinned it,
and again when a file of it has changed. One that cannot be read is listed with the reason and disturbs no other.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from effnb.domain import Noun
from effnb.errors import ConfigError, NotFound, SkillError
from effnb.skills._load import PLAYBOOK_FILE, Skill, bundled_folder, load_skill, skill_folders
from effnb.skills._pins import LOCK_FILE, Pins

if TYPE_CHECKING:
    from effnb.workspace import Workspace

ENTRY_POINTS = "effnb.skills"
"""A package names the package whose folder holds its skill folders: ``mine = "my_package.skills"``."""
OWN_FOLDER = "skills"
BUNDLED = "effnb"
SkillState = Literal["ready", "held", "broken"]


class SkillEntry(Noun):
    """One skill as it is found: where it comes from, and whether it may run."""

    name: str
    """Its name; that of its folder when it cannot be read."""
    description: str = ""
    """What it does and when to use it."""
    source: str
    """``effnb``, ``package NAME``, or the folder relative to the workspace."""
    path: Path
    """The folder."""
    digest: str = ""
    """SHA-256 over its files; empty when it cannot be read."""
    state: SkillState
    """``ready``; ``held`` until a person pins it; ``broken`` when it cannot be used at all."""
    reason: str = ""
    """Why it is not ready."""
    has_playbook: bool = False
    """Whether it runs without a language model."""
    uses: tuple[str, ...] = ()
    """Skills it hands questions to."""


class Catalogue:
    """The skills that one workspace can see.

    Args:
        workspace: The workspace; without one the skills of effnb and of packages are seen.
    """

    def __init__(self, workspace: Workspace | None = None) -> None:
        self._workspace = workspace
        root = workspace.root if workspace is not None else None
        self.pins = Pins(root / LOCK_FILE, workspace.store_folder / "pinned") if workspace and root else None

    def entries(self) -> tuple[SkillEntry, ...]:
        """All skills by name; of skills with one name none but effnb's own is ready."""
        found = [self._entry(source, folder) for source, folder in self._folders()]
        places: dict[str, list[Path]] = {}
        for entry in found:
            places.setdefault(entry.name, []).append(entry.path)
        told = [entry if entry.source == BUNDLED else _alone(entry, places[entry.name]) for entry in found]
        return tuple(sorted(told, key=lambda entry: (entry.name, entry.source)))

    def entry(self, name: str) -> SkillEntry:
        """One skill as it is found; ``NotFound`` lists the names there are."""
        found = [entry for entry in self.entries() if entry.name == name]
        if not found:
            known = ", ".join(dict.fromkeys(entry.name for entry in self.entries())) or "none"
            raise NotFound(f"no skill {name!r}; there are: {known}")
        return next((entry for entry in found if entry.state == "ready"), found[0])

    def get(self, name: str) -> Skill:
        """A skill that may run.

        Raises:
            NotFound: There is none of this name.
            SkillError: It is held or broken, for the reason given.
        """
        entry = self.entry(name)
        if entry.state != "ready":
            raise SkillError(f"skill {name} at {entry.path} is {entry.state}: {entry.reason}")
        skill = load_skill(entry.path)
        if skill.digest != entry.digest:
            raise SkillError(f"the files of skill {name} changed while it was being loaded; try again")
        return skill

    def ready(self) -> tuple[Skill, ...]:
        """The skills that may run, by name."""
        return tuple(load_skill(entry.path) for entry in self.entries() if entry.state == "ready")

    def _folders(self) -> Iterator[tuple[str, Path]]:
        """Skill folders with their source, each folder once."""
        seen: set[Path] = set()
        for source, place in self._places():
            for folder in skill_folders(place) or ([] if place.is_dir() else [place]):
                if folder.resolve() not in seen:
                    seen.add(folder.resolve())
                    yield source or self._relative(folder), folder

    def _places(self) -> Iterator[tuple[str, Path]]:
        yield BUNDLED, bundled_folder()
        for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda one: one.name):
            name = point.dist.name if point.dist is not None else point.name
            yield f"package {name}", _folder_of(point.value)
        if self._workspace is not None:
            own = self._workspace.root / OWN_FOLDER
            if own.is_dir():
                yield "", own
            for path in self._workspace.settings.skills.paths:
                yield "", self._workspace.root / Path(path).expanduser()

    def _entry(self, source: str, folder: Path) -> SkillEntry:
        try:
            skill = load_skill(folder)
        except (SkillError, OSError) as error:
            reason = str(error) if folder.is_dir() else f"no folder {folder}; mend [skills] paths in effnb.toml"
            return SkillEntry(name=folder.name, source=source, path=folder, state="broken", reason=reason)
        held = "" if source == BUNDLED else self._held(skill)
        return SkillEntry(
            name=skill.name,
            description=skill.description,
            source=source,
            path=skill.path,
            digest=skill.digest,
            state="held" if held else "ready",
            reason=held,
            has_playbook=(skill.path / PLAYBOOK_FILE).is_file(),
            uses=skill.uses,
        )

    def _held(self, skill: Skill) -> str:
        """Why the skill may not run; empty when it may."""
        if self.pins is None:
            return "skills of others are pinned in a workspace; go to a folder with effnb.toml"
        try:
            pin = self.pins.load().get(skill.name)
        except ConfigError as error:
            return str(error)
        if pin is None:
            return f"nobody has approved it; look at it with `effnb skill pin {skill.name}`"
        if pin.digest != skill.digest:
            when = f"{pin.approved_at:%Y-%m-%d} by {pin.approved_by}"
            return f"it changed since it was approved on {when}; see how with `effnb skill pin {skill.name}`"
        return ""

    def _relative(self, folder: Path) -> str:
        root = self._workspace.root if self._workspace is not None else Path()
        return folder.relative_to(root).as_posix() if folder.is_relative_to(root) else str(folder)


def _alone(entry: SkillEntry, places: list[Path]) -> SkillEntry:
    """The entry, broken when its name is taken elsewhere too."""
    others = [str(path) for path in places if path != entry.path]
    if not others:
        return entry
    reason = f"the name {entry.name} is taken twice: in {entry.path} and in {' and in '.join(others)}; rename one"
    return entry.model_copy(update={"state": "broken", "reason": reason})


def _folder_of(package: str) -> Path:
    """The folder of a package, found without running it; a path that is none when the package is not there."""
    try:
        spec = importlib.util.find_spec(package.partition(":")[0])
    except (ImportError, ValueError):
        spec = None
    places = list(spec.submodule_search_locations or []) if spec is not None else []
    return Path(places[0]) if places else Path(package)
