"""The share of false reports is bounded over everything scanned."""

from __future__ import annotations

import numpy as np
import pytest

from effnb.detect._false_discovery import smallest_rates

HARMONIC_100 = float((1 / np.arange(1, 101)).sum())


def test_one_clear_finding_costs_its_p_value_times_all_tests():
    assert smallest_rates(np.array([1e-6]), 100) == pytest.approx([1e-6 * 100 * HARMONIC_100])


def test_clear_findings_make_room_for_less_clear_ones():
    alone = smallest_rates(np.array([1e-4]), 100)[0]
    among = smallest_rates(np.array([1e-9, 1e-4, 1e-8]), 100)
    assert among[1] == pytest.approx(alone / 3)
    assert among[0] <= among[2] <= among[1]


def test_nothing_found_is_nothing_to_bound():
    assert len(smallest_rates(np.array([]), 100)) == 0


def test_noise_alone_is_reported_no_more_often_than_asked():
    rng = np.random.default_rng(1)
    months = [smallest_rates(rng.uniform(size=1000), 1000).min() <= 0.05 for _ in range(400)]
    assert np.mean(months) <= 0.05
