"""What a playbook has found out so far, and how its numbers are said."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from effnb.domain import (
    Candidate,
    Change,
    Evidence,
    Finding,
    Owner,
    Proposal,
    Regression,
    Resolution,
    ResolutionStatus,
    RootCause,
)
from effnb.skills._step import Call, attempt, cite, step

R = TypeVar("R")
SHOWN_ID = 12
"""Digits of a commit id that are shown."""


@dataclass
class Account:
    """Findings in the order they were made, and what could not be looked at."""

    findings: list[Finding] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)

    def ask(
        self, step_id: str, why: str, tool: str, returns: type[R], /, **args: Any
    ) -> Generator[Call, Any, R | None]:
        """The tool's result, or null and a gap when it failed or was denied; arguments that are None are left out."""
        given = {name: value for name, value in args.items() if value is not None}
        return (yield from attempt(step(step_id, why).call(tool, returns, **given), self.gaps))

    def claim(self, text: str, *evidence: Evidence) -> None:
        """Note a finding."""
        self.findings.append(Finding(claim=text, evidence=evidence))

    def end(
        self,
        status: ResolutionStatus,
        summary: str,
        *next_steps: str,
        cause: str | None = None,
        proposal: Proposal | None = None,
    ) -> Resolution:
        """The conclusion, with everything noted on the way."""
        return Resolution(
            status=status,
            summary=summary,
            cause=cause,
            findings=tuple(self.findings),
            proposal=proposal,
            gaps=tuple(self.gaps),
            next_steps=next_steps,
        )


def rise_of(account: Account, regression: str) -> Generator[Call, Any, Regression | Resolution]:
    """The filed regression as step ``regression``, noted as the first finding.

    Without a rise to work on it is the conclusion instead: unread, an improvement, or not surely above zero.
    """
    found = yield from account.ask(
        "regression", "What rose, where, since when and by how much?", "describe_regression", Regression, id=regression
    )
    if found is None:
        summary = f"Regression {regression} could not be read, so nothing was looked at."
        return account.end("needs_person", summary, "Check the id with `effnb regressions`.")
    account.claim(
        f"gCPU of {found.function} in {found.service} went from {share(found.before)} to {share(found.after)} at "
        f"{when(found.change_point.at)}: {points(found.absolute_delta)} ({interval(found.low, found.high)}).",
        *(cite("regression", found, name) for name in ("before", "after", "low", "high", "change_point.at")),
    )
    if found.kind == "improvement":
        return account.end("not_found", f"{found.id} is an improvement; there is no rise to undo.")
    if found.low <= 0:
        summary = f"The rise of {found.function} cannot be told from none ({interval(found.low, found.high)})."
        return account.end("not_enough_data", summary, "Ingest more samples, then run this again.")
    return found


def cause_of(account: Account, found: Regression) -> Generator[Call, Any, Candidate | Resolution]:
    """The change that stands out as its cause, from step ``causes``; the conclusion when none does."""
    root = yield from account.ask(
        "causes", "Which change acts on what rose, and fits its time?", "rank_causes", RootCause, id=found.id
    )
    place = (
        next((i for i, one in enumerate(root.candidates) if one.change_id == root.change_id), None) if root else None
    )
    if root is None or place is None:
        why = "the ranking could not be made" if root is None else root.reason
        summary = f"No cause of the rise of {found.function} in {found.service} is named, so nothing is undone: {why}."
        return account.end("needs_person", summary, f"Run investigate-cpu-regression on {found.id} first.")
    best = root.candidates[place]
    account.claim(
        f"{change_name(best.change_id, best.title)} by {best.author} stands out: {100 * best.attribution:.0f} % of "
        f"the rise lies in stacks it acts on; it reached the hosts at {when(best.reached_at)}.",
        cite("causes", root, "change_id"),
        *(cite("causes", root, f"candidates.{place}.{name}") for name in ("attribution", "reached_at")),
    )
    return best


def change_name(change_id: str, title: str = "") -> str:
    """A change as people say it: a commit by its first digits, a setting by its key; with its title when given."""
    short = change_id if ":" in change_id else change_id[:SHOWN_ID]
    return f"{short} “{title}”" if title else short


def arrived(change: Change) -> str:
    """A change with its author."""
    return f"{change_name(change.id, change.title)} ({change.author})"


def share(value: float) -> str:
    """A fraction as a percentage."""
    return f"{100 * value:.2f} %"


def points(value: float) -> str:
    """A difference of fractions in percentage points."""
    return f"{100 * value:.2f} points"


def percent(value: float) -> str:
    """A relative change, with its sign."""
    return f"{100 * value:+.1f} %"


def interval(low: float, high: float) -> str:
    """The 95 % interval of a difference of fractions."""
    return f"95 % interval {100 * low:.2f} to {100 * high:.2f} points"


def when(at: datetime) -> str:
    """A time, to the minute."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def deciders(author: str, owner: Owner | None) -> str:
    """Whom to ask: the author of a change and the owner of the code, once when they are the same."""
    other = (owner.contact or owner.owner if owner is not None else None) or "the owner of the code"
    return author if other in author else f"{author} and {other}"


def owner_of(account: Account, target: str) -> Generator[Call, Any, Owner | None]:
    """Who answers for a function, file or service, from step ``owner``; null when nobody is known."""
    owner = yield from account.ask("owner", "Who decides?", "who_owns", Owner, target=target)
    if owner is None or owner.owner is None:
        return None
    told = f"{owner.owner} ({owner.contact})" if owner.contact else owner.owner
    account.claim(f"{told} answers for {target}.", cite("owner", owner, "owner"), cite("owner", owner, "contact"))
    return owner


def patch_lines(diff: str) -> Iterator[tuple[str, str, str]]:
    """Lines of a unified diff as (path of the new file, ``+``, ``-`` or blank, text); headers are left out."""
    path, inside = "", False
    for line in diff.splitlines():
        if line.startswith(("diff ", "@@")):
            inside = line.startswith("@@")
        elif not inside and line.startswith(("--- ", "+++ ")) and not line.endswith("/dev/null"):
            path = line[4:].split("\t")[0].removeprefix("a/").removeprefix("b/")
        elif inside and line[:1] in ("+", "-", " "):
            yield path, line[0], line[1:]
