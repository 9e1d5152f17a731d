"""From a filed opportunity to a proved fix: what the skills that make standing code cheaper have in common.

Each of them knows its patterns: how a site looks in source, where in the function its cost lies, and which words of
warning belong to it. The order of the questions is the same for all: is it worth a review, is the cost still there,
does it lie where the pattern says, does the source still look like that, who decides, what came of it before.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from effnb.domain import (
    CallNeighbours,
    FixRecord,
    FunctionSource,
    Noun,
    Opportunity,
    Owner,
    Proposal,
    Resolution,
    Series,
    Verdict,
    Window,
)
from effnb.skills._account import Account, owner_of, share
from effnb.skills._proof import Proof, prove_fix
from effnb.skills._step import Call, cite

A_DAY = timedelta(days=1)
GONE = 0.5
"""A cost that is surely below this part of what the scan measured is gone."""
MIN_PART = 0.05
"""Less than this part of the function's samples is not what makes it dear."""
NEIGHBOURS = 50
SPEED_CHECKS = ("speed", "reprofile", "saving")
"""Checks of the gate that weigh the gain; all others weigh whether the fix is right."""


class OpportunityInputs(Noun):
    """What a skill that makes code cheaper starts from."""

    opportunity: str
    """Id of the opportunity."""
    min_saving: float = Field(default=0.001, ge=0, le=1)
    """Share of the service's CPU that a fix has to be able to save to be worth a review."""


@dataclass(frozen=True)
class Pattern:
    """What a skill knows of one rule's sites."""

    looks: str
    """Regular expression that the function's source matches while the site is there."""
    remedy: str
    """What to do, in the imperative."""
    verify: tuple[str, ...]
    """What to look at besides the opportunity's own criteria."""
    callees: tuple[str, ...] = ()
    """Beginnings of the names of callees whose cost the fix removes."""
    own_code: bool = True
    """Whether it removes cost of the function's own code; calls into C are counted there."""


@dataclass(frozen=True)
class Site:
    """An opportunity that is worth mending, with what was seen of it today."""

    found: Opportunity
    pattern: Pattern
    source: FunctionSource
    owner: Owner | None

    @property
    def asked(self) -> str:
        """Whom to ask."""
        told = (self.owner.contact or self.owner.owner) if self.owner is not None else None
        return told or "the owner of the code"

    @property
    def proposal(self) -> Proposal:
        """The remedy in words, for a person to carry out."""
        lines = self.source.source.splitlines()
        place = self.found.line - self.source.first_line
        return Proposal(
            what=f"{self.pattern.remedy} in {self.found.function}",
            where=f"{self.found.file}:{self.found.line} ({self.found.function})",
            current=lines[place].strip() if 0 <= place < len(lines) else "",
            proposed=self.pattern.remedy,
            verify=(*self.found.criteria, *self.pattern.verify),
            revert="Take the edit back; nothing else depends on it.",
        )


def resolved(
    inputs: OpportunityInputs,
    patterns: Mapping[str, Pattern],
    judge: Callable[[Account, Opportunity], Resolution | None] = lambda _, __: None,
    inspect: Callable[[Account, Site], Resolution | None] = lambda _, __: None,
) -> Generator[Call, Any, Resolution]:
    """From an opportunity's id to a proved fix, or to the reason why there is none.

    Args:
        inputs: The opportunity.
        patterns: What the skill knows, by pattern.
        judge: May draw the conclusion from the opportunity alone.
        inspect: May draw the conclusion from the site as it is today.
    """
    account = Account()
    site = yield from _site(account, inputs, patterns, judge)
    if isinstance(site, Resolution):
        return site
    return inspect(account, site) or (yield from _mend(account, site))


def _site(
    account: Account,
    inputs: OpportunityInputs,
    patterns: Mapping[str, Pattern],
    judge: Callable[[Account, Opportunity], Resolution | None],
) -> Generator[Call, Any, Site | Resolution]:
    """The site as it is today; the conclusion instead when there is nothing to mend, or nobody can tell."""
    found = yield from account.ask(
        "opportunity", "What is dear, by which pattern?", "describe_opportunity", Opportunity, id=inputs.opportunity
    )
    if found is None:
        summary = f"Opportunity {inputs.opportunity} could not be read, so nothing was looked at."
        return account.end("needs_person", summary, "Check the id with `effnb opportunities`.")
    early = _not_for_us(account, found, patterns) or _not_worth(account, found, inputs.min_saving)
    if (early := early or judge(account, found)) is not None:
        return early
    return (yield from _look(account, found, patterns[found.pattern]))


def _mend(account: Account, site: Site) -> Generator[Call, Any, Resolution]:
    """The fix with its proof, or why there is none."""
    found = site.found
    if not found.fixable:
        account.claim(f"The rule does not write the fix: {found.refusal}.", cite("opportunity", found, "refusal"))
        summary = f"{found.function} cannot be mended by rule: {found.refusal}."
        step = f"Read the site with {site.asked}; edit by hand where the reason allows it, and verify."
        return account.end("needs_person", summary, step, proposal=site.proposal)
    proof = yield from prove_fix(account, found.id)
    if proof is None:
        summary = f"No fix of {found.function} was written: {account.gaps[-1]}."
        step = f"Settle the reason with {site.asked}, or scan again when the code has changed."
        return account.end("needs_person", summary, step, proposal=site.proposal)
    return _conclude(account, site, proof)


def _conclude(account: Account, site: Site, proof: Proof) -> Resolution:
    fix, found = proof.fix, proof.verification
    if found is None:
        summary = f"{fix.id} is written for {site.found.function}, and the gate gave no verdict: {account.gaps[-1]}."
        return account.end(
            "needs_person", summary, f"Run `effnb resolve {site.found.id}` again.", proposal=_drawn(site, proof)
        )
    if proof.holds:
        summary = f"{fix.title}: {fix.id} is proved, {proof.words}."
        step = f"{site.asked} reviews it."
        return account.end("fix_proposed", summary, step, *proof.next_steps, proposal=_drawn(site, proof))
    said = f"{fix.id} for {site.found.function} is not proved ({found.verdict}): {found.reason}."
    failure = proof.failure
    if found.verdict == "rejected" and failure is not None and failure.name in SPEED_CHECKS:
        return account.end("not_found", said, f"Dismiss {site.found.id} with this reason.")
    if found.verdict in OPEN:
        return account.end("not_enough_data", said, OPEN[found.verdict], proposal=_drawn(site, proof))
    counter = f" Counter-example: {failure.counter_example}." if failure is not None and failure.counter_example else ""
    kept = None if found.verdict in ("rejected", "refused") else _drawn(site, proof)
    return account.end("needs_person", said + counter, f"Judge it with {site.asked}.", proposal=kept)


OPEN: dict[Verdict, str] = {
    "gain_unproven": "Record a workload of the function with `effnb record`, then verify again.",
    "underpowered": "Verify again on a quieter machine or with a longer workload.",
}
"""Verdicts that more data can change, and how to get them."""


def _drawn(site: Site, proof: Proof) -> Proposal:
    """The remedy as the fix has it."""
    lines = [line for line in proof.fix.diff.splitlines() if not line.startswith(("---", "+++", "@@"))]
    old, new = ("\n".join(line[1:] for line in lines if line.startswith(sign)) for sign in "-+")
    plain = site.proposal
    return plain.model_copy(
        update={
            "what": proof.fix.title,
            "current": old or plain.current,
            "proposed": new or plain.proposed,
            "revert": f"`effnb fix undo {proof.fix.id}`, or revert its commit.",
        }
    )


def _not_for_us(account: Account, found: Opportunity, patterns: Mapping[str, Pattern]) -> Resolution | None:
    if found.pattern not in patterns:
        other = f"Use {found.skill}." if found.skill else "Ask its owner."
        return account.end("not_found", f"{found.id} is of pattern {found.pattern}, which is another skill's.", other)
    if found.dismissed is not None:
        account.claim(f"A person let {found.id} stand: {found.dismissed}.", cite("opportunity", found, "dismissed"))
        return account.end("not_found", f"{found.id} was dismissed: {found.dismissed}.", "Respect it, or ask why.")
    if found.in_tests:
        account.claim(f"{found.file} is test code.", cite("opportunity", found, "in_tests"))
        return account.end("not_found", f"{found.function} lies in test code, which costs no fleet anything.")
    return None


def _not_worth(account: Account, found: Opportunity, least: float) -> Resolution | None:
    """The conclusion when the cost is unknown, or what a fix may save is too small; else both are noted."""
    saving = found.expected_saving
    if found.service is None or found.cost is None or saving is None:
        summary = f"What {found.function} costs is not known: no profile holds it."
        return account.end("not_enough_data", summary, "Ingest samples of its service, then scan again.")
    account.claim(
        f"{found.function} takes {share(found.cost)} of {found.service}'s CPU; a fix may save {share(saving.low)} to "
        f"{share(saving.high)} ({found.saving_basis}).",
        cite("opportunity", found, "cost"),
        *(cite("opportunity", found, f"expected_saving.{end}") for end in ("low", "high")),
        cite("opportunity", found, "saving_basis"),
    )
    if found.repeat_rate is not None:
        account.claim(
            f"{100 * found.repeat_rate:.1f} % of its recorded calls repeat earlier arguments.",
            cite("opportunity", found, "repeat_rate"),
        )
    if saving.high < least:
        summary = (
            f"A fix of {found.function} saves {share(saving.high)} of {found.service}'s CPU at best, less than the "
            f"{share(least)} that a review is worth."
        )
        return account.end("not_found", summary, f"Dismiss {found.id} with this reason.")
    return None


def _look(account: Account, found: Opportunity, pattern: Pattern) -> Generator[Call, Any, Site | Resolution]:
    """Cost and source of today."""
    where = {"service": found.service, "function": found.function}
    series = yield from account.ask("history", "Is the cost still there?", "function_history", Series, **where)
    if series is not None:
        day = Window(start=_end(series) - A_DAY, end=_end(series))
        if (early := _went_away(account, found, series, day)) is not None:
            return early
        near = yield from account.ask(
            "neighbours",
            "Who calls it, and where in it does the cost lie?",
            "callers_callees",
            CallNeighbours,
            **where,
            start=day.start,
            end=day.end,
            limit=NEIGHBOURS,
        )
        if near is not None and (early := _elsewhere(account, found, pattern, near)) is not None:
            return early
    source = yield from account.ask(
        "source", "What does it look like now?", "read_function", FunctionSource, function=found.function
    )
    if source is None:
        summary = f"The source of {found.function} could not be read, so no look-alike can be excluded."
        return account.end("needs_person", summary, f"Read {found.file}:{found.line} by hand.")
    if re.search(pattern.looks, source.source, re.M) is None:
        account.claim(
            f"At {source.revision[:12]} {found.function} shows nothing of the pattern.",
            cite("source", source, "revision"),
            cite("source", source, "source"),
        )
        summary = f"{found.function} no longer has what {found.id} was filed for."
        return account.end("not_found", summary, "Scan again, and see whether the share fell with that revision.")
    owner = yield from owner_of(account, found.function)
    yield from _before(account, found)
    return Site(found, pattern, source, owner)


def _end(series: Series) -> datetime:
    return series.start + timedelta(seconds=series.step_seconds * len(series.values))


def _went_away(account: Account, found: Opportunity, series: Series, day: Window) -> Resolution | None:
    """The conclusion when the last day has no samples, or shows that the cost is gone."""
    first = max(0, len(series.values) - int(A_DAY.total_seconds()) // series.step_seconds)
    counts = series.counts or (0,) * len(series.values)
    known = [(i, value, counts[i]) for i, value in enumerate(series.values) if i >= first and value is not None]
    total = sum(count for _, _, count in known)
    if not total:
        summary = f"{found.service} has no samples in {day}, so what {found.function} costs now is not known."
        return account.end("not_enough_data", summary, "Ingest samples of today, then run this again.")
    now = sum(value * count for _, value, count in known) / total
    margin = 2 * math.sqrt(max(now * (1 - now), 1 / total) / total)
    account.claim(
        f"In {day} it took {share(now)} of the samples (± {share(margin)}).",
        *(cite("history", series, f"values.{place}", day) for place in (known[0][0], known[-1][0])),
    )
    cost = found.cost or 0.0
    if now + margin < GONE * cost:
        summary = f"The cost of {found.function} is gone: {share(now)} in {day}, {share(cost)} when it was scanned."
        return account.end("not_found", summary, "Scan again; what is left is ranked anew.")
    if now <= margin:
        summary = f"{total:,} samples in {day} do not tell the cost of {found.function} from none."
        return account.end("not_enough_data", summary, "Ingest more samples, then run this again.")
    return None


def _elsewhere(account: Account, found: Opportunity, pattern: Pattern, near: CallNeighbours) -> Resolution | None:
    """The conclusion when the function is dear for another reason than the pattern; callers and part are noted."""
    for place, one in enumerate(near.callers[:1]):
        account.claim(
            f"{one.function} is behind {100 * one.part:.0f} % of its samples.",
            *(cite("neighbours", near, f"callers.{place}.{name}") for name in ("function", "part")),
        )
    ours = [(i, one) for i, one in enumerate(near.callees) if one.function.startswith(pattern.callees)]
    own = max(0.0, 1 - sum(one.part for one in near.callees)) if pattern.own_code else 0.0
    part = own + sum(one.part for _, one in ours)
    told = ", ".join(([f"its own code ({100 * own:.0f} %)"] if own else []) + [one.function for _, one in ours[:3]])
    account.claim(
        f"{100 * part:.0f} % of its cost lies where a fix acts" + (f": {told}." if told else "."),
        cite("neighbours", near, "gcpu"),
        *(cite("neighbours", near, f"callees.{i}.part") for i, _ in ours),
    )
    if part >= MIN_PART:
        return None
    most = next((one.function for one in near.callees), "its own code")
    summary = (
        f"{found.function} is dear for another reason: {100 * part:.0f} % of its cost lies where a fix acts, most "
        f"in {most}."
    )
    return account.end("not_found", summary, f"Look at {most} instead.")


def _before(account: Account, found: Opportunity) -> Generator[Call, Any, None]:
    """What came of the newest fix of the same pattern."""
    for name in found.examples[:1]:
        record = yield from account.ask("example", "What came of it before?", "show_fix", FixRecord, fix=name)
        if record is not None and record.verification is not None:
            account.claim(
                f"{name}, {record.fix.title}, is of the same pattern and was {record.verification.verdict}: "
                f"{record.verification.reason}.",
                cite("example", record, "verification.verdict"),
                cite("example", record, "verification.reason"),
            )
