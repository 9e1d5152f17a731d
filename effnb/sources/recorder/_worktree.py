"""Clean checkouts of one revision, and what a revision range means."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from effnb.errors import BadQuery, ConfigError, SourceUnavailable

# A user's hooks, aliases, filters and monitors must not change what is recorded. The folder was named by the user
# and its code is about to be run, so its owner is not asked for.
SETTINGS = (
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.autocrlf=false"),
    *("-c", "advice.detachedHead=false"),
    *("-c", "safe.directory=*"),
)
ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}

_registering = threading.Lock()  # git refuses two `worktree add` of one repository at the same instant


def git(repo: Path, *args: str) -> str:
    """Output of a git command in ``repo``, without the user's own git configuration."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "-C", str(repo), *SETTINGS, *args],
            env=inherited | ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise ConfigError("cannot start git; install it and see that it is on PATH") from error
    if done.returncode:
        raise BadQuery(f"git {' '.join(args)} failed in {repo}: {_last_line(done.stderr)}")
    return done.stdout


def list_revisions(repo: Path, revisions: str | Sequence[str]) -> list[str]:
    """Full commit ids, oldest first within a range.

    ``revisions`` is a single revision, ``A..B`` (without A, as git has it), a comma-separated list of these, or a
    sequence of them. A revision named twice is listed once. Raises ``SourceUnavailable`` when ``repo`` is no git
    repository, ``BadQuery`` when a revision is unknown or nothing is in the range.
    """
    _require_repository(repo)
    texts = revisions.split(",") if isinstance(revisions, str) else list(revisions)
    found = dict.fromkeys(commit for text in texts for commit in _expand(repo, text.strip()))
    if not found:
        raise BadQuery(f"no revisions in {revisions!r} of {repo}; A..B leaves out A: try 'git log A..B'")
    return list(found)


def _require_repository(repo: Path) -> None:
    try:
        git(repo, "rev-parse", "--git-dir")
    except BadQuery as error:
        raise SourceUnavailable(f"{repo} is not a git repository; pass its folder with --repo") from error


def _expand(repo: Path, text: str) -> list[str]:
    option = ("--reverse", "--topo-order") if ".." in text else ("--no-walk",)
    try:
        return git(repo, "rev-list", *option, "--end-of-options", text, "--").split()
    except BadQuery as error:
        raise BadQuery(f"no revision {text!r} in {repo}; see 'git log' there, or fetch it first") from error


@contextmanager
def checked_out(repo: Path, revision: str) -> Iterator[Path]:
    """A folder holding the files of ``revision`` and nothing else; removed afterwards, also when interrupted."""
    scratch = Path(tempfile.mkdtemp(prefix="effnb-record-")).resolve()
    tree = scratch / revision[:12]
    try:
        with _registering:
            git(repo, "worktree", "add", "--quiet", "--detach", "--force", str(tree), revision)
        yield tree
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        with _registering:
            git(repo, "worktree", "prune")


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no message"
