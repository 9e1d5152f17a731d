"""Ratios of CPU time with intervals: medians of log ratios, resampled over processes and over rounds within them."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from statistics import median

from effnb.domain import Interval

DRAWS = 1000


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


def saved_interval(cost: float, ratio: Interval) -> Interval:
    """Share of the service's CPU that is saved when a part that costs ``cost`` of it becomes faster by a ratio."""

    def saved(times: float) -> float:
        return cost * (1 - 1 / times)

    return Interval(value=saved(ratio.value), low=saved(ratio.low), high=saved(ratio.high))


def excludes_one(ratio: Interval) -> bool:
    """Whether an interval says that there is a difference."""
    return ratio.low > 1 or ratio.high < 1


def _centre(groups: Sequence[Sequence[float]]) -> float:
    return median(median(group) for group in groups)
