"""Checks ``saving`` and ``evidence``: is it worth a change, and is enough known about it."""

from __future__ import annotations

from effnb.domain import Check, Interval
from effnb.verify._candidate import Candidate
from effnb.verify._checks import failed, passed, skipped
from effnb.verify._statistics import cost_interval, covering, exactly, saved_interval


def check_saving(candidate: Candidate) -> Check:
    """Whether the lower end of what is saved reaches the workspace's threshold."""
    times = candidate.speedup or candidate.replayed
    if times is None:
        return skipped("saving", "no speed was measured")
    profiled = candidate.cost is not None and candidate.fix.kind == "code"
    cost = candidate.cost if profiled else candidate.measured_cost
    if cost is None:
        return skipped("saving", "neither a profile nor a replay of the service says what the target costs")
    shares = _shares(candidate, cost)
    candidate.saved = covering(saved_interval(shares, times), _seen(candidate))
    value, low, high = (100 * share for share in (candidate.saved.value, candidate.saved.low, candidate.saved.high))
    said = (
        f"{value:.3g} % [{low:.3g}, {high:.3g}] of the service's CPU, from {100 * cost:.3g} % "
        f"[{100 * shares.low:.3g}, {100 * shares.high:.3g}] "
        f"in the {'profile' if profiled else 'replay'}; threshold {100 * candidate.policy.min_saved_share:.3g} %"
    )
    if candidate.saved.low >= candidate.policy.min_saved_share:
        return passed("saving", said)
    candidate.answers["open"] = candidate.saved.high >= candidate.policy.min_saved_share
    return failed("saving", f"too small: {said}")


def _shares(candidate: Candidate, cost: float) -> Interval:
    """What the target costs; a setting is measured by the whole service, whose share is not in doubt."""
    if candidate.fix.kind != "code":
        return exactly(cost)
    return cost_interval(cost, *([candidate.measured_cost] if candidate.measured_cost else []))


def _seen(candidate: Candidate) -> float | None:
    """What the replay of the service itself saved; None when it was not replayed, or is what the ratio is from."""
    if candidate.fix.kind != "code" or candidate.replayed is None or not candidate.measured_cost:
        return None
    return candidate.measured_cost * (1 - 1 / candidate.replayed.value)


def check_evidence(candidate: Candidate) -> Check:
    """Whether enough tests or inputs ran the changed lines."""
    policy = candidate.policy
    said = f"{candidate.tests} tests and {candidate.examples} distinct inputs ran the changed lines"
    if candidate.fix.kind != "code":
        return passed("evidence", "a setting was changed; the replay of the service is its evidence")
    if candidate.tests >= policy.min_tests or candidate.examples >= policy.min_examples:
        return passed("evidence", said)
    return failed("evidence", f"{said}; {policy.min_tests} tests or {policy.min_examples} inputs are asked for")
