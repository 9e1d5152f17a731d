"""Steps of mitigate-config-change: SKILL.md as a function of the regression and of what the tools return."""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta
from typing import Any

from effnb.domain import (
    Candidate,
    Change,
    ChangeDetail,
    DocHit,
    Listing,
    Message,
    Noun,
    Proposal,
    Regression,
    Resolution,
)
from effnb.skills import (
    Account,
    Call,
    cause_of,
    change_name,
    cite,
    deciders,
    interval,
    mended,
    owner_of,
    percent,
    points,
    rise_of,
    share,
    when,
)

LOOK_BACK = timedelta(days=7)
OTHER_SKILLS = {"code": "investigate-cpu-regression", "infra": "investigate-cpu-regression"}
"""What fits causes that are no setting; the rest are ramps."""


class Inputs(Noun):
    """What the mitigation starts from."""

    regression: str
    """Id of the regression."""
    fix: bool = False
    """Whether to have the fix written and proved as well, where one is described."""


def playbook(inputs: Inputs) -> Generator[Call, Any, Resolution]:
    """From a regression's id to the value to set back."""
    account = Account()
    found = yield from rise_of(account, inputs.regression)
    if isinstance(found, Resolution):
        return found
    cause = yield from cause_of(account, found)
    if isinstance(cause, Resolution):
        return cause
    if cause.kind != "config":
        summary = f"The cause that stands out is {change_name(cause.change_id)}, of kind {cause.kind}: no setting."
        return account.end("not_found", summary, f"Use {OTHER_SKILLS.get(cause.kind, 'mitigate-experiment-ramp')}.")
    made = yield from _made(account, found, cause)
    if isinstance(made, Resolution):
        return made
    yield from _readers(account, cause)
    purpose = yield from _purpose(account, made)
    owner = yield from owner_of(account, found.function)
    ended = _propose(account, found, made, purpose, deciders(made.author, owner))
    return (yield from mended(account, ended, found.id)) if inputs.fix else ended


def _made(account: Account, found: Regression, cause: Candidate) -> Generator[Call, Any, Change | Resolution]:
    """The change as it was recorded, if its value still stands; else the conclusion."""
    key = cause.change_id.partition(":")[2]
    history = yield from account.ask(
        "history",
        "From which value to which, and was it changed again since?",
        "config_history",
        Listing[Change],
        service=found.service,
        start=found.change_point.earliest - LOOK_BACK,
        end=found.analysis.end,
        key=key,
    )
    if history is None:
        summary = f"{key} stands out, and its values could not be read."
        return account.end("needs_person", summary, "Look its values up where they are set.", cause=cause.change_id)
    before = [(i, one) for i, one in enumerate(history.rows) if one.at <= found.change_point.latest]
    if not before or before[-1][1].old is None:
        summary = f"The value of {key} before its change is not on record."
        step = f"Ask {cause.author} for it."
        return account.end("needs_person", summary, step, cause=cause.change_id)
    place, made = before[-1]
    account.claim(
        f"{made.author} set {key} from {made.old} to {made.new} at {when(made.at)}: “{made.title}”.",
        *(cite("history", history, f"rows.{place}.{name}") for name in ("old", "new", "at", "author", "title")),
    )
    if place == len(history.rows) - 1:
        return made
    last = history.rows[-1]
    account.claim(
        f"{last.author} set it from {last.old} to {last.new} at {when(last.at)}.",
        *(cite("history", history, f"rows.{len(history.rows) - 1}.{name}") for name in ("new", "at")),
    )
    if last.new == made.old:
        step = f"See that the share of {found.function} fell to {share(found.before)} after {when(last.at)}."
        return account.end(
            "not_found", f"{key} is back at {last.new} since {when(last.at)}; nothing is left to undo.", step
        )
    summary = (
        f"{key} is {last.new} by now, neither {made.old} nor {made.new}: undoing the first change undoes the second."
    )
    return account.end("needs_person", summary, f"Settle a value with {last.author}.", cause=cause.change_id)


def _readers(account: Account, cause: Candidate) -> Generator[Call, Any, None]:
    detail = yield from account.ask(
        "readers", "Which functions read the key?", "show_change", ChangeDetail, change_id=cause.change_id
    )
    if detail is not None and detail.touched:
        account.claim(
            f"{cause.change_id} is read by {', '.join(one.function for one in detail.touched)}.",
            *(cite("readers", detail, f"touched.{i}.function") for i in range(len(detail.touched))),
        )


def _purpose(account: Account, made: Change) -> Generator[Call, Any, str]:
    """What its author wanted, in the author's words."""
    key = made.key or made.id.partition(":")[2]
    said = yield from account.ask("discussion", "What was it for?", "search_discussions", Listing[Message], text=key)
    if said is not None and said.rows:
        first = said.rows[0]
        account.claim(
            f"{first.author} wrote in {first.channel} at {when(first.at)}: “{first.text}”",
            cite("discussion", said, "rows.0.text"),
            cite("discussion", said, "rows.0.author"),
        )
    elif said is not None:
        account.gaps.append(f"discussion: nobody mentions {key} ({said.searched})")
    pages = yield from account.ask("docs", "What do the documents say of it?", "search_docs", Listing[DocHit], text=key)
    hits = [(i, one) for i, one in enumerate(pages or ()) if key in one.text]
    for place, page in hits[:1]:
        account.claim(
            f"{page.path}, {page.section or page.title}, mentions it.", cite("docs", pages, f"rows.{place}.text")
        )
    return said.rows[0].text if said is not None and said.rows else made.title


def _propose(account: Account, found: Regression, made: Change, purpose: str, asked: str) -> Resolution:
    key, price = made.key or made.id.partition(":")[2], points(found.absolute_delta)
    proposal = Proposal(
        what=f"Set {key} back from {made.new} to {made.old}",
        where=f"setting {key} of {made.service or found.service}",
        current=made.new or "",
        proposed=made.old or "",
        verify=(
            f"gCPU of {found.function} falls from {share(found.after)} towards {share(found.before)} within hours.",
            f"What it was set for is judged again: “{made.title}”.",
        ),
        revert=f"Set {key} to {made.new} again.",
    )
    steps = [
        f"Decided by {asked}: setting it back saves about {price} of {found.service}'s CPU "
        f"({interval(found.low, found.high)}) and undoes: “{purpose}”",
        "If it stays, file the rise as accepted.",
    ]
    if (middle := _middle(made, found)) is not None:
        steps.insert(1, middle)
    return account.end(
        "config_change",
        f"{key} went from {made.old} to {made.new} and costs {price} of {found.service}'s CPU; the proposal is to set "
        f"it back to {made.old}.",
        *steps,
        cause=made.id,
        proposal=proposal,
    )


def _middle(made: Change, found: Regression) -> str | None:
    """How the price compares with the size of the step, where both values are positive numbers."""
    try:
        old, new = float(made.old or ""), float(made.new or "")
    except ValueError:
        return None
    if old <= 0 or new <= 0 or found.before <= 0:
        return None
    return (
        f"The value changed by {percent(new / old - 1)}, the function's share by "
        f"{percent(found.after / found.before - 1)}; a value between keeps part of both."
    )
