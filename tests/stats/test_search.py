"""Where levels change, against brute force and planted steps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from effnb.stats import scan_statistic, split_levels

RNG = np.random.default_rng(7)
NOISE = RNG.standard_normal(400)


@given(arrays(float, st.tuples(st.integers(1, 3), st.integers(8, 60)), elements=st.floats(-100, 100)))
def test_scan_is_the_best_standardised_difference_of_means(values):
    n = values.shape[1]
    margin = max(2, n // 50)
    best = [
        max(abs(row[:k].mean() - row[k:].mean()) / np.sqrt(1 / k + 1 / (n - k)) for k in range(margin, n - margin))
        if n >= 4 * margin
        else 0.0
        for row in values
    ]
    assert scan_statistic(values, np.ones(len(values))) == pytest.approx(np.array(best), abs=1e-6)


def test_a_step_of_five_sigma_of_the_mean_scores_five():
    values = np.where(np.arange(400) >= 200, 0.5, 0.0)[None, :]
    assert scan_statistic(values, np.array([1.0]))[0] == pytest.approx(0.5 / np.sqrt(2 / 200))


def test_rows_without_noise_and_short_rows_score_nothing():
    assert scan_statistic(RNG.random((1, 100)), np.array([0.0])).tolist() == [0.0]
    assert scan_statistic(RNG.random((1, 7)), np.array([1.0])).tolist() == [0.0]


def test_planted_levels_are_split_at_their_first_point():
    values = NOISE + 6 * (np.arange(400) >= 120) - 9 * (np.arange(400) >= 310)
    assert split_levels(values, 1.0, penalty=25, min_points=4) == [120, 310]


def test_noise_is_one_level():
    assert split_levels(NOISE, 1.0, penalty=25, min_points=4) == []


def test_no_level_is_shorter_than_the_least():
    values = NOISE[:100] + 50 * ((np.arange(100) >= 50) & (np.arange(100) < 52))
    edges = [0, *split_levels(values, 1.0, penalty=25, min_points=4), 100]
    assert min(np.diff(edges)) >= 4


@pytest.mark.parametrize(("n", "sd"), [(7, 1.0), (100, 0.0)])
def test_too_short_or_noiseless_series_are_one_level(n, sd):
    assert split_levels(np.arange(float(n)), sd, penalty=25, min_points=4) == []
