"""What is saved is known no better than what the function costs."""

from __future__ import annotations

import pytest

from effnb.domain import Interval
from effnb.verify._statistics import cost_interval, covering, exactly, saved_interval

TWICE = Interval(value=2.0, low=1.9, high=2.1)


def test_a_cost_covers_every_estimate_and_a_tenth_around_it():
    found = cost_interval(0.06, 0.05)
    assert (found.value, found.low, found.high) == pytest.approx((0.06, 0.045, 0.066))
    assert cost_interval(0.95).high == 1.0


def test_the_saving_has_the_doubt_of_cost_and_of_ratio():
    found = saved_interval(cost_interval(0.06, 0.05), TWICE)
    assert found.value == pytest.approx(0.03)
    assert found.low == pytest.approx(0.045 * (1 - 1 / 1.9))
    assert found.high == pytest.approx(0.066 * (1 - 1 / 2.1))


def test_a_loss_is_bounded_on_the_right_side():
    found = saved_interval(cost_interval(0.1), Interval(value=0.9, low=0.8, high=1.1))
    assert found.low == pytest.approx(0.11 * (1 - 1 / 0.8))
    assert found.high == pytest.approx(0.11 * (1 - 1 / 1.1))


def test_of_the_whole_service_nothing_but_the_ratio_is_in_doubt():
    found = saved_interval(exactly(1.0), TWICE)
    assert (found.low, found.high) == pytest.approx((1 - 1 / 1.9, 1 - 1 / 2.1))


def test_what_the_replay_itself_saved_is_covered():
    worked_out = Interval(value=0.03, low=0.025, high=0.035)
    assert covering(worked_out, 0.02).low == pytest.approx(0.018)
    assert covering(worked_out, 0.02).high == 0.035
    assert covering(worked_out, 0.04).high == pytest.approx(0.044)
    assert covering(worked_out, 0.03) == covering(worked_out, None) == covering(worked_out, -0.01) == worked_out
