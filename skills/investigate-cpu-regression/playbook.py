"""Steps of investigate-cpu-regression: SKILL.md as a function of the regression and of what the tools return.

Tools are named with the type of their result, so that the skill can be read and tested on recorded results alone;
``lint_skill`` compares names, arguments and types with the tools that exist.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from effnb.domain import (
    Candidate,
    Change,
    Evidence,
    Finding,
    FunctionDelta,
    Listing,
    Noun,
    ProfileDiff,
    Regression,
    Resolution,
    ResolutionStatus,
    Rollout,
    RootCause,
    Series,
    Suppressed,
    Window,
)
from effnb.skills import Call, StepFailed, attempt, cite, step

LOOK_BACK = timedelta(hours=12)
"""How long before the change point an arrival may lie; the same as ``rank_causes`` uses by default."""
LOOK_AHEAD = timedelta(hours=6)
"""How long after it rollouts are still shown: slow ones reach their last host group later."""
MIN_BUCKETS = 6
"""Fewer buckets than this on either side carry no level."""
WENT_AWAY = 0.5
"""A last quarter that surely keeps less than this part of the rise means that it went away."""
MOVED = (0.8, 1.25)
"""A fall this many times the rise, in the same module, is taken for moved cost."""
MIN_COST_PART = 0.25
"""Cost per request has to rise by at least this part of what the share rose by."""
TOP = 5
"""How many candidates and rollouts are told."""
DIFF_ROWS = 200


class Inputs(Noun):
    """What the investigation starts from."""

    regression: str
    """Id of the regression."""
    baseline: Window | None = None
    """Span before; the regression's own when unset."""
    analysis: Window | None = None
    """Span after; the regression's own when unset."""


@dataclass
class Seen:
    """What has been looked at so far, and what could not be."""

    regression: Regression
    baseline: Window
    analysis: Window
    gaps: list[str] = field(default_factory=list)
    history: Series | None = None
    diff: ProfileDiff | None = None
    rollouts: Listing[Rollout] | None = None
    changes: Listing[Change] | None = None
    root: RootCause | None = None
    suppressed: Listing[Suppressed] | None = None


@dataclass(frozen=True)
class Late:
    """The newest part of the function's history."""

    first: int
    """Position of its first bucket."""
    last: int
    """Position of its last bucket."""
    most: float
    """Upper end of the 95 % interval of its mean gCPU."""
    usual: float
    """Mean gCPU before the change point, at the same hours of the day."""
    claim: str
    """The same in words."""


def playbook(inputs: Inputs) -> Generator[Call, Any, Resolution]:
    """From a regression's id to a conclusion."""
    asked = step("regression", "What rose, where, since when and by how much?")
    try:
        regression = yield from asked.call("describe_regression", Regression, id=inputs.regression)
    except StepFailed as gap:
        return _unread(inputs.regression, gap)
    if regression.kind == "improvement":
        return _improvement(regression)
    seen = Seen(regression, inputs.baseline or regression.baseline, inputs.analysis or regression.analysis)
    yield from _look_at_the_rise(seen, inputs)
    if (early := _thin(seen) or _gone(seen)) is not None:
        return early
    yield from _look_for_causes(seen)
    if regression.planned_by is not None:
        return _planned(seen, regression.planned_by)
    return _look_alike(seen) or _conclude(seen)


def _look_at_the_rise(seen: Seen, inputs: Inputs) -> Generator[Call, Any, None]:
    service, function = seen.regression.service, seen.regression.function
    until = {"end": inputs.analysis.end} if inputs.analysis else {}
    history = step("history", "Is it one step that stayed, or a spike, a drift or a daily pattern?").call(
        "function_history", Series, service=service, function=function, start=seen.baseline.start, **until
    )
    seen.history = yield from attempt(history, seen.gaps)
    diff = step("diff", "Do the stacks before and after show the rise, and does something else fall with it?").call(
        "diff_profiles", ProfileDiff, service=service, before=seen.baseline, after=seen.analysis, limit=DIFF_ROWS
    )
    seen.diff = yield from attempt(diff, seen.gaps)
    if seen.diff is not None and _row(seen) is None:
        seen.gaps.append(f"diff: {function} is not among the {len(seen.diff.rows)} functions that differ most")


def _look_for_causes(seen: Seen) -> Generator[Call, Any, None]:
    service, point = seen.regression.service, seen.regression.change_point
    start = point.earliest - LOOK_BACK
    rollouts = step("rollouts", "Which versions reached which hosts around the change point?").call(
        "rollout_status", Listing[Rollout], service=service, start=start, end=point.latest + LOOK_AHEAD
    )
    seen.rollouts = yield from attempt(rollouts, seen.gaps)
    changes = step("changes", "Which commits, settings and experiments arrived before it?").call(
        "list_changes", Listing[Change], service=service, start=start, end=point.latest + timedelta(hours=1)
    )
    seen.changes = yield from attempt(changes, seen.gaps)
    causes = step("causes", "Does one of them act on the stacks that rose, and fit their timing?").call(
        "rank_causes", RootCause, id=seen.regression.id
    )
    seen.root = yield from attempt(causes, seen.gaps)
    suppressed = step("suppressed", "What else moved at that time and was dropped, and why?").call(
        "suppressed_near", Listing[Suppressed], id=seen.regression.id
    )
    seen.suppressed = yield from attempt(suppressed, seen.gaps)


def _thin(seen: Seen) -> Resolution | None:
    """Not enough data for a statement either way."""
    if seen.history is None and seen.diff is None:
        return _end(seen, "not_enough_data", f"Neither history nor profiles of {_name(seen)} could be read.")
    if seen.history is not None:
        before, after = _levels(seen, seen.history)
        if min(len(before), len(after)) < MIN_BUCKETS:
            summary = (
                f"{_name(seen)} has {len(before)} buckets with samples before the change point and {len(after)} since; "
                f"a level needs {MIN_BUCKETS}."
            )
            return _end(seen, "not_enough_data", summary, next_steps=("Ingest more samples, then run this again.",))
    row = _row(seen)
    if row is not None and not row.low > 0 and row.high >= seen.regression.absolute_delta:
        summary = (
            f"The profiles cannot tell a rise of {_points(seen.regression.absolute_delta)} from none "
            f"({_interval(row.low, row.high)})."
        )
        return _end(seen, "not_enough_data", summary, next_steps=("Widen the baseline and analysis windows.",))
    return None


def _gone(seen: Seen) -> Resolution | None:
    """The rise is not, or no longer, there."""
    row = _row(seen)
    if row is not None and not row.low > 0:
        summary = (
            f"The rise of {_name(seen)} is not in the profiles of {seen.analysis}: its gCPU differs by "
            f"{_points(row.delta)} ({_interval(row.low, row.high)})."
        )
        return _end(seen, "not_found", summary, next_steps=("Close the report, or choose the windows anew.",))
    late = _late(seen)
    if late is not None and late.most <= late.usual + WENT_AWAY * seen.regression.absolute_delta:
        summary = f"The rise of {_name(seen)} went away: {late.claim}; it had risen to {_share(seen.regression.after)}."
        steps = ("See what ran or was rolled back in between; a batch job or an incident leaves this shape.",)
        return _end(seen, "not_found", summary, next_steps=steps)
    return None


def _look_alike(seen: Seen) -> Resolution | None:
    """The share rose and the code did not become dearer, or something else explains the look of it."""
    for why in (_cost_did_not_rise(seen), _others_shrank(seen), _moved(seen)):
        if why is not None:
            summary, finding = why
            return _end(seen, "needs_person", summary, found=(finding,), next_steps=_LOOK_ALIKE_STEPS)
    return None


def _cost_did_not_rise(seen: Seen) -> tuple[str, Finding] | None:
    cost, share = seen.regression.service_delta, seen.regression.absolute_delta
    if cost is None or cost >= MIN_COST_PART * share:
        return None
    claim = f"The share of {_name(seen)} rose by {_points(share)}, its cost at equal traffic by {_points(cost)}."
    evidence = (_of(seen, "service_delta"), _of(seen, "absolute_delta"))
    return f"Traffic moved, the cost per request did not: {claim}", Finding(claim=claim, evidence=evidence)


def _others_shrank(seen: Seen) -> tuple[str, Finding] | None:
    """A share also rises when the rest of the service gets cheaper; request counts rule that out where they exist."""
    regression = seen.regression
    if seen.diff is None or regression.service_delta is not None:
        return None
    for place, row in _fallen(seen, seen.diff):
        if row.before >= 1 or not row.before > row.after:
            continue
        lift = regression.before * ((1 - row.after) / (1 - row.before) - 1)
        if lift >= 0.5 * regression.absolute_delta:
            claim = (
                f"{row.function} fell from {_share(row.before)} to {_share(row.after)}; that alone lifts the share of "
                f"{regression.function} by {_points(lift)} of its {_points(regression.absolute_delta)}."
            )
            evidence = (_in_diff(seen, f"rows.{place}.before"), _in_diff(seen, f"rows.{place}.after"))
            return f"The denominator may explain it: {claim}", Finding(claim=claim, evidence=evidence)
    return None


def _moved(seen: Seen) -> tuple[str, Finding] | None:
    """Cost that went from one function to another of its module is a refactoring, not a regression."""
    rise = seen.regression.absolute_delta
    module = seen.regression.function.partition(":")[0]
    for place, row in _fallen(seen, seen.diff) if seen.diff is not None else ():
        fall = -row.delta - rise * row.before  # a rise elsewhere takes this much from every other share
        if row.function.partition(":")[0] == module and MOVED[0] * rise <= fall <= MOVED[1] * rise:
            claim = (
                f"{row.function}, of the same module, fell by {_points(-row.delta)} as this rose by {_points(rise)}."
            )
            evidence = (_in_diff(seen, f"rows.{place}.delta"), _of(seen, "absolute_delta"))
            return f"The cost looks moved, not new: {claim}", Finding(claim=claim, evidence=evidence)
    return None


def _conclude(seen: Seen) -> Resolution:
    root = seen.root
    if root is None:
        summary = f"The rise of {_name(seen)} is real; the changes before it could not be ranked."
        return _end(seen, "needs_person", summary, next_steps=_by_hand(seen))
    if root.change_id is None or not root.candidates:
        summary = f"The rise of {_name(seen)} is real and no change stands out: {root.reason}."
        return _end(seen, "needs_person", summary, found=_candidates(root), next_steps=_by_hand(seen))
    place, best = next((i, one) for i, one in enumerate(root.candidates) if one.change_id == root.change_id)
    if best.reached_at > seen.regression.change_point.latest + _bucket(seen):
        summary = (
            f"{_change(best)} ranks first, yet it reached the hosts at {best.reached_at:%Y-%m-%d %H:%M} UTC, after the "
            f"rise had begun ({seen.regression.change_point.latest:%Y-%m-%d %H:%M} at the latest)."
        )
        return _end(seen, "needs_person", summary, found=_candidates(root), next_steps=_by_hand(seen))
    if _row(seen) is None:
        summary = f"{_change(best)} ranks first; the profiles that would confirm the rise do not show the function."
        return _end(seen, "needs_person", summary, found=_candidates(root), next_steps=_by_hand(seen))
    return _explained(seen, root, place, best)


def _explained(seen: Seen, root: RootCause, place: int, best: Candidate) -> Resolution:
    claim = (
        f"{_change(best)} stands out with a score of {best.score:.2f}: {100 * best.attribution:.0f} % of the rise lies "
        f"in stacks it acts on, and its arrival fits the rise {100 * best.timing:.0f} % as well as the best step."
    )
    names = ("score", "attribution", "timing", "reached_at")
    evidence = (cite("causes", root, "change_id"), *(cite("causes", root, f"candidates.{place}.{n}") for n in names))
    return _end(
        seen,
        "explained",
        f"{_name(seen)} rose by {_points(seen.regression.absolute_delta)} since "
        f"{seen.regression.change_point.at:%Y-%m-%d %H:%M} UTC; the change that stands out is {_change(best)}.",
        cause=root.change_id,
        found=(Finding(claim=claim, evidence=evidence), *_candidates(root, but=place)),
        next_steps=(
            f"Show {best.author} the stacks in the diff, and agree on a fix or on keeping the cost.",
            "Replay the service's workload before and after the change: a score ranks, a measurement confirms.",
        ),
    )


def _planned(seen: Seen, cause: str) -> Resolution:
    claim = f"{cause} announced a rise of this kind, and the rise is filed as planned."
    return _end(
        seen,
        "explained",
        f"{_name(seen)} rose by {_points(seen.regression.absolute_delta)}, as {cause} had announced.",
        cause=cause,
        found=(Finding(claim=claim, evidence=(_of(seen, "planned_by"), _of(seen, "absolute_delta"))),),
        next_steps=("Compare the rise with the announced cost, and see that the experiment has an end.",),
    )


def _unread(regression: str, gap: StepFailed) -> Resolution:
    return Resolution(
        status="needs_person",
        summary=f"Regression {regression} could not be read, so nothing was looked at: {gap.reason}",
        gaps=(f"{gap.step} ({gap.outcome}): {gap.reason}",),
        next_steps=("Check the id with `effnb regressions`.",),
    )


def _improvement(regression: Regression) -> Resolution:
    claim = f"{regression.function} fell by {_points(-regression.absolute_delta)} of {regression.service}'s CPU."
    evidence = (cite("regression", regression, "kind"), cite("regression", regression, "absolute_delta"))
    return Resolution(
        status="not_found",
        summary=f"{regression.id} is an improvement; there is no rise to explain.",
        findings=(Finding(claim=claim, evidence=evidence),),
    )


_LOOK_ALIKE_STEPS = (
    "Compare CPU per request of the service, and of the endpoints that call the function, in both windows.",
    "If it did not rise, close the report as a look-alike; if it did, take up the first candidate.",
)


def _end(
    seen: Seen,
    status: ResolutionStatus,
    summary: str,
    *,
    cause: str | None = None,
    found: tuple[Finding, ...] = (),
    next_steps: tuple[str, ...] = (),
) -> Resolution:
    """A conclusion with everything that was seen on the way, in the order it was looked at."""
    common = (_rise(seen), _stays(seen), _in_profiles(seen), _arrivals(seen), _dropped(seen))
    findings = (*(one for one in common if one is not None), *found)
    return Resolution(
        status=status, summary=summary, cause=cause, findings=findings, gaps=tuple(seen.gaps), next_steps=next_steps
    )


def _rise(seen: Seen) -> Finding:
    one = seen.regression
    claim = (
        f"gCPU of {_name(seen)} went from {_share(one.before)} to {_share(one.after)} at "
        f"{one.change_point.at:%Y-%m-%d %H:%M} UTC: {_points(one.absolute_delta)} "
        f"({_interval(one.low, one.high)})."
    )
    return Finding(
        claim=claim, evidence=tuple(_of(seen, n) for n in ("before", "after", "low", "high", "change_point.at"))
    )


def _stays(seen: Seen) -> Finding | None:
    late = _late(seen)
    if late is None or seen.history is None:
        return None
    evidence = tuple(cite("history", seen.history, f"values.{place}") for place in (late.first, late.last))
    return Finding(claim=f"{late.claim[0].upper()}{late.claim[1:]}.", evidence=evidence)


def _in_profiles(seen: Seen) -> Finding | None:
    row = _row(seen)
    if seen.diff is None or row is None:
        return None
    place = seen.diff.rows.index(row)
    claim = (
        f"The stacks of both windows differ by {_points(row.delta)} for it "
        f"({_interval(row.low, row.high)}); its own code is {_share(row.self_before)} before and "
        f"{_share(row.self_after)} after."
    )
    names = ("delta", "low", "high", "self_before", "self_after")
    return Finding(claim=claim, evidence=tuple(_in_diff(seen, f"rows.{place}.{name}") for name in names))


def _arrivals(seen: Seen) -> Finding | None:
    if seen.rollouts is None:
        return None
    shown = seen.rollouts.rows[-TOP:]
    told = ", ".join(f"{one.version[:12]} on {one.host_group} at {one.started_at:%m-%d %H:%M}" for one in shown)
    claim = f"{seen.rollouts.total} rollouts around the change point" + (f", the last: {told}." if told else ".")
    return Finding(claim=claim, evidence=(cite("rollouts", seen.rollouts, "total"),))


def _dropped(seen: Seen) -> Finding | None:
    if seen.suppressed is None:
        return None
    stages = Counter(one.stage for one in seen.suppressed.rows)
    told = ", ".join(f"{count} by {stage}" for stage, count in sorted(stages.items()))
    if seen.suppressed.total > len(seen.suppressed.rows):
        told = f"of the {len(seen.suppressed.rows)} largest {told}"
    claim = f"{seen.suppressed.total} other change points near it were dropped" + (f": {told}." if told else ".")
    return Finding(claim=claim, evidence=(cite("suppressed", seen.suppressed, "total"),))


def _candidates(root: RootCause, but: int | None = None) -> tuple[Finding, ...]:
    """One finding a candidate, best first, at most ``TOP``; the one at place ``but`` left out."""
    return tuple(
        Finding(
            claim=f"{_change(one)} scores {one.score:.2f}: {'; '.join(one.reasons) or 'no reasons given'}.",
            evidence=(cite("causes", root, f"candidates.{i}.change_id"), cite("causes", root, f"candidates.{i}.score")),
        )
        for i, one in enumerate(root.candidates[:TOP])
        if i != but
    )


def _by_hand(seen: Seen) -> tuple[str, ...]:
    point, hours = seen.regression.change_point, f"{LOOK_BACK / timedelta(hours=1):.0f} h"
    arrived = len(seen.changes) if seen.changes is not None else 0
    changes = f"Go through the {arrived} changes that arrived" if arrived else "Ask the owners what changed"
    deployed = {
        (one.previous, one.version) for one in seen.rollouts or () if one.previous and one.started_at <= point.latest
    }
    return (
        f"{changes} in the {hours} before, beginning with those that touch {seen.regression.function}.",
        *(f"Compare versions {old[:12]} and {new[:12]}: that rollout fits the time." for old, new in sorted(deployed)),
        "Look outside the repository: dependencies, base image, data volume, callers in other services.",
    )


def _levels(seen: Seen, history: Series) -> tuple[list[int], list[int]]:
    """Positions of the buckets with samples, before the earliest and from the latest time of the change point on."""
    point = seen.regression.change_point
    width = timedelta(seconds=history.step_seconds)
    known = [(i, history.start + i * width) for i, value in enumerate(history.values) if value is not None]
    return [i for i, at in known if at + width <= point.earliest], [i for i, at in known if at >= point.latest]


def _late(seen: Seen) -> Late | None:
    """The last quarter since the change point; null when that is shorter than ``MIN_BUCKETS``."""
    history = seen.history
    if history is None:
        return None
    before, after = _levels(seen, history)
    last = after[-(len(after) // 4) :] if len(after) >= 4 * MIN_BUCKETS else []
    if not last:
        return None
    mean, samples = _mean(history, last)
    margin = 2 * (mean * (1 - mean) / samples) ** 0.5 if history.counts else 0.0
    # A share that has a daily course is compared with the same hours of the days before.
    a_day = max(1, 86_400 // history.step_seconds)
    hours = {i % a_day for i in last}
    same_hours = [i for i in before if i % a_day in hours]
    usual = _mean(history, same_hours)[0] if same_hours else seen.regression.before
    claim = (
        f"in the last {len(last)} of {len(after)} buckets since then gCPU averages {_share(mean)}, against "
        f"{_share(usual)} before at the same hours"
    )
    return Late(last[0], last[-1], mean + margin, usual, claim)


def _mean(history: Series, places: list[int]) -> tuple[float, int]:
    """Mean gCPU over some buckets, weighted by their samples, and how many samples that are."""
    weights = [history.counts[i] if history.counts else 1 for i in places]
    total = sum(weights)
    mean = sum(w * (history.values[i] or 0.0) for i, w in zip(places, weights, strict=True)) / max(total, 1)
    return mean, max(total, 1)


def _bucket(seen: Seen) -> timedelta:
    """An arrival inside a bucket may show in it or only in the next."""
    return timedelta(seconds=seen.history.step_seconds) if seen.history is not None else timedelta(hours=1)


def _row(seen: Seen) -> FunctionDelta | None:
    rows = seen.diff.rows if seen.diff is not None else ()
    return next((row for row in rows if row.function == seen.regression.function), None)


def _fallen(seen: Seen, diff: ProfileDiff) -> list[tuple[int, FunctionDelta]]:
    related = {seen.regression.function, *seen.regression.carriers}
    return [(i, row) for i, row in enumerate(diff.rows) if row.high < 0 and row.function not in related]


def _of(seen: Seen, name: str) -> Evidence:
    return cite("regression", seen.regression, name)


def _in_diff(seen: Seen, name: str) -> Evidence:
    return cite("diff", seen.diff, name, seen.analysis)


def _name(seen: Seen) -> str:
    return f"{seen.regression.function} in {seen.regression.service}"


def _change(one: Candidate) -> str:
    return f"{one.change_id[:12] if one.kind == 'code' else one.change_id} “{one.title}” ({one.author})"


def _share(value: float) -> str:
    return f"{100 * value:.2f} %"


def _points(value: float) -> str:
    return f"{100 * value:.2f} points"


def _interval(low: float, high: float) -> str:
    return f"95 % interval {100 * low:.2f} to {100 * high:.2f} points"
