"""Whether a measured ratio shows a gain, in the light of its control."""

from __future__ import annotations

from effnb.domain import Check, Interval
from effnb.verify._candidate import Candidate
from effnb.verify._checks import broken, failed, passed
from effnb.verify._statistics import excludes_one

TOLERANCE = 0.02
"""A control this close to 1 is right even where its interval just misses it."""


def judge(candidate: Candidate, ratio: Interval, control: Interval, basis: str) -> Check:
    said = f"old/new {words(ratio)}, control {words(control)}, {basis}"
    if excludes_one(control) and abs(control.value - 1) > TOLERANCE:
        return broken("speed", f"the control differs from 1, so this machine cannot tell now: {said}")
    if ratio.low > max(1.0, control.high):
        return passed("speed", said)
    candidate.answers["open"] = ratio.high > max(1.0, control.high) and ratio.value > 1.0
    return failed("speed", f"no gain shown: {said}")


def words(interval: Interval) -> str:
    """An interval of ratios in few words."""
    digits = 3 if interval.value < 10 else 1
    return f"{interval.value:.{digits}f}× [{interval.low:.{digits}f}, {interval.high:.{digits}f}]"
