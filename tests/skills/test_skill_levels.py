"""A level is compared with the same hours of the day, and a series that wanders has not changed its level."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta

import pytest

from effnb.domain import Listing, Metric, Series
from effnb.skills import shift_at

AT = datetime(2026, 10, 15, 16, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def series(values, before=DAY):
    return Series(metric=Metric(name="latency_p95", unit="s"), start=AT - before, step_seconds=1800, values=values)


def daily(count, step=1.0, seed=1):
    """A daily course with a little noise; from ``AT`` on times ``step``."""
    rng = random.Random(seed)
    course = [
        0.07 * (1 + 0.3 * math.sin(2 * math.pi * i / 48)) * math.exp(0.01 * rng.gauss(0, 1)) for i in range(count)
    ]
    return [value * (step if i >= count // 2 else 1.0) for i, value in enumerate(course)]


def test_a_step_is_found_through_the_daily_course():
    shift = shift_at(series(daily(96, 1.15)), AT, DAY)
    assert shift.relative == pytest.approx(0.15, abs=0.01)
    assert 0.13 < shift.low < 0.15 < shift.high < 0.17
    assert shift.places == (0, 47, 48, 95)


def test_a_daily_course_alone_is_no_step():
    shift = shift_at(series(daily(96)), AT, DAY)
    assert abs(shift.relative) < 0.01
    assert shift.low < 0.005


@pytest.mark.parametrize("seed", range(10))
def test_a_wandering_level_is_uncertain(seed):
    rng, level, values = random.Random(seed), 420e6, []
    for _ in range(96):
        level += 420e6 * 0.0005 * rng.gauss(0, 1)
        values.append(level)
    shift = shift_at(series(values), AT, DAY)
    assert shift.low < 0.05


def test_less_than_a_day_before_is_one_level():
    shift = shift_at(series([10.0] * 12 + [12.0] * 12, timedelta(hours=6)), AT, DAY)
    assert (shift.before, shift.after) == (10.0, 12.0)
    assert (shift.low, shift.high) == (pytest.approx(0.2), pytest.approx(0.2))


@pytest.mark.parametrize("values", [[1.0] * 5 + [2.0] * 50, [1.0] * 48 + [2.0] * 5, [0.0] * 48 + [2.0] * 48])
def test_too_few_buckets_or_nothing_before_is_no_shift(values):
    before = timedelta(minutes=30) * (5 if values[5] == 2.0 else 48)
    assert shift_at(series(values, before), AT, DAY) is None


def test_missing_values_are_left_out():
    values = [10.0 if i % 2 else None for i in range(48)] + [11.0 if i % 2 else None for i in range(48)]
    shift = shift_at(series(values), AT, DAY)
    assert shift.relative == pytest.approx(0.1)
    assert shift.places == (1, 47, 49, 95)


def test_a_shift_cites_values_that_are_there():
    found = Listing[Series](rows=(series(daily(96, 1.15)),), searched="x", total=1)
    shift = shift_at(found.rows[0], AT, DAY)
    cited = shift.cite("latency", found, 0)
    assert [one.field for one in cited] == [f"rows.0.values.{place}" for place in (0, 47, 48, 95)]
    assert [one.value for one in cited] == [found.rows[0].values[place] for place in (0, 47, 48, 95)]
