"""Two disposable exports of a repository: as it was, and with the fix. The user's own files are only read."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from effnb.errors import BadQuery, SourceUnavailable

LEFT_OUT = shutil.ignore_patterns(
    ".git", "__pycache__", ".venv", "venv", "node_modules", ".effnb", ".mypy_cache", ".ruff_cache", ".pytest_cache"
)
GIT_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}


class DoesNotApplyError(Exception):
    """A diff does not fit its base; the text says where."""


@dataclass(frozen=True)
class Changed:
    """One file that a fix changes."""

    path: str
    """Relative to the repository's root."""
    old: bytes | None
    """Content before; None when it is new."""
    new: bytes | None
    """Content after; None when it was removed."""


def export(repository: Path, revision: str, target: Path) -> None:
    """Write the files of a revision, and nothing of git; of the folder as it is when no revision is given.

    Raises:
        SourceUnavailable: There is no such folder.
        BadQuery: There is no such revision.
    """
    if not repository.is_dir():
        raise SourceUnavailable(f"no folder {repository}; give the repository the fix is for")
    if not revision:
        shutil.copytree(repository, target, symlinks=True, ignore=LEFT_OUT)
        _open_to_others(target)
        return
    done = _git(["-C", str(repository), "archive", "--format=tar", revision])
    if done.returncode:
        raise BadQuery(f"no revision {revision!r} in {repository}: {_line(done.stderr)}; fetch it, or scan again")
    target.mkdir(parents=True)
    # Before Python 3.11.4 there is no filter; git's own trees have neither `..` nor files below a link.
    careful: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(target, **careful)  # noqa: S202


def apply_diff(tree: Path, diff: str) -> None:
    """Apply a unified diff to an exported tree, exactly: no fuzz, no moved hunks.

    Raises:
        DoesNotApplyError: It does not fit.
    """
    if not diff.strip():
        raise DoesNotApplyError("the diff is empty")
    done = _git(["apply", "--whitespace=nowarn", "-"], folder=tree, stdin=diff.encode())
    if done.returncode:
        raise DoesNotApplyError(_line(done.stderr))


def changed_files(old: Path, new: Path) -> list[Changed]:
    """Files that differ between two trees, by path."""
    before, after = _files(old), _files(new)
    return [
        Changed(path, *(held[path][0] if path in held else None for held in (before, after)))
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    ]


def _files(tree: Path) -> dict[str, tuple[bytes, int]]:
    """Content and mode of every file by path; a link counts by where it leads."""
    found = {}
    for path in tree.rglob("*"):
        if path.is_symlink():
            found[str(path.relative_to(tree))] = (f"-> {path.readlink()}".encode(), 0)
        elif path.is_file():
            found[str(path.relative_to(tree))] = (path.read_bytes(), path.stat().st_mode & 0o111)
    return found


def _open_to_others(tree: Path) -> None:
    """The sandbox reads the copy as somebody else."""
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))


def _git(words: Sequence[str], *, folder: Path | None = None, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    ceiling = {"GIT_CEILING_DIRECTORIES": str(folder.parent)} if folder else {}
    return subprocess.run(
        ["git", "-c", "core.autocrlf=false", "-c", f"core.hooksPath={os.devnull}", "-c", "safe.directory=*", *words],
        cwd=folder,
        input=stdin,
        env=inherited | GIT_ENVIRONMENT | ceiling,
        capture_output=True,
        check=False,
    )


def _line(text: bytes) -> str:
    lines = [line for line in text.decode(errors="replace").splitlines() if line.strip()]
    return lines[0].removeprefix("error: ").removeprefix("fatal: ")[:300] if lines else "git said nothing"
