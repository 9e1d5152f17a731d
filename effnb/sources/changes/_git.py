"""Changes from a git repository, through the git command line: it diffs only what is asked for."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from effnb.domain import Change, TouchedFunction
from effnb.errors import BadQuery, SourceDenied, SourceUnavailable
from effnb.sources.changes._spans import MODULE, function_spans, module_of, touched_in_file

FIELDS = "%H%x00%ct%x00%ae%x00%s%x00%b"
"""Set apart by NUL, the one character that no commit message can hold."""
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
PLACES = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE")
"""Set inside git hooks; they name another repository than the one given."""
# Hooks, pagers, aliases and attributes of the person's own set-up must not change what is read.
ISOLATED = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}


class GitRepository:
    """Read access to one git repository."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_dir():
            raise SourceUnavailable(f"no folder {path}; set [sources] repository in effnb.toml")
        looked = self._run("rev-parse", "--git-dir", check=False)
        if looked.returncode and "dubious ownership" in looked.stderr:
            raise SourceDenied(f"{path} belongs to another user, whose git settings could run programs; clone it first")
        if looked.returncode:
            raise SourceUnavailable(f"{path} is not a git repository; set [sources] repository in effnb.toml")
        self.place = f"git repository {path.name}"
        self.touched_functions = lru_cache(maxsize=1024)(self._touched_functions)
        self._files = lru_cache(maxsize=16)(self._listed)

    def resolve(self, revision: str) -> str:
        """Full commit id of a revision."""
        _refuse_option(revision)
        found = self._run("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", check=False)
        if found.returncode:
            raise BadQuery(f"{self.path.name} has no revision {revision!r}; see `git log --oneline`")
        return found.stdout.strip()

    def commits(self, old: str | None, new: str) -> list[Change]:
        """Commits after ``old`` up to and including ``new``, oldest first; from the first one when ``old`` is unset."""
        span = [self.resolve(new)] if old is None else [f"{self.resolve(old)}..{self.resolve(new)}"]
        fields = self._git("log", "--reverse", "--no-merges", "-z", f"--format={FIELDS}", *span).split("\0")
        return [_change(fields[i : i + 5]) for i in range(0, len(fields) - 4, 5)]

    def commit(self, revision: str) -> Change:
        """One commit."""
        return _change(self._git("log", "-1", "-z", f"--format={FIELDS}", self.resolve(revision)).split("\0"))

    def _touched_functions(self, commit: str, since: str | None = None) -> tuple[TouchedFunction, ...]:
        """Python functions edited by a commit, or between ``since`` and it."""
        commit = self.resolve(commit)
        base = self.resolve(since) if since else self._parent(commit)
        names = self._git("diff", "--name-status", "-M", "-z", base, commit, "--", "*.py").split("\0")
        found: list[TouchedFunction] = []
        for old_path, new_path in _paths(names):
            patch = self._git(
                "diff",
                "-U0",
                "-M",
                "--no-color",
                "--no-ext-diff",
                "--no-textconv",
                base,
                commit,
                "--",
                *{path for path in (old_path, new_path) if path},
            )
            old, new = self.read(base, old_path), self.read(commit, new_path)
            if old_path and new_path and old_path != new_path:
                found += touched_in_file(old_path, old, "", _all_lines(old, ""))
                found += touched_in_file(new_path, "", new, _all_lines("", new))
            else:
                found += touched_in_file(new_path or old_path or "", old, new, patch)
        return tuple(found)

    def diff(self, commit: str) -> str:
        """The commit's patch as text, without colours."""
        sha = self.resolve(commit)
        return self._git("diff", "-M", "--no-color", "--no-ext-diff", "--no-textconv", self._parent(sha), sha)

    def read(self, revision: str, path: str | None) -> str:
        """Text of a file at a revision; empty when it is not there."""
        if not path:
            return ""
        _refuse_option(revision)
        shown = self._run("show", f"{revision}:{path}", check=False)
        return shown.stdout if shown.returncode == 0 else ""

    def read_exactly(self, revision: str, path: str) -> str | None:
        """Text of a file with its line ends and byte-order mark; null when it is not there or not UTF-8."""
        _refuse_option(revision)
        command = ["git", "-C", str(self.path), "show", f"{revision}:{path}"]
        inherited = {name: value for name, value in os.environ.items() if name not in PLACES}
        done = subprocess.run(command, capture_output=True, check=False, env=inherited | ISOLATED)
        try:
            return done.stdout.decode("utf-8") if done.returncode == 0 else None
        except UnicodeDecodeError:
            return None

    def grep(self, revision: str, literal: str, *, pathspec: str = "*.py") -> list[tuple[str, int]]:
        """Places (path, 1-based line) where a literal text stands at a revision."""
        found = self._run("grep", "-n", "-F", "-z", "-e", literal, self.resolve(revision), "--", pathspec, check=False)
        places = []
        for line in found.stdout.split("\n"):
            head = line.split("\0")
            if len(head) >= 2 and head[1].isdigit():
                places.append((head[0].split(":", 1)[1], int(head[1])))
        return places

    def search(self, revision: str, literal: str, path: str | None = None) -> list[tuple[str, int, str]]:
        """Path, 1-based line and text of every line that contains a text, capitals or not; binary files are left out.

        ``path`` is a file or folder, taken literally.
        """
        commit = self.resolve(revision)
        where = [path.strip("/")] if path and path.strip("/") else []
        found = self._run(
            "--literal-pathspecs",
            "grep",
            "-n",
            "-F",
            "-i",
            "-I",
            "-z",
            "-e",
            literal,
            commit,
            "--",
            *where,
            check=False,
        )
        if found.returncode > 1:
            raise BadQuery(
                f"git cannot search {self.path.name} for {literal!r}: {found.stderr.strip()[:200]}; change it"
            )
        rows = (line.split("\0", maxsplit=2) for line in found.stdout.split("\n"))
        return [(row[0].split(":", 1)[1], int(row[1]), row[2]) for row in rows if len(row) == 3]

    def files(self, revision: str) -> tuple[str, ...]:
        """Paths of all files at a revision, sorted."""
        return self._files(self.resolve(revision))

    def history_of(self, path: str) -> list[Change]:
        """Commits that edited a file, without merges, oldest first; ``SourceUnavailable`` when there never were any."""
        log = self._git(
            "log", "--reverse", "--no-merges", "-z", f"--format={FIELDS}", "HEAD", "--", f":(literal){path}"
        )
        fields = log.split("\0")
        found = [_change(fields[i : i + 5]) for i in range(0, len(fields) - 4, 5)]
        if not found:
            raise SourceUnavailable(f"{self.place} has never had a file {path!r}; check [sources] in effnb.toml")
        return found

    def contains(self, revision: str, commit: str) -> bool:
        """Whether a revision has a commit in its history; false for revisions the repository does not know."""
        _refuse_option(revision)
        return self._run("merge-base", "--is-ancestor", commit, revision, check=False).returncode == 0

    def string_readers(self, revision: str, key: str) -> frozenset[str]:
        """Python functions that hold a key as a whole string literal at a revision: who reads a setting."""
        found = set()
        for path, line in self.grep(revision, key):
            source = self.read(revision, path)
            if not re.search(rf"""["']{re.escape(key)}["']""", source.split("\n")[line - 1]):
                continue
            inside = [span for span in function_spans(source) if span.first <= line <= span.last]
            name = max(inside, key=lambda span: span.first).qualname if inside else MODULE
            found.add(f"{module_of(path)}:{name}")
        return frozenset(found)

    def _listed(self, commit: str) -> tuple[str, ...]:
        return tuple(self._git("ls-tree", "-r", "-z", "--name-only", commit).split("\0")[:-1])

    def _parent(self, commit: str) -> str:
        found = self._run("rev-parse", "--verify", "--quiet", f"{commit}^", check=False)
        return found.stdout.strip() if found.returncode == 0 else EMPTY_TREE

    def _git(self, *arguments: str) -> str:
        return self._run(*arguments).stdout

    def _run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = ["git", "-C", str(self.path), *arguments]
        inherited = {name: value for name, value in os.environ.items() if name not in PLACES}
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, errors="replace", check=False, env=inherited | ISOLATED
            )
        except FileNotFoundError as error:
            raise SourceUnavailable("git is not installed; install it with the system's package manager") from error
        if check and done.returncode:
            raise BadQuery(f"git {arguments[0]} failed in {self.path}: {done.stderr.strip().splitlines()[-1:]}")
        return done


def _refuse_option(revision: str) -> None:
    if revision.startswith("-"):
        raise BadQuery(f"{revision!r} is not a revision; give a commit id, branch or tag")


def _change(fields: Sequence[str]) -> Change:
    sha, seconds, author, title, body = fields[:5]
    when = datetime.fromtimestamp(int(seconds), tz=UTC)
    return Change(id=sha, kind="code", title=title, author=author, at=when, body=body.strip())


def _paths(names: Sequence[str]) -> list[tuple[str | None, str | None]]:
    """Old and new path of each file from ``--name-status -z`` output."""
    rows: list[tuple[str | None, str | None]] = []
    fields = iter(names)
    for status in fields:
        if not status:
            continue
        if status[0] in "RC":
            rows.append((next(fields), next(fields)))
        else:
            path = next(fields)
            rows.append((None if status == "A" else path, None if status == "D" else path))
    return rows


def _all_lines(old: str, new: str) -> str:
    return f"@@ -1,{len(old.splitlines())} +1,{len(new.splitlines())} @@"
