"""From ratios to a verdict: was the regression seen again when its suspected cause was replayed?"""

from __future__ import annotations

from typing import NamedTuple

from effnb.domain import ConfirmVerdict, Interval
from effnb.verify._versions import Ratios

HALF = 0.5
"""Part of the reported rise that a replay must be able to exclude before it says that the rise is not there."""
SMALLEST_RISE = 1.05
"""What counts as a rise when the report has no relative one, because the function is new."""


class Decision(NamedTuple):
    """A verdict and its reason."""

    verdict: ConfirmVerdict
    reason: str


def decide(ratios: Ratios, expected: float | None) -> Decision:
    """The verdict on the target function, or on the whole service where no function could be timed.

    Args:
        ratios: With the change over without it.
        expected: The ratio the report leads to expect; below 1 for an improvement, None when it is not known.
    """
    seen = ratios.target or ratios.service
    what = "the function" if ratios.target else "the whole service"
    falls = expected is not None and expected < 1
    ratio, control, rise = seen, ratios.control, expected or SMALLEST_RISE
    if falls:  # the same question with the sides exchanged
        ratio, control, rise = _inverse(seen), _inverse(control), 1 / rise
    if ratio.low > max(1.0, control.high):
        return Decision(
            "reproduced", f"{what} takes {_words(seen)} the CPU time with the change; A/A {_words(ratios.control)}"
        )
    least = 1 + HALF * (rise - 1)
    if ratio.high < least and control.low <= 1 <= control.high:
        bound = 1 / least if falls else least
        return Decision(
            "not_reproduced",
            f"{what} takes {_words(seen)} the CPU time with the change, not the {bound:.2f}× or more reported",
        )
    if not control.low <= 1 <= control.high:
        return Decision(
            "underpowered", f"two runs of the same version differ: {_words(ratios.control)}; try on a quieter machine"
        )
    return Decision(
        "underpowered", f"{what} takes {_words(seen)} the CPU time with the change: neither a rise nor none"
    )


def is_decided(ratios: Ratios, expected: float | None) -> bool:
    """Whether more rounds are not needed."""
    return decide(ratios, expected).verdict in ("reproduced", "not_reproduced")


def _inverse(ratio: Interval) -> Interval:
    return Interval(value=1 / ratio.value, low=1 / ratio.high, high=1 / ratio.low)


def _words(ratio: Interval) -> str:
    return f"{ratio.value:.2f}× [{ratio.low:.2f}, {ratio.high:.2f}]"
