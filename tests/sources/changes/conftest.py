"""Small git repositories made commit by commit."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from effnb.sources.changes import GitRepository

ENVIRONMENT = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


class Commits:
    """Writes files and commits them; every commit is an hour after the one before."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hours = 0
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str, stdin: bytes | None = None) -> str:
        when = f"2026-01-01T{self.hours:02d}:00:00Z"
        env = os.environ | ENVIRONMENT | {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env=env, input=stdin, capture_output=True, check=True
        )
        return done.stdout.decode().strip()

    def commit(self, files: dict[str, str | None], message: str = "Change") -> str:
        """Id of a commit with these files; None removes one."""
        for name, text in files.items():
            path = self.folder / name
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text.encode())
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "--cleanup=verbatim", "-F", "-", stdin=message.encode())
        self.hours += 1
        return self.git("rev-parse", "HEAD")

    @property
    def repository(self) -> GitRepository:
        return GitRepository(self.folder)


@pytest.fixture
def commits(tmp_path) -> Commits:
    folder = tmp_path / "repo"
    folder.mkdir()
    return Commits(folder)
