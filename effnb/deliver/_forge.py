"""Where pull requests are opened: a small protocol, and a forge that is a bare repository in a folder."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydantic import ValidationError

from effnb.deliver._git import git, output
from effnb.domain import PullRequest
from effnb.errors import DeliveryError, StoreError


@dataclass(frozen=True)
class Draft:
    """A pull request before it is opened."""

    title: str
    body: str
    branch: str
    commit: str
    base_branch: str
    reviewers: tuple[str, ...] = ()


class Forge(Protocol):
    """A place that takes branches and pull requests."""

    name: str

    def base_commit(self, repository: Path, branch: str) -> str:
        """Newest commit of a branch there, fetched into ``repository``."""

    def open(self, repository: Path, draft: Draft) -> PullRequest:
        """Push the branch and open its pull request, or update the open one of this branch."""


class LocalForge:
    """A bare repository with one JSON file a pull request beside it; needs no server and no account.

    Args:
        folder: Holds ``repository.git`` and ``pulls/<number>.json``; made on first use.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bare = folder / "repository.git"
        self.name = f"local forge {folder.name}"

    def base_commit(self, repository: Path, branch: str) -> str:
        """Newest commit of a branch there; the repository's own branch on first use."""
        self._ready(repository, branch)
        output(repository, "fetch", "--quiet", "--no-tags", str(self.bare), f"refs/heads/{branch}")
        return output(self.bare, "rev-parse", "--verify", f"refs/heads/{branch}")

    def open(self, repository: Path, draft: Draft) -> PullRequest:
        """Push the branch and file the pull request; an open one of this branch is updated instead."""
        self._ready(repository, draft.base_branch)
        push(repository, str(self.bare), draft)
        with self._alone():
            return self._file(draft)

    def pulls(self) -> tuple[PullRequest, ...]:
        """All pull requests, by number; empty when there are none."""
        paths = (self.folder / "pulls").glob("*.json")
        try:
            found = [PullRequest.model_validate(json.loads(path.read_text(encoding="utf-8"))) for path in paths]
        except (ValidationError, ValueError, OSError) as error:
            raise StoreError(
                f"cannot read the pull requests in {self.folder}: {' '.join(str(error).split())}"
            ) from error
        return tuple(sorted(found, key=lambda one: one.number))

    def _file(self, draft: Draft) -> PullRequest:
        there = next((one for one in self.pulls() if one.branch == draft.branch and one.state == "open"), None)
        number = there.number if there else 1 + max((one.number for one in self.pulls()), default=0)
        filed = PullRequest(
            number=number,
            title=draft.title,
            body=draft.body,
            branch=draft.branch,
            base_branch=draft.base_branch,
            head=draft.commit,
            reviewers=draft.reviewers,
            url=str(self._path(number)),
            created=there is None,
        )
        self._path(number).parent.mkdir(parents=True, exist_ok=True)
        new = self._path(number).with_suffix(".new")
        new.write_text(filed.model_dump_json(indent=2, exclude={"created"}) + "\n", encoding="utf-8")
        new.replace(self._path(number))
        return filed

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process or thread at a time gives out numbers."""
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _path(self, number: int) -> Path:
        return self.folder / "pulls" / f"{number}.json"

    def _ready(self, repository: Path, branch: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.bare.is_dir():
            output(self.folder, "init", "--quiet", "--bare", f"--initial-branch={branch}", self.bare.name)
        if git(self.bare, "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}").returncode:
            output(repository, "push", "--quiet", str(self.bare), f"refs/heads/{branch}:refs/heads/{branch}")


def push(repository: Path, remote: str, draft: Draft) -> None:
    """Bring the commit to its branch there; ours alone is overwritten.

    Raises:
        DeliveryError: The branch's name is not one of ours, or the remote does not take it.
    """
    if not draft.branch.startswith("effnb/"):
        raise DeliveryError(f"branch {draft.branch!r} is not one of effnb's; nothing was pushed")
    output(repository, "push", "--quiet", "--force", remote, f"{draft.commit}:refs/heads/{draft.branch}")
