"""Check ``parse``: the change means something, and every Python the project supports reads it."""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from pathlib import Path, PurePosixPath

import yaml

from effnb.domain import Check
from effnb.verify._candidate import Candidate
from effnb.verify._checks import failed, passed
from effnb.verify._trees import Changed

MINIMUM = re.compile(r">=\s*3\.(\d+)")


def check_parse(candidate: Candidate) -> Check:
    """Whether the changed files parse, and differ in more than comments and layout."""
    oldest = oldest_python(candidate.old)
    if not candidate.changed:
        return failed("parse", "the diff changes nothing")
    for change in candidate.changed:
        try:
            _parse(change, oldest)
        except (SyntaxError, ValueError, RecursionError, yaml.YAMLError) as error:
            where = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
            return failed("parse", f"{change.path}{where} does not parse: {_one_line(error)}")
    if not any(_means_something(change) for change in candidate.changed):
        return failed("parse", "only comments or layout change")
    return passed(
        "parse", f"{len(candidate.changed)} changed file(s) parse, for Python {'.'.join(map(str, oldest))} on"
    )


def oldest_python(tree: Path) -> tuple[int, int]:
    """The oldest version of Python a project supports, as ``pyproject.toml`` says; the running one otherwise."""
    path = tree / "pyproject.toml"
    if path.is_file():
        try:
            said = tomllib.loads(path.read_text(encoding="utf-8")).get("project", {}).get("requires-python", "")
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, AttributeError):
            said = ""
        if match := MINIMUM.search(str(said)):
            return (3, int(match.group(1)))
    return (sys.version_info.major, sys.version_info.minor)


def _parse(change: Changed, oldest: tuple[int, int]) -> None:
    if change.new is None:
        return
    suffix = PurePosixPath(change.path).suffix
    if suffix in (".py", ".pyi"):
        tree = ast.parse(change.new, filename=change.path, feature_version=oldest)
        compile(tree, change.path, "exec")
    elif suffix == ".toml":
        tomllib.loads(change.new.decode())
    elif suffix == ".json":
        json.loads(change.new)
    elif suffix in (".yml", ".yaml"):
        yaml.safe_load(change.new)


def _means_something(change: Changed) -> bool:
    if change.old is None or change.new is None or not change.path.endswith((".py", ".pyi")):
        return True
    try:
        before = ast.dump(ast.parse(change.old))
    except (SyntaxError, ValueError):
        return True  # it was broken before, so that parsing now is a change
    return before != ast.dump(ast.parse(change.new))


def _one_line(error: Exception) -> str:
    return " ".join(str(error.args[0] if error.args else error).split())[:200]
