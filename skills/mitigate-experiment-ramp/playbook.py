"""Steps of mitigate-experiment-ramp: SKILL.md as a function of the regression and of what the tools return."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from pydantic import Field

from effnb.domain import (
    DocHit,
    Experiment,
    ExperimentResult,
    ExposureMeasure,
    Listing,
    Noun,
    Proposal,
    Regression,
    Resolution,
)
from effnb.skills import Account, Call, cause_of, change_name, cite, mended, owner_of, percent, rise_of

RAMPS = ("flag", "experiment")
RULE = "planned rises within the plan"
"""What the documents are searched for."""


class Inputs(Noun):
    """What the comparison starts from."""

    regression: str
    """Id of the regression."""
    tolerance: float = Field(default=1.5, gt=0)
    """A cost up to this many times the announced one is let pass."""
    fix: bool = False
    """Whether to have the flag's step back written and proved as well, where one is proposed."""


def playbook(inputs: Inputs) -> Generator[Call, Any, Resolution]:
    """From a rise to a ramp that is accepted, or a step to go back to."""
    account = Account()
    found = yield from rise_of(account, inputs.regression)
    if isinstance(found, Resolution):
        return found
    flag = yield from _flag(account, found)
    if isinstance(flag, Resolution):
        return flag
    listed = yield from account.ask(
        "experiments", "Which experiment is that?", "list_experiments", Listing[Experiment], service=found.service
    )
    one = next((row for row in listed or () if row.change_id == flag), None)
    if one is None:
        why = "no experiment is on record for it" if listed is not None else "the experiments could not be read"
        summary = f"{flag} stands behind the rise of {found.function}, and {why}: nobody is known who would stop it."
        return account.end("needs_person", summary, "Find the owner of the flag.", cause=flag)
    result = yield from account.ask(
        "result",
        "What does it cost, step by step?",
        "experiment_result",
        ExperimentResult,
        experiment_id=one.experiment_id,
    )
    yield from _rule(account)
    yield from owner_of(account, found.function)
    if result is None:
        summary = f"The cost of {one.experiment_id} could not be measured."
        return account.end("needs_person", summary, "Measure it before the next step of the ramp.", cause=flag)
    ended = _decide(account, one, result, inputs.tolerance)
    if ended.proposal is None or not inputs.fix:
        return ended
    return (yield from mended(account, ended, found.id))


def _flag(account: Account, found: Regression) -> Generator[Call, Any, str | Resolution]:
    """The change id of the ramp behind the rise."""
    if found.planned_by is not None:
        account.claim(f"{found.planned_by} announced a rise of this kind.", cite("regression", found, "planned_by"))
        return found.planned_by
    cause = yield from cause_of(account, found)
    if isinstance(cause, Resolution):
        return cause
    if cause.kind not in RAMPS:
        summary = f"The cause that stands out is {change_name(cause.change_id)}, of kind {cause.kind}: no ramp."
        other = "mitigate-config-change" if cause.kind == "config" else "investigate-cpu-regression"
        return account.end("not_found", summary, f"Use {other}.")
    return cause.change_id


def _rule(account: Account) -> Generator[Call, Any, None]:
    pages = yield from account.ask("docs", "What is tolerated?", "search_docs", Listing[DocHit], text=RULE)
    if pages is not None and pages.rows:
        page = pages.rows[0]
        account.claim(f"{page.path}, {page.section or page.title}, speaks of it.", cite("docs", pages, "rows.0.text"))


def _decide(account: Account, one: Experiment, result: ExperimentResult, tolerance: float) -> Resolution:
    measured = [(i, step) for i, step in enumerate(result.measures) if step.service_delta is not None]
    if not measured:
        summary = f"What {one.experiment_id} costs is not known: {result.verdict}."
        account.claim(f"The measurement says: {result.verdict}.", cite("result", result, "verdict"))
        return account.end("not_enough_data", summary, "Ingest request counts, then run this again.")
    place, largest = max(measured, key=lambda pair: (pair[1].fraction, pair[0]))
    told, low, high = _measured(account, result, place, largest)
    if not one.planned_cost or not largest.fraction:
        summary = (
            f"{told} at {_exposure(largest.fraction)}; no cost was announced, so there is nothing to compare with."
        )
        return account.end("needs_person", summary, f"Agree with {one.owner} on what it may cost.", cause=one.change_id)
    plan = one.planned_cost * largest.fraction
    account.claim(
        f"{one.experiment_id} ({one.name}, {one.owner}) announced {percent(one.planned_cost)} at full exposure, "
        f"{percent(plan)} at {_exposure(largest.fraction)}.",
        *(cite("result", result, f"experiment.{name}") for name in ("planned_cost", "change_id", "owner")),
    )
    against = f"{told} at {_exposure(largest.fraction)}, announced {percent(plan)}"
    if high <= tolerance * plan:
        return account.end(
            "accepted",
            f"{one.experiment_id} costs {against}: within {tolerance:g} times the plan.",
            f"Note the measured cost with the experiment, and agree with {one.owner} on when the flag goes.",
            cause=one.change_id,
        )
    if low > tolerance * plan:
        return _pause(account, one, largest, against, tolerance)
    return account.end(
        "needs_person",
        f"{one.experiment_id} costs {against}; the interval includes the limit of {percent(tolerance * plan)}.",
        "Wait for more samples at this exposure before the next step.",
        cause=one.change_id,
    )


def _measured(
    account: Account, result: ExperimentResult, place: int, largest: ExposureMeasure
) -> tuple[str, float, float]:
    """The cost at the largest exposure in words, and the ends of its interval; every step becomes a finding."""
    for i, step in enumerate(result.measures):
        if step.service_delta is not None:
            account.claim(
                f"At {_exposure(step.fraction)} CPU per request changed by {percent(step.service_delta)}.",
                *(
                    cite("result", result, f"measures.{i}.{name}", step.window)
                    for name in ("fraction", "service_delta")
                ),
            )
    cost = largest.service_delta or 0.0
    low, high = (cost if end is None else end for end in (largest.low, largest.high))
    account.claim(
        f"Its 95 % interval at {_exposure(largest.fraction)} is {percent(low)} to {percent(high)}.",
        *(cite("result", result, f"measures.{place}.{name}", largest.window) for name in ("low", "high")),
    )
    return percent(cost), low, high


def _pause(account: Account, one: Experiment, largest: ExposureMeasure, against: str, tolerance: float) -> Resolution:
    """Back to the largest step that, at the measured rate, stays within what full exposure was announced to cost."""
    rate = (largest.service_delta or 0.0) / largest.fraction
    allowed = tolerance * (one.planned_cost or 0.0)
    fits = [step.fraction for step in one.steps if step.fraction < largest.fraction and step.fraction * rate <= allowed]
    back = max(fits, default=0.0)
    saved = percent(rate * (largest.fraction - back))
    flag = one.change_id.partition(":")[2]
    proposal = Proposal(
        what=f"Step {flag} back from {_exposure(largest.fraction)} to {_exposure(back)} and pause the ramp",
        where=f"flag {flag} ({one.experiment_id})",
        current=_exposure(largest.fraction),
        proposed=_exposure(back),
        verify=(
            f"CPU per request of {one.service} falls by about {saved[1:]} within a bucket of the step.",
            "It falls in proportion to the exposure; else something else pays for it.",
        ),
        revert=f"Raise {flag} to {_exposure(largest.fraction)} again.",
    )
    return account.end(
        "config_change",
        f"{one.experiment_id} costs {against}: above {tolerance:g} times the plan. The proposal is to step {flag} back "
        f"to {_exposure(back)}.",
        f"{one.owner} decides; its benefit is not in these data.",
        "Look for what is dear in it: investigate-cpu-regression on the function that rose.",
        cause=one.change_id,
        proposal=proposal,
    )


def _exposure(fraction: float) -> str:
    return f"{100 * fraction:g} % of requests"
