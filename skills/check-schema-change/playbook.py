"""Steps of check-schema-change: SKILL.md as a function of the regression and of what the tools return."""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Any

from effnb.domain import ChangeDetail, DocHit, FunctionDelta, Listing, Noun, ProfileDiff, Regression, Resolution
from effnb.skills import (
    Account,
    Call,
    cause_of,
    change_name,
    cite,
    deciders,
    owner_of,
    patch_lines,
    points,
    rise_of,
    share,
)

NUMBER = re.compile(r"\b(\w*(?:schema|version|format)\w*)[\"']?\s*[:=]\s*[\"']?v?(\d+)\b", re.I)
SERIAL = re.compile(r"^(?:copy|json|pickle|marshal|msgpack|csv|xml)\b|serial|encod|record|to_dict|dumps", re.I)
DEAR = re.compile(r"\b(?:deepcopy|dumps|loads|model_validate|model_dump|validate|asdict|strftime|isoformat)\(")
MIN_PART = 0.5
"""Serialisation has to carry this part of the rise."""
DIFF_ROWS = 100
RULES = "schema change record number rollback"
"""What the documents are searched for."""


class Inputs(Noun):
    """What is checked."""

    regression: str
    """Id of the regression."""


def playbook(inputs: Inputs) -> Generator[Call, Any, Resolution]:
    """From a regression's id to whether a schema change made records dearer."""
    account = Account()
    found = yield from rise_of(account, inputs.regression)
    if isinstance(found, Resolution):
        return found
    cause = yield from cause_of(account, found)
    if isinstance(cause, Resolution):
        return cause
    detail = yield from account.ask(
        "change", "Does it raise a schema number?", "show_change", ChangeDetail, change_id=cause.change_id
    )
    if detail is None:
        summary = f"{change_name(cause.change_id)} stands out and could not be read."
        return account.end("needs_person", summary, "Read its patch by hand.", cause=cause.change_id)
    raised = _raised(detail)
    if raised is None:
        return _no_schema(account, found, detail)
    account.claim(
        f"{change_name(detail.change.id, detail.change.title)} takes {raised}.",
        cite("change", detail, "change.id"),
        cite("change", detail, "diff"),
    )
    diff = yield from account.ask(
        "diff",
        "Is building records what rose?",
        "diff_profiles",
        ProfileDiff,
        service=found.service,
        before=found.baseline,
        after=found.analysis,
        function=found.function,
        limit=DIFF_ROWS,
    )
    yield from _rules(account)
    owner = yield from owner_of(account, found.function)
    asked = deciders(detail.change.author, owner)
    return _conclude(account, found, detail, raised, _carrier(account, detail, diff), asked)


def _no_schema(account: Account, found: Regression, detail: ChangeDetail) -> Resolution:
    name = change_name(detail.change.id)
    if detail.truncated:
        summary = f"The patch of {name} was cut, and what is shown raises no schema number."
        return account.end("not_enough_data", summary, "Read the rest of the patch: show_change with more characters.")
    summary = f"{name} stands out and raises no schema or version number."
    return account.end("not_found", summary, f"Run investigate-cpu-regression on {found.id}.")


def _rules(account: Account) -> Generator[Call, Any, None]:
    pages = yield from account.ask(
        "docs", "May a schema be rolled back, and how?", "search_docs", Listing[DocHit], text=RULES
    )
    if pages is not None and pages.rows:
        page = pages.rows[0]
        account.claim(
            f"{page.path}, {page.section or page.title}, has rules on it.", cite("docs", pages, "rows.0.path")
        )


def _conclude(
    account: Account,
    found: Regression,
    detail: ChangeDetail,
    raised: str,
    carrier: FunctionDelta | None,
    asked: str,
) -> Resolution:
    name, cause = change_name(detail.change.id), detail.change.id
    if carrier is None:
        summary = f"{name} takes {raised}; whether building records is what rose could not be seen."
        return account.end("needs_person", summary, "Compare the profiles of both windows by hand.", cause=cause)
    part = carrier.delta / found.absolute_delta
    if carrier.low <= 0 or part < MIN_PART:
        summary = (
            f"{name} takes {raised}, and building records carries {100 * max(part, 0):.0f} % of the rise of "
            f"{found.function}: the rest of the change is the better suspect."
        )
        return account.end("needs_person", summary, f"Look at what else it does to {found.function}.", cause=cause)
    dear = _dear_lines(detail)
    if dear:
        account.claim(f"It adds {' and '.join(f'`{line}`' for line in dear)}.", cite("change", detail, "diff"))
    return account.end(
        "explained",
        f"{name} takes {raised}, and building records for it costs {points(found.absolute_delta)} of "
        f"{found.service}'s CPU: {carrier.function} carries {100 * part:.0f} % of the rise.",
        f"Build the same record cheaper: reduce-serialization on {found.function}; clients need not notice.",
        "Two records made one after the other must not share parts: keep the test that says so.",
        f"Decided by {asked}; see the rules before a schema is rolled back.",
        cause=cause,
    )


def _raised(detail: ChangeDetail) -> str | None:
    """``schema from 3 to 4``: the first pair of lines of one file that differ in such a number; null without one."""
    old: dict[tuple[str, str], str] = {}
    for file, sign, text in patch_lines(detail.diff):
        match = NUMBER.search(text)
        if match is None or "test" in file or sign == " ":
            continue
        name, number = match.group(1).lower(), match.group(2)
        if sign == "-":
            old[file, name] = number
        elif old.get((file, name), number) != number:
            return f"{name} from {old[file, name]} to {number}"
    return None


def _dear_lines(detail: ChangeDetail) -> tuple[str, ...]:
    """Added lines that copy, encode or check whole records, tests left out."""
    return tuple(
        text.strip()
        for file, sign, text in patch_lines(detail.diff)
        if sign == "+" and "test" not in file and DEAR.search(text)
    )


def _carrier(account: Account, detail: ChangeDetail, diff: ProfileDiff | None) -> FunctionDelta | None:
    """The function that copies, encodes or builds records and rose most; null when none is seen."""
    touched = {one.function for one in detail.touched}
    rows = [
        (i, row)
        for i, row in enumerate(diff.rows if diff is not None else ())
        if SERIAL.search(row.function) or row.function in touched
    ]
    if diff is not None and not rows:
        account.gaps.append("diff: no function that copies, encodes or builds records shares a stack with it")
    if not rows:
        return None
    place, most = max(rows, key=lambda one: one[1].delta)
    account.claim(
        f"{most.function} went from {share(most.before)} to {share(most.after)}.",
        *(cite("diff", diff, f"rows.{place}.{name}") for name in ("before", "after", "low")),
    )
    return most
