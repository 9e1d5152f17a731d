"""What ratios are taken to say."""

from __future__ import annotations

import pytest

from effnb.domain import Interval
from effnb.verify import Ratios, decide, is_decided

QUIET = Interval(value=1.0, low=0.98, high=1.02)


def interval(low: float, high: float) -> Interval:
    return Interval(value=(low + high) / 2, low=low, high=high)


def ratios(low: float, high: float, control: Interval = QUIET, *, whole: bool = False) -> Ratios:
    seen = interval(low, high)
    return Ratios(None if whole else seen, control, seen if whole else interval(1.0, 1.01), 7)


@pytest.mark.parametrize(
    ("seen", "expected", "verdict"),
    [
        (ratios(1.27, 1.35), 1.3, "reproduced"),
        (ratios(1.27, 1.35), None, "reproduced"),
        (ratios(1.03, 1.05), 1.3, "reproduced"),
        (ratios(1.01, 1.05), 1.3, "not_reproduced"),  # inside the control's noise, and far from what was reported
        (ratios(0.97, 1.04), 1.3, "not_reproduced"),
        (ratios(0.97, 1.04), 1.05, "underpowered"),
        (ratios(0.97, 1.20), 1.3, "underpowered"),
        (ratios(0.97, 1.01), None, "not_reproduced"),
        (ratios(0.97, 1.04, interval(1.03, 1.08)), 1.3, "underpowered"),
        (ratios(1.27, 1.35, interval(1.03, 1.08)), 1.3, "reproduced"),
        (ratios(1.04, 1.06, interval(0.99, 1.05)), 1.3, "not_reproduced"),
        (ratios(0.60, 0.70), 0.66, "reproduced"),  # an improvement
        (ratios(0.97, 1.01), 0.66, "not_reproduced"),
    ],
)
def test_the_verdict_follows_from_interval_control_and_report(seen, expected, verdict):
    found = decide(seen, expected)
    assert found.verdict == verdict
    assert is_decided(seen, expected) == (verdict in ("reproduced", "not_reproduced"))


def test_the_reason_has_the_numbers():
    assert decide(ratios(1.27, 1.35), 1.3).reason == (
        "the function takes 1.31× [1.27, 1.35] the CPU time with the change; A/A 1.00× [0.98, 1.02]"
    )
    assert "not the 1.15× or more reported" in decide(ratios(0.97, 1.04), 1.3).reason
    assert decide(ratios(1.04, 1.06, whole=True), None).reason.startswith("the whole service takes 1.05×")
