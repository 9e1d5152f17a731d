"""A fix as a commit on a branch of its own, made without touching anybody's files or index.

The branch's name and the commit follow from the fix alone, so that offering it again, from any machine, after any
crash, is the same branch with the same commit.
"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from effnb.deliver._git import git, output, reason
from effnb.domain import Fix
from effnb.errors import DeliveryError

AUTHOR = ("effnb", "effnb@localhost")


def branch_of(fix: Fix) -> str:
    """``effnb/<pattern>-<12 digits>`` from base, subject and diff."""
    digest = hashlib.sha256(f"{fix.base}\0{fix.subject}\0{fix.diff}".encode()).hexdigest()[:12]
    pattern = "".join(c if c.isalnum() or c == "-" else "-" for c in fix.pattern).strip("-") or "fix"
    return f"effnb/{pattern}-{digest}"


def commit_fix(fix: Fix, repository: Path, message: str) -> str:
    """Commit id of the fix on top of its base; the same for the same fix and message.

    Raises:
        DeliveryError: The base is not in the repository, or the diff does not fit it.
    """
    base = git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{fix.base}^{{commit}}")
    if base.returncode or not fix.base:
        raise DeliveryError(
            f"{repository.name} has no commit {fix.base or '(none)'}, which fix {fix.id} was made for; fetch it first"
        )
    with tempfile.TemporaryDirectory(prefix="effnb-") as scratch:
        env = {"GIT_INDEX_FILE": str(Path(scratch) / "index"), **_identity(repository, fix.base)}
        output(repository, "read-tree", fix.base, env=env)
        applied = git(repository, "apply", "--cached", "--whitespace=nowarn", "-", stdin=fix.diff.encode(), env=env)
        if applied.returncode:
            raise DeliveryError(f"fix {fix.id} does not fit commit {fix.base[:12]}: {reason(applied)}")
        tree = output(repository, "write-tree", env=env)
        return output(repository, "commit-tree", tree, "-p", fix.base, "-F", "-", stdin=message.encode(), env=env)


def check_merges(repository: Path, commit: str, onto: str) -> None:
    """``DeliveryError`` when the commit no longer merges into a newer state of its base branch."""
    merged = git(repository, "merge-tree", "--write-tree", "--name-only", "--no-messages", onto, commit)
    if merged.returncode:
        files = ", ".join(merged.stdout.decode(errors="replace").splitlines()[1:]) or reason(merged)
        raise DeliveryError(
            f"the base branch has moved on and conflicts with the fix in {files}; make it anew with `effnb resolve`"
        )


def _identity(repository: Path, base: str) -> dict[str, str]:
    """One author, and the base's time: nothing that differs between two makings of the same commit."""
    when = f"{output(repository, 'show', '-s', '--format=%ct', base)} +0000"
    who = {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in zip(("NAME", "EMAIL"), AUTHOR, strict=True)
    }
    return {**who, "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}


def revert_diff(repository: Path, commit: str, onto: str) -> str:
    """Unified diff that takes one commit's changes back out of a later state.

    Raises:
        DeliveryError: Later changes are in the way.
    """
    with tempfile.TemporaryDirectory(prefix="effnb-") as scratch:
        env = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
        output(repository, "read-tree", onto, env=env)
        back = git(repository, "diff", "--binary", commit, f"{commit}^").stdout
        applied = git(repository, "apply", "--cached", "--3way", "--whitespace=nowarn", "-", stdin=back, env=env)
        if applied.returncode:
            raise DeliveryError(
                f"commit {commit[:12]} does not revert cleanly, later changes build on it: {reason(applied)}"
            )
        tree = output(repository, "write-tree", env=env)
    return git(repository, "diff", "--no-color", "--no-ext-diff", "--no-textconv", onto, tree).stdout.decode(
        errors="replace"
    )
