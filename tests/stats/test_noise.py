"""Noise and season of series whose law is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from effnb.stats import long_run_sd, without_daily_season

ROWS, N = 60, 600


def autocorrelated(phi: float, *, rows: int = ROWS, n: int = N, seed: int = 3) -> np.ndarray:
    white = np.random.default_rng(seed).standard_normal((rows, n + 50))
    return lfilter([1.0], [1.0, -phi], white, axis=1)[:, 50:]


@pytest.mark.parametrize("phi", [0.0, 0.3, 0.6])
def test_long_run_sd_is_that_of_an_ar1_series(phi):
    found = np.median(long_run_sd(autocorrelated(phi)))
    assert found == pytest.approx(1 / (1 - phi), rel=0.12)


def test_a_level_change_is_no_noise():
    values = autocorrelated(0.0)
    changed = values + np.where(np.arange(N) >= N // 2, 50.0, 0.0)
    assert long_run_sd(changed) == pytest.approx(long_run_sd(values), rel=0.15)


def test_sampling_noise_does_not_hide_slow_noise():
    white = np.random.default_rng(4).standard_normal((ROWS, N))
    expected = np.hypot(1.0, 0.7 / (1 - 0.7))  # of the mean of n points, times √n
    assert np.median(long_run_sd(white + 0.7 * autocorrelated(0.7))) == pytest.approx(expected, rel=0.25)


def test_noise_scales_with_the_series():
    values = autocorrelated(0.4)
    assert long_run_sd(7.0 * values + 3.0) == pytest.approx(7.0 * long_run_sd(values))


def test_short_and_constant_series_have_no_noise():
    assert long_run_sd(np.ones((2, 7))).tolist() == [0.0, 0.0]
    assert long_run_sd(np.full((1, 50), 0.25)).tolist() == [0.0]


def test_a_mostly_zero_series_has_noise():
    counts = np.zeros((1, 200))
    counts[0, ::10] = 1.0
    assert long_run_sd(counts)[0] > 0.1


def test_daily_course_is_removed_and_the_level_kept():
    course = 1 + 0.5 * np.sin(2 * np.pi * np.arange(24) / 24)
    flat = without_daily_season(0.2 * np.tile(course, 6)[None, :], 24)
    assert flat[0] == pytest.approx(np.full(144, 0.2))


def test_a_step_survives_the_removal_of_the_season():
    course = np.tile(1 + 0.5 * np.sin(2 * np.pi * np.arange(24) / 24), 8)
    level = np.where(np.arange(192) >= 100, 0.3, 0.2)
    flat = without_daily_season((course * level)[None, :], 24)[0]
    assert flat[:88] == pytest.approx(0.2, rel=0.08)
    assert flat[112:] == pytest.approx(0.3, rel=0.08)


def test_less_than_three_days_are_returned_as_they_are():
    values = np.random.default_rng(1).random((2, 71))
    assert without_daily_season(values, 24) is values


def test_inputs_are_left_alone():
    values = autocorrelated(0.3, rows=2, n=96) + 10
    before = values.copy()
    long_run_sd(values)
    without_daily_season(values, 24)
    assert np.array_equal(values, before)


def test_a_silent_function_stays_silent():
    assert without_daily_season(np.zeros((1, 96)), 24).tolist() == [[0.0] * 96]
