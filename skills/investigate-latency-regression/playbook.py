"""Steps of investigate-latency-regression: SKILL.md as a function of a service, a time, and what the tools return."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from effnb.domain import (
    EndpointLoad,
    Experiment,
    Listing,
    Noun,
    ProfileDiff,
    Regression,
    Resolution,
    Series,
    Utc,
    Window,
)
from effnb.skills import Account, Call, Shift, StepFailed, cite, points, shift_at, use, when

SPAN = timedelta(days=1)
LEFT_OUT = timedelta(hours=2)
"""Left out of comparisons of profiles on either side: a rollout takes a while."""
NEAR = timedelta(hours=3)
"""A regression that began this near may be the one."""
MIN_RISE = 0.03
MIN_LOAD = 0.05
"""Requests have to rise by this to be called more load."""
MIN_ERRORS = 0.5
DEARER = 1.05
"""CPU per request against the service's mean has to rise by this factor to be called dearer."""
DIFF_ROWS = 200


class Inputs(Noun):
    """What is asked about."""

    service: str
    """Service."""
    at: Utc
    """About when it got slower."""
    endpoint: str | None = None
    """Endpoint; the one that got slower most when unset."""
    metric: str = "latency_p95"
    """Name of the latency series."""


@dataclass
class Slow:
    """The endpoint that got slower, and what else moved there."""

    endpoint: str
    latency: Shift
    requests: Shift | None = None
    errors: Shift | None = None
    handler: str | None = None
    dearer: float | None = None
    """CPU per request against the service's mean, after over before."""


def playbook(inputs: Inputs) -> Generator[Call, Any, Resolution]:
    """From a service and a time to CPU, load, waiting, or nothing."""
    account = Account()
    slow = yield from _slower(account, inputs)
    if isinstance(slow, Resolution):
        return slow
    slow.requests = yield from _same_hours(account, inputs, slow, "requests", "Did load rise?")
    slow.errors = yield from _same_hours(account, inputs, slow, "errors", "Did errors rise?")
    near = yield from _near(account, inputs)
    yield from _cost_of_a_request(account, inputs, slow)
    fits = yield from _below_the_handler(account, inputs, slow, near)
    if fits is not None:
        return (yield from _cpu(account, slow, fits))
    return (yield from _not_filed(account, inputs, slow, near))


def _slower(account: Account, inputs: Inputs) -> Generator[Call, Any, Slow | Resolution]:
    """The endpoint that got slower; the conclusion when none did, or nobody can tell."""
    found = yield from _series(account, inputs, "latency", inputs.metric, "Did it rise, and where?", inputs.endpoint)
    if found is None:
        summary = f"The latency of {inputs.service} could not be read, so nothing was looked at."
        return account.end("needs_person", summary, "See why the metric source does not answer.")
    shifts = [(i, shift) for i, one in enumerate(found.rows) if (shift := shift_at(one, inputs.at, SPAN)) is not None]
    if not shifts:
        summary = f"There is no level of {inputs.metric} before and after {when(inputs.at)} ({found.searched})."
        return account.end("not_enough_data", summary, "Check name and labels of the series, or wait for more of it.")
    place, shift = max(shifts, key=lambda one: one[1].low)
    name = found.rows[place].labels.get("endpoint", inputs.endpoint or inputs.service)
    account.claim(
        f"{inputs.metric} of {name} changed by {shift.words} from {when(inputs.at)} on, against the same hours before.",
        *shift.cite("latency", found, place),
    )
    if len(shifts) > 1:
        slower = [(i, one) for i, one in shifts if one.low > 0 and one.relative >= MIN_RISE]
        evidence = [part for i, one in slower or shifts[:1] for part in one.cite("latency", found, i)]
        account.claim(f"Of {len(shifts)} endpoints {len(slower)} got slower.", *evidence)
    if shift.low <= 0 or shift.relative < MIN_RISE:
        summary = f"{name} did not get slower at {when(inputs.at)}: {inputs.metric} changed by {shift.words}."
        return account.end("not_found", summary, "Check the time, or look at another percentile.")
    return Slow(name, shift)


def _series(
    account: Account, inputs: Inputs, step_id: str, metric: str, why: str, endpoint: str | None
) -> Generator[Call, Any, Listing[Series] | None]:
    labels = {"service": inputs.service} | ({"endpoint": endpoint} if endpoint else {})
    start, end = inputs.at - 2 * SPAN, inputs.at + SPAN
    return (
        yield from account.ask(
            step_id, why, "metric_range", Listing[Series], metric=metric, start=start, end=end, labels=labels
        )
    )


def _same_hours(
    account: Account, inputs: Inputs, slow: Slow, metric: str, why: str
) -> Generator[Call, Any, Shift | None]:
    """How another metric of the endpoint changed."""
    found = yield from _series(account, inputs, metric, metric, why, slow.endpoint)
    if found is None:
        return None
    shift = shift_at(found.rows[0], inputs.at, SPAN) if found.rows else None
    if shift is None:
        account.gaps.append(f"{metric}: no level before and after in {found.searched}")
    else:
        account.claim(f"{metric} of {slow.endpoint} changed by {shift.words}.", *shift.cite(metric, found, 0))
    return shift


def _near(account: Account, inputs: Inputs) -> Generator[Call, Any, tuple[Regression, ...]]:
    """Rises of the service that began near the time, largest first."""
    filed = yield from account.ask(
        "filed",
        "Which CPU regressions began then?",
        "list_regressions",
        Listing[Regression],
        service=inputs.service,
        kind="all",
    )
    near = [one for one in filed or () if abs(one.change_point.at - inputs.at) <= NEAR and one.absolute_delta > 0]
    if filed is not None:
        account.claim(
            f"Of {filed.total} filed changes of {inputs.service}'s CPU {len(near)} are rises from near that time.",
            cite("filed", filed, "total"),
        )
    return tuple(sorted(near, key=lambda one: -one.absolute_delta))


def _cost_of_a_request(account: Account, inputs: Inputs, slow: Slow) -> Generator[Call, Any, None]:
    """The endpoint's handler, and whether a request costs more CPU than before."""
    spans = {"load-before": inputs.at - LEFT_OUT - SPAN, "load": inputs.at + LEFT_OUT}
    rows: dict[str, EndpointLoad] = {}
    for step_id, start in spans.items():
        found = yield from account.ask(
            step_id,
            "Which handler is it, and what does a request cost?",
            "top_endpoints",
            Listing[EndpointLoad],
            service=inputs.service,
            start=start,
            end=start + SPAN,
        )
        for place, row in enumerate(found or ()):
            if row.endpoint == slow.endpoint:
                rows[step_id] = row
                account.claim(
                    f"A request of {row.endpoint} costs {row.relative_cost or 0:.2f} times the service's mean from "
                    f"{when(start)} on.",
                    cite(step_id, found, f"rows.{place}.relative_cost"),
                    cite(step_id, found, f"rows.{place}.handler"),
                )
    slow.handler = next((row.handler for row in rows.values()), None)
    before, after = (rows[name].relative_cost if name in rows else None for name in spans)
    slow.dearer = after / before if before and after else None


def _below_the_handler(
    account: Account, inputs: Inputs, slow: Slow, near: tuple[Regression, ...]
) -> Generator[Call, Any, Regression | None]:
    """The largest of the regressions whose function rose in stacks with the endpoint's handler."""
    if not near or slow.handler is None:
        return None
    at = inputs.at
    diff = yield from account.ask(
        "diff",
        "Is one of them below this handler?",
        "diff_profiles",
        ProfileDiff,
        service=inputs.service,
        before=Window(start=at - LEFT_OUT - SPAN, end=at - LEFT_OUT),
        after=Window(start=at + LEFT_OUT, end=at + LEFT_OUT + SPAN),
        function=slow.handler,
        limit=DIFF_ROWS,
    )
    rows = {row.function: i for i, row in enumerate(diff.rows if diff is not None else ())}
    for one in near:
        place = rows.get(one.function)
        if diff is not None and place is not None and diff.rows[place].low > 0:
            account.claim(
                f"{one.id}: {one.function} shares stacks with {slow.handler} and rose by "
                f"{points(diff.rows[place].delta)} of {inputs.service}'s CPU.",
                cite("diff", diff, f"rows.{place}.delta"),
                cite("diff", diff, f"rows.{place}.low"),
            )
            return one
    return None


def _cpu(account: Account, slow: Slow, fits: Regression) -> Generator[Call, Any, Resolution]:
    """The regression's own investigation, taken over."""
    try:
        cpu: Resolution = yield from use("investigate-cpu-regression", "cpu", regression=fits.id)
    except StepFailed as gap:
        account.gaps.append(f"{gap.step} ({gap.outcome}): {gap.reason}")
        summary = f"{slow.endpoint} got slower with {fits.id}, whose cause could not be looked for."
        return account.end("needs_person", summary, f"Run investigate-cpu-regression on {fits.id}.")
    account.findings.extend(cpu.findings)
    account.gaps.extend(cpu.gaps)
    told = f"{slow.endpoint} got slower by {slow.latency.words} as {fits.function} began to take more CPU"
    status = cpu.status if cpu.status in ("explained", "needs_person") else "needs_person"
    return account.end(status, f"{told}. {cpu.summary}", *cpu.next_steps, cause=cpu.cause)


def _not_filed(
    account: Account, inputs: Inputs, slow: Slow, near: tuple[Regression, ...]
) -> Generator[Call, Any, Resolution]:
    """CPU that nobody filed, perhaps a ramp's step; else load or waiting."""
    others = f" Filed near that time, and not below its handler: {', '.join(one.id for one in near)}." if near else ""
    told = f"{slow.endpoint} got slower by {slow.latency.words}"
    if slow.dearer is None or slow.dearer < DEARER:
        return _not_cpu(account, slow, told, others)
    told = f"{told}, and a request costs {100 * (slow.dearer - 1):.0f} % more CPU against the service's mean"
    if slow.requests is not None and slow.requests.low > 0:
        told = f"{told}; requests changed by {slow.requests.words}"
    ramp = yield from _ramp(account, inputs)
    if ramp is not None:
        summary = f"{told}. No rise filed then fits; {ramp.experiment_id} ({ramp.change_id}) took a step then.{others}"
        step = f"Run mitigate-experiment-ramp on its rise, and ask {ramp.owner} what it may cost."
        return account.end("needs_person", summary, step)
    summary = f"{told}, though no filed regression fits.{others}"
    return account.end("needs_person", summary, f"Compare profiles below {slow.handler}, and see what was dropped.")


def _ramp(account: Account, inputs: Inputs) -> Generator[Call, Any, Experiment | None]:
    """The experiment whose exposure rose nearest to the time."""
    found = yield from account.ask(
        "ramps", "Did an experiment step up then?", "list_experiments", Listing[Experiment], service=inputs.service
    )
    steps = [
        (abs(step.at - inputs.at), place, number)
        for place, one in enumerate(found or ())
        for number, step in enumerate(one.steps)
        if abs(step.at - inputs.at) <= NEAR
    ]
    if found is None or not steps:
        return None
    _, place, number = min(steps)
    one = found.rows[place]
    account.claim(
        f"{one.experiment_id} (“{one.name}”, {one.owner}) went to {100 * one.steps[number].fraction:g} % of requests "
        f"at {when(one.steps[number].at)}.",
        cite("ramps", found, f"rows.{place}.change_id"),
        *(cite("ramps", found, f"rows.{place}.steps.{number}.{name}") for name in ("at", "fraction")),
    )
    return one


def _not_cpu(account: Account, slow: Slow, told: str, others: str) -> Resolution:
    """Load or waiting, or not known which."""
    load = slow.requests
    if load is not None and load.low > 0 and load.relative >= MIN_LOAD:
        summary = f"{told} as its requests rose by {load.words}: it looks like load, no CPU regression fits.{others}"
        step = "Look at the utilisation of the hosts, and at who sends the requests."
        return account.end("needs_person", summary, step)
    if slow.errors is not None and slow.errors.low >= MIN_ERRORS:
        summary = f"{told} and its errors changed by {slow.errors.words}: look at the errors first.{others}"
        return account.end("needs_person", summary, "Read the errors; retries and time-outs take long without CPU.")
    if slow.dearer is None:
        summary = f"{told}; what a request costs in CPU is not known, so nobody can say whether it waits.{others}"
        return account.end("needs_person", summary, "Trace one slow request.")
    summary = f"{told}; requests and CPU per request did not rise: not CPU. Requests wait for something.{others}"
    step = "Trace one slow request: a dependency, a lock, a pool, or pauses of the runtime."
    return account.end("needs_person", summary, step)
