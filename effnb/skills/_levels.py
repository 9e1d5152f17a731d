"""Whether a metric's level changed at a time: like hours are compared, and a wandering level is no change."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import fmean, variance

from effnb.domain import Evidence, Listing, Series
from effnb.skills._step import cite

DAY = 86_400
MIN_PAIRS = 6
"""Fewer buckets on either side carry no level."""


@dataclass(frozen=True)
class Shift:
    """The relative change of a level, with its 95 % interval, and the buckets it was measured in."""

    before: float
    after: float
    relative: float
    low: float
    high: float
    places: tuple[int, int, int, int]
    """Positions of the first and last bucket before, and of the first and last after."""

    @property
    def words(self) -> str:
        """The change in words."""
        return f"{100 * self.relative:+.1f} % (95 % interval {100 * self.low:+.1f} to {100 * self.high:+.1f} %)"

    def cite(self, step: str, found: Listing[Series], row: int) -> tuple[Evidence, ...]:
        """The values at the ends of both spans."""
        return tuple(cite(step, found, f"rows.{row}.values.{place}") for place in self.places)


def shift_at(series: Series, at: datetime, span: timedelta) -> Shift | None:
    """How the level in ``span`` from ``at`` on differs from the same hours of the days before.

    Where the buckets before ``at`` cover less than a day, all of them are the level before. Null when either side has
    fewer than six buckets with positive values.
    """
    width = timedelta(seconds=series.step_seconds)
    known = [(i, series.start + i * width, value) for i, value in enumerate(series.values) if value is not None]
    old = [(i, value) for i, start, value in known if start + width <= at]
    new = [(i, value) for i, start, value in known if at <= start < at + span]
    if min(len(old), len(new)) < MIN_PAIRS:
        return None
    a_day = max(1, DAY // series.step_seconds)
    usual = _by_hour(old, a_day)
    pairs = [(usual[i % a_day], value) for i, value in new if i % a_day in usual]
    if len(pairs) < MIN_PAIRS:
        level = fmean(value for _, value in old)
        pairs = [(level, value) for _, value in new]
    # Ratios: what rises by a tenth rises by a tenth at noon and at night.
    steps = [math.log(right / left) for left, right in pairs if left > 0 and right > 0]
    if len(steps) < MIN_PAIRS:
        return None
    step, margin = fmean(steps), _margin(steps)
    before, after = fmean(left for left, _ in pairs), fmean(right for _, right in pairs)
    ends = (old[0][0], old[-1][0], new[0][0], new[-1][0])
    relative, low, high = (math.expm1(step + side) for side in (0.0, -margin, margin))
    return Shift(before, after, relative, low, high, ends)


def _by_hour(values: list[tuple[int, float]], a_day: int) -> dict[int, float]:
    """Mean value at each time of day."""
    found: dict[int, list[float]] = defaultdict(list)
    for place, value in values:
        found[place % a_day].append(value)
    return {hour: fmean(many) for hour, many in found.items()}


def _margin(differences: list[float]) -> float:
    """Half the 95 % interval of their mean; a series that wanders has fewer independent values than buckets."""
    spread, mean, count = variance(differences), fmean(differences), len(differences)
    if spread == 0:
        return 0.0
    lag = sum((a - mean) * (b - mean) for a, b in pairwise(differences))
    follows = min(max(lag / ((count - 1) * spread), 0.0), 0.99)
    independent = max(count * (1 - follows) / (1 + follows), 1.0)
    return 2 * math.sqrt(spread / independent)
