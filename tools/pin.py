"""Print ``name==version`` for everything effnb needs, from the environment that runs this script.

Usage: ``.venv/bin/python tools/pin.py > constraints.txt``. The closure is taken for every supported Python, so that
a pin needed only by an older one is not lost; what is not installed here stays unpinned.
"""

from __future__ import annotations

import sys
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

PYTHONS = ("3.11", "3.12", "3.13")


def applies(requirement: Requirement, extras: set[str]) -> bool:
    """Whether the requirement is meant for any supported Python, with any of the extras."""
    marker = requirement.marker
    return marker is None or any(
        marker.evaluate({"python_version": version, "python_full_version": f"{version}.0", "extra": extra})
        for version in PYTHONS
        for extra in extras | {""}
    )


def for_whom(found: Distribution) -> str:
    """Marker of a version that not every supported Python may install; the others take an older one, unpinned."""
    wanted = SpecifierSet(found.metadata.get("Requires-Python") or "")
    if wanted.contains(f"{PYTHONS[0]}.0"):
        return ""
    return "; " + " and ".join(f"python_full_version {one.operator} '{one.version}'" for one in wanted)


def main() -> None:
    """Walk the requirements of pyproject.toml breadth first and print the pins in order of name."""
    project = tomllib.loads(Path("pyproject.toml").read_text())
    optional = project["project"].get("optional-dependencies", {})
    build = project["build-system"]["requires"]
    todo = [Requirement(text) for text in (*project["project"]["dependencies"], *optional.get("dev", []), *build)]
    seen: set[tuple[str, frozenset[str]]] = set()
    pins: dict[str, str] = {}
    while todo:
        requirement = todo.pop()
        key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        try:
            found = distribution(requirement.name)
        except PackageNotFoundError:
            continue
        pins[key[0]] = f"{found.name}=={found.version}{for_whom(found)}"
        wanted = map(Requirement, found.requires or [])
        todo += [inner for inner in wanted if applies(inner, set(requirement.extras))]
    sys.stdout.write("".join(f"{pins[name]}\n" for name in sorted(pins)))


if __name__ == "__main__":
    main()
