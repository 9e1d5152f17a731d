"""Steps of find-top-consumers: SKILL.md as a function of service and window and of what the tools return."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import Field

from effnb.domain import (
    FunctionCost,
    Listing,
    Noun,
    Opportunity,
    Owner,
    ProfileDiff,
    Regression,
    Resolution,
    Utc,
    Window,
)
from effnb.skills import Account, Call, cite, interval, points, share

MIN_SAMPLES = 1_000
"""Fewer samples of a service rank nothing."""
WAY_THROUGH = 0.1
"""A function whose own code is less than this part of its gCPU is a way to somewhere else."""
TOP = 5
ROWS = 60
A_WEEK = timedelta(days=7)


class Inputs(Noun):
    """What is asked about."""

    service: str
    """Service."""
    start: Utc
    """First instant; a whole day, or whole weeks, so that no hour counts twice."""
    end: Utc
    """First instant after the last."""
    floor: float = Field(default=0.01, gt=0, le=1)
    """Share of the service's CPU below which a function's own code is not worth reading."""
    min_saving: float = Field(default=0.001, ge=0, le=1)
    """Share of the service's CPU that a fix has to be likely to save to be worth a review."""


@dataclass(frozen=True)
class Target:
    """Something worth making cheaper: what it is, in words, and the function it lies in."""

    function: str
    words: str


def playbook(inputs: Inputs) -> Generator[Call, Any, Resolution]:
    """From a service to what is worth making cheaper, first things first, and what is not."""
    account = Account()
    span = {"service": inputs.service, "start": inputs.start, "end": inputs.end}
    top = yield from account.ask(
        "top",
        "Which own functions take the CPU?",
        "top_functions",
        Listing[FunctionCost],
        **span,
        own_only=True,
        limit=ROWS,
    )
    if top is None:
        summary = f"What {inputs.service} spends its CPU on could not be read: {account.gaps[-1]}."
        return account.end("needs_person", summary, "Check service and window with `effnb doctor`.")
    if (early := _too_few(account, inputs, top)) is not None:
        return early
    yield from _changed(account, inputs)
    risen = yield from _risen(account, inputs)
    filed = yield from _opportunities(account, inputs)
    targets = [*_standing(account, inputs, filed, risen), *_unread(account, inputs, top, filed, risen)]
    _ways(account, top)
    yield from _owners(account, targets[:TOP])
    return _ranked(account, inputs, top, targets, risen)


def _too_few(account: Account, inputs: Inputs, top: Listing[FunctionCost]) -> Resolution | None:
    """The conclusion when there is no own code, or too few samples to rank it."""
    if not top.rows:
        summary = f"No function of {inputs.service} is own code ({top.searched})."
        return account.end("not_enough_data", summary, "Name your code as own_code in the workspace's settings.")
    first = top.rows[0]
    total = round(first.samples / first.gcpu) if first.gcpu else 0
    if total >= MIN_SAMPLES:
        return None
    account.claim(
        f"{first.function} has {first.samples} samples, {share(first.gcpu)} of all.",
        cite("top", top, "rows.0.samples"),
        cite("top", top, "rows.0.gcpu"),
    )
    summary = f"{total:,} samples of {inputs.service} rank nothing; {MIN_SAMPLES:,} are the least."
    return account.end("not_enough_data", summary, "Widen the window, or ingest more samples.")


def _changed(account: Account, inputs: Inputs) -> Generator[Call, Any, None]:
    """What moved against the same hours a week before, told as it is: a share moves for many reasons."""
    now = Window(start=inputs.start, end=inputs.end)
    diff = yield from account.ask(
        "changed",
        "What changed against a week before?",
        "diff_profiles",
        ProfileDiff,
        service=inputs.service,
        before=Window(start=now.start - A_WEEK, end=now.end - A_WEEK),
        after=now,
        limit=ROWS,
    )
    rows = [(i, row) for i, row in enumerate(diff.rows if diff else ()) if row.low > 0 or row.high < 0]
    for place, row in rows[:TOP]:
        account.claim(
            f"{row.function} moved by {points(row.delta)} in a week ({interval(row.low, row.high)}).",
            *(cite("changed", diff, f"rows.{place}.{name}") for name in ("delta", "low", "high")),
        )


def _risen(account: Account, inputs: Inputs) -> Generator[Call, Any, dict[str, Regression]]:
    """Filed regressions by the functions that carry them: cost with a cause, to be investigated and not optimised."""
    found = yield from account.ask(
        "filed", "Which of it is a regression?", "list_regressions", Listing[Regression], service=inputs.service
    )
    risen: dict[str, Regression] = {}
    for place, one in enumerate(found or ()):
        account.claim(
            f"{one.id} files a rise of {one.function} by {points(one.absolute_delta)}: first investigate it.",
            cite("filed", found, f"rows.{place}.id"),
            cite("filed", found, f"rows.{place}.absolute_delta"),
        )
        risen |= {name: one for name in (*one.carriers, one.function) if name not in risen}
    return risen


def _opportunities(account: Account, inputs: Inputs) -> Generator[Call, Any, Listing[Opportunity] | None]:
    found = yield from account.ask(
        "opportunities",
        "What did a scan file?",
        "list_opportunities",
        Listing[Opportunity],
        service=inputs.service,
        limit=ROWS,
    )
    return found


def _standing(
    account: Account, inputs: Inputs, filed: Listing[Opportunity] | None, risen: dict[str, Regression]
) -> list[Target]:
    """Opportunities worth a review, the largest expected saving first; the others are told with the reason."""
    kept: list[tuple[float, Target]] = []
    small = 0
    for place, one in enumerate(filed or ()):
        saving = one.expected_saving
        if saving is None or one.in_tests or saving.value < inputs.min_saving:
            small += 1
            continue
        how = f"by rule of {one.skill}: `effnb resolve {one.id}`" if one.fixable else f"by hand: {one.refusal}"
        words = (
            f"{one.id} {one.function}: {one.pattern}, {share(saving.value)} [{share(saving.low)}, "
            f"{share(saving.high)}] to save, {how}"
        )
        account.claim(
            f"{words}.",
            *(cite("opportunities", filed, f"rows.{place}.{name}") for name in ("id", "pattern", "fixable", "cost")),
            *(cite("opportunities", filed, f"rows.{place}.expected_saving.{end}") for end in ("value", "low", "high")),
        )
        if one.function not in risen:
            kept.append((saving.value, Target(one.function, words)))
    if filed is not None and small:
        account.claim(
            f"{small} of {filed.total} opportunities save less than {share(inputs.min_saving)}, lie in tests or have "
            "no known cost: not worth a review.",
            cite("opportunities", filed, "total"),
        )
    return [target for _, target in sorted(kept, key=lambda pair: -pair[0])]


def _unread(
    account: Account,
    inputs: Inputs,
    top: Listing[FunctionCost],
    filed: Listing[Opportunity] | None,
    risen: dict[str, Regression],
) -> list[Target]:
    """Functions with dear own code that no rule knows and no regression explains, the dearest first."""
    known = {one.function for one in filed or ()} | set(risen)
    rows = [(i, row) for i, row in enumerate(top) if row.self_share >= inputs.floor and row.function not in known]
    found = []
    for place, row in sorted(rows, key=lambda pair: -pair[1].self_share)[:TOP]:
        words = f"{row.function}: {share(row.self_share)} in its own code, no rule knows it: read it"
        account.claim(
            f"{words}.", cite("top", top, f"rows.{place}.function"), cite("top", top, f"rows.{place}.self_share")
        )
        found.append(Target(row.function, words))
    return found


def _ways(account: Account, top: Listing[FunctionCost]) -> None:
    """Functions that lead the list and do nothing themselves."""
    ways = [(i, row) for i, row in enumerate(top) if row.gcpu > 0 and row.self_share < WAY_THROUGH * row.gcpu][:TOP]
    if ways:
        account.claim(
            f"Ways to somewhere else, not worth an edit: {', '.join(row.function for _, row in ways)}.",
            *(cite("top", top, f"rows.{place}.{name}") for place, _ in ways for name in ("gcpu", "self_share")),
        )


def _owners(account: Account, targets: list[Target]) -> Generator[Call, Any, None]:
    for number, one in enumerate(targets, 1):
        step = f"owner-{number}"
        owner = yield from account.ask(step, "Who decides?", "who_owns", Owner, target=one.function)
        if owner is not None and owner.owner is not None:
            account.claim(f"{owner.owner} answers for {one.function}.", cite(step, owner, "owner"))


def _ranked(
    account: Account,
    inputs: Inputs,
    top: Listing[FunctionCost],
    targets: list[Target],
    risen: dict[str, Regression],
) -> Resolution:
    first = [f"Investigate {one}." for one in dict.fromkeys(found.id for found in risen.values())]
    if not targets:
        summary = (
            f"Nothing in {inputs.service} is worth making cheaper by itself: no opportunity reaches "
            f"{share(inputs.min_saving)}, and no own code {share(inputs.floor)} ({top.searched})."
        )
        return account.end("not_found", summary, *first, "Look at what is asked of it: requests, data, callers.")
    listed = "; ".join(f"{i}. {one.words}" for i, one in enumerate(targets[:TOP], 1))
    more = f" ({len(targets) - TOP} more)" if len(targets) > TOP else ""
    return account.end(
        "explained",
        f"Worth making cheaper in {inputs.service}: {listed}{more}.",
        *first,
        *(f"{one.words}." for one in targets[:TOP]),
    )
