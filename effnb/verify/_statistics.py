"""Ratios of CPU time with intervals: medians of log ratios, resampled over processes and over rounds within them."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from statistics import median

from effnb.domain import Interval

DRAWS = 1000
UNSURE = 0.1


def ratio_interval(groups: Sequence[Sequence[float]], *, seed: int = 0, draws: int = DRAWS) -> Interval:
    """Median ratio with its 95 % interval.

    Args:
        groups: Log ratios, one list for each process; processes differ by where code lies in memory.
        seed: Of the resampling.
        draws: How often to resample.
    """
    chooser = random.Random(seed)
    drawn = sorted(
        _centre([chooser.choices(group, k=len(group)) for group in chooser.choices(groups, k=len(groups))])
        for _ in range(draws)
    )
    low, high = drawn[int(0.025 * draws)], drawn[int(0.975 * draws) - 1]
    middle = _centre(groups)
    return Interval(value=math.exp(middle), low=math.exp(min(low, middle)), high=math.exp(max(high, middle)))


def cost_interval(best: float, *others: float) -> Interval:
    """Share of a service's CPU that a function takes, from all that was measured of it.

    Two recordings of the same code on a shared machine differ by 6–9 % of a function's cost, and a profile and a replay
    by their mix and what else the machine does: the interval covers every estimate and a tenth around it.
    """
    known = (best, *others)
    return Interval(value=best, low=min(known) * (1 - UNSURE), high=min(1.0, max(known) * (1 + UNSURE)))


def exactly(value: float) -> Interval:
    """A number that is not in doubt."""
    return Interval(value=value, low=value, high=value)


def saved_interval(cost: Interval, ratio: Interval) -> Interval:
    """Share of the service's CPU that is saved when a part that takes ``cost`` of it becomes faster by a ratio."""

    def saved(share: float, times: float) -> float:
        return share * (1 - 1 / times)

    ends = [saved(share, times) for share in (cost.low, cost.high) for times in (ratio.low, ratio.high)]
    return Interval(value=saved(cost.value, ratio.value), low=min(ends), high=max(ends))


def turned(interval: Interval) -> Interval:
    """Old over new from new over old."""
    return Interval(value=1 / interval.value, low=1 / interval.high, high=1 / interval.low)


def covering(saved: Interval, seen: float | None) -> Interval:
    """A saving that was worked out, widened to what was seen when the service itself was replayed, if it was.

    The race repeats recorded calls; in the service caches are fuller and memory is shared, so the gain differs.
    """
    if seen is None or seen <= 0:
        return saved
    low, high = min(saved.low, seen * (1 - UNSURE)), max(saved.high, seen * (1 + UNSURE))
    return Interval(value=saved.value, low=low, high=high)


def excludes_one(ratio: Interval) -> bool:
    """Whether an interval says that there is a difference."""
    return ratio.low > 1 or ratio.high < 1


def _centre(groups: Sequence[Sequence[float]]) -> float:
    return median(median(group) for group in groups)
