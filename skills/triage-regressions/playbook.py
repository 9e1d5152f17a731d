"""Steps of triage-regressions: SKILL.md as a function of what is filed."""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from effnb.domain import Candidate, Listing, Noun, Owner, PowerPlan, Regression, Resolution, RootCause, Suppressed
from effnb.skills import Account, Call, change_name, cite, points, when

SURE_PART = 0.5
"""A lower end of at least this part of the rise is certain."""
MIN_COST_PART = 0.25
"""Cost at equal traffic below this part of the share's rise is the signature of traffic."""
HALF_LIFE = timedelta(days=14)
"""Newness falls by half over this time, and no further."""
NEXT = {
    "config": "mitigate-config-change",
    "flag": "mitigate-experiment-ramp",
    "experiment": "mitigate-experiment-ramp",
}

SIGNS = {
    r"\blogging:": "mitigate-logging-regression",
    r"\b(?:copy|json|pickle):|serial|record": "check-schema-change",
}
"""What the names of a rise's functions hint at; the skill itself declines when the hint is wrong."""


class Inputs(Noun):
    """What is put in order."""

    service: str = ""
    """Only this service; empty means all."""
    limit: int = Field(default=8, ge=1, le=20)
    """How many to look at, dearest first."""


@dataclass
class Item:
    """One filed regression, and what was found out about it."""

    place: int
    """Its position in the list."""
    regression: Regression
    servers: float | None
    cause: Candidate | None = None
    cause_place: int = 0
    root: RootCause | None = None
    owner: Owner | None = None
    marks: list[str] = field(default_factory=list)

    @property
    def is_traffic(self) -> bool:
        """Whether its cost at equal traffic did not rise with its share."""
        cost = self.regression.service_delta
        return cost is not None and cost < MIN_COST_PART * self.regression.absolute_delta

    @property
    def certainty(self) -> float:
        """From 0 to 1, as SKILL.md has it."""
        sure = max(0.0, min(1.0, self.regression.low / (SURE_PART * self.regression.absolute_delta)))
        return 0.25 * sure if self.is_traffic else sure


def playbook(inputs: Inputs) -> Generator[Call, Any, Resolution]:
    """From what is filed to an ordered list."""
    account = Account()
    filed = yield from account.ask(
        "filed",
        "What is filed?",
        "list_regressions",
        Listing[Regression],
        service=inputs.service,
        kind="regression",
    )
    if filed is None:
        return account.end("needs_person", "What is filed could not be read.", "See why, then run this again.")
    if not filed.rows:
        return (yield from _nothing(account, inputs, filed))
    servers = yield from _servers(account, inputs, filed)
    items = [Item(place, one, servers.get(one.service)) for place, one in enumerate(filed.rows[: inputs.limit])]
    for number, item in enumerate(items, start=1):
        yield from _look(account, number, item)
    newest = max(item.regression.change_point.at for item in items)
    known = all(item.servers is not None for item in items)
    items.sort(key=lambda item: (-_priority(item, newest, known), item.place))
    _mark(items)
    for position, item in enumerate(items, start=1):
        _tell(account, filed, position, item)
    return _conclude(account, filed, items, known)


def _nothing(account: Account, inputs: Inputs, filed: Listing[Regression]) -> Generator[Call, Any, Resolution]:
    """Whether detection looked, when nothing is filed."""
    account.claim(f"Nothing is filed ({filed.searched}).", cite("filed", filed, "total"))
    dropped = yield from account.ask(
        "dropped",
        "Has detection looked at all?",
        "list_suppressed",
        Listing[Suppressed],
        service=inputs.service,
        limit=1,
    )
    if dropped is None:
        return account.end("needs_person", "Nothing is filed; whether detection has looked is not known.")
    account.claim(f"{dropped.total} change points were dropped.", cite("dropped", dropped, "total"))
    if dropped.total == 0:
        summary = "Nothing is filed and nothing was dropped: detection has not run here, or saw no samples."
        return account.end("not_enough_data", summary, "Ingest samples and run `effnb detect`.")
    summary = f"Nothing is filed; detection dropped {dropped.total} change points, each with its reason."
    return account.end("not_found", summary, "Read the largest of them with `effnb suppressed`, if in doubt.")


def _servers(account: Account, inputs: Inputs, filed: Listing[Regression]) -> Generator[Call, Any, dict[str, float]]:
    """Servers of each service, as far as known."""
    plan = yield from account.ask(
        "fleet",
        "How many servers is a point of each service?",
        "power_plan",
        PowerPlan,
        service=inputs.service,
        limit=1,
    )
    services = {one.service for one in filed}
    found: dict[str, float] = {}
    for place, one in enumerate(plan.fleets if plan is not None else ()):
        if one.fleet.name in services and one.fleet.servers is not None:
            found[one.fleet.name] = one.fleet.servers
            account.claim(
                f"{one.fleet.name} has {one.fleet.servers:g} servers.",
                cite("fleet", plan, f"fleets.{place}.fleet.servers"),
            )
    return found


def _look(account: Account, number: int, item: Item) -> Generator[Call, Any, None]:
    """The change that stands out, and the owner."""
    one = item.regression
    item.root = yield from account.ask(
        f"causes-{number}", f"Which change is likely behind {one.id}?", "rank_causes", RootCause, id=one.id
    )
    for place, candidate in enumerate(item.root.candidates if item.root is not None else ()):
        if item.root is not None and candidate.change_id == item.root.change_id:
            item.cause, item.cause_place = candidate, place
    item.owner = yield from account.ask(
        f"owner-{number}", f"Who answers for {one.function}?", "who_owns", Owner, target=one.function
    )
    if item.is_traffic:
        item.marks.append("looks like traffic: its cost at equal traffic did not rise with its share")
    elif item.certainty < 1:
        item.marks.append("barely there: the lower end of its interval is near zero")


def _priority(item: Item, newest: datetime, known: bool) -> float:
    """Cost × certainty × newness; it orders and means nothing else."""
    age = (newest - item.regression.change_point.at) / HALF_LIFE
    cost = item.regression.absolute_delta * (item.servers or 0.0 if known else 1.0)
    return cost * item.certainty * (1 - 0.5 * min(age, 1.0))


def _mark(items: list[Item]) -> None:
    """Say of each whether an earlier one is likely the same."""
    for position, item in enumerate(items):
        for earlier in items[:position]:
            if _is_same(earlier, item):
                item.marks.append(f"likely the same cause as {earlier.regression.id}")
                break


def _is_same(left: Item, right: Item) -> bool:
    if left.cause is not None and right.cause is not None:
        return left.cause.change_id == right.cause.change_id
    one, other = left.regression, right.regression
    spans = (
        one.change_point.earliest <= other.change_point.latest
        and other.change_point.earliest <= one.change_point.latest
    )
    return one.service == other.service and spans and (one.function in other.carriers or other.function in one.carriers)


def _tell(account: Account, filed: Listing[Regression], position: int, item: Item) -> None:
    one, at = item.regression, f"rows.{item.place}"
    parts = [
        f"{position}. {one.function} in {one.service} ({one.id}): {points(one.absolute_delta)}",
        f" or {item.servers * one.absolute_delta:.2f} servers" if item.servers is not None else "",
        f" since {when(one.change_point.at)}",
        *(f"; {mark}" for mark in item.marks),
        f"; {change_name(item.cause.change_id)} by {item.cause.author} stands out"
        if item.cause
        else "; no change stands out",
        f"; {item.owner.contact or item.owner.owner} owns it" if item.owner is not None and item.owner.owner else "",
        f"; next: {_next(item)}.",
    ]
    evidence = [cite("filed", filed, f"{at}.{name}") for name in ("id", "absolute_delta", "change_point.at", "low")]
    if item.is_traffic:
        evidence.append(cite("filed", filed, f"{at}.service_delta"))
    if item.cause is not None:
        evidence.append(cite(f"causes-{item.place + 1}", item.root, f"candidates.{item.cause_place}.change_id"))
    if item.owner is not None:
        evidence.append(cite(f"owner-{item.place + 1}", item.owner, "owner"))
    account.claim("".join(parts), *evidence)


def _next(item: Item) -> str:
    if item.is_traffic:
        return "compare CPU per request before anything else"
    if item.cause is not None and item.cause.kind in NEXT:
        return NEXT[item.cause.kind]
    names = " ".join((item.regression.function, *item.regression.carriers))
    return next((skill for words, skill in SIGNS.items() if re.search(words, names)), "investigate-cpu-regression")


def _conclude(account: Account, filed: Listing[Regression], items: list[Item], known: bool) -> Resolution:
    certain = [item for item in items if item.certainty >= SURE_PART]
    rest = filed.total - len(items)
    more = f" {rest} more are filed and smaller." if rest > 0 else ""
    if not certain:
        summary = f"None of the {len(items)} filed regressions is certain: they look like traffic or noise.{more}"
        return account.end("needs_person", summary, "Tell whoever tunes detection, and compare CPU per request.")
    first = certain[0].regression
    unit = "in servers" if known else "in points of each service's CPU, since not all numbers of servers are known"
    return account.end(
        "explained",
        f"Of {len(items)} filed regressions take {first.function} in {first.service} ({first.id}) first; ordered by "
        f"cost {unit}, certainty and newness.{more}",
        *(f"{item.regression.id}: {_next(item)}" for item in items),
    )
