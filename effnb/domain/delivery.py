"""What became of a fix: the files it was applied to, and the pull request that offers it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from effnb.domain._base import Noun, Utc
from effnb.domain.fix import Fix, Verification


class AppliedFile(Noun):
    """One file a fix changed, by the hash of its bytes before and after."""

    path: str
    """Path relative to the folder the fix was applied in."""
    before: str | None
    """SHA-256 before; null when the fix created the file."""
    after: str | None
    """SHA-256 after; null when the fix removed it."""


class Delivery(Noun):
    """A fix in a person's files."""

    fix: str
    """Id of the fix."""
    state: Literal["applied", "undone"]
    """Whether the files hold it now."""
    folder: str
    """Folder it was applied in, relative to the workspace where it lies inside."""
    files: tuple[AppliedFile, ...]
    """Files it changed."""
    at: Utc
    """When."""


class PullRequest(Noun):
    """A fix offered for review."""

    number: int = Field(ge=1)
    """Number in its forge."""
    title: str
    """Its title."""
    body: str
    """Its text, Markdown."""
    branch: str
    """Branch that holds the fix; derived from its content."""
    base_branch: str
    """Branch it is to be merged into."""
    head: str
    """Commit of the branch."""
    reviewers: tuple[str, ...] = ()
    """Who is asked to review."""
    url: str
    """Where to read it."""
    state: Literal["open", "closed", "merged"] = "open"
    """Where it stands."""
    created: bool = True
    """False when it was there already and was updated."""


class FixRecord(Noun):
    """A fix with everything that is known of it."""

    fix: Fix
    """The fix."""
    verification: Verification | None = None
    """What the gate found out; null when it has not been run."""
    delivery: Delivery | None = None
    """Where it was applied or undone last; null when it never was."""
    pull: PullRequest | None = None
    """Its pull request; null when there is none."""
    examples: tuple[Fix, ...] = ()
    """Fixes of the same pattern that were verified or merged before, newest first."""
