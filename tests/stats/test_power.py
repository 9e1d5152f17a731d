"""How small a rise can be seen, against the paper's figures, exact tests, and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from effnb.errors import AnalysisError
from effnb.stats._power import (
    critical_hits,
    design_effect_at,
    detection_chance,
    measured_design_effect,
    normal_samples_needed,
    samples_needed,
    sampling_sd,
    size_strata,
    smallest_rise,
)

FLEET = 500_000.0
"""Servers of FrontFaaS, sampled once a minute."""


def digits(value: float, text: str) -> str:
    """The value with as many decimals as the text has."""
    return f"{value:.{len(text.partition('.')[2])}f}"


@pytest.mark.parametrize(
    ("samples", "rise", "shares", "expected"),
    [
        (FLEET * 240, 5e-5, (0.000083, 0.001, 0.01, 0.05, 0.2), ("60", "17", "5.5", "2.5", "1.4")),
        (FLEET * 600, 5e-5, (0.001, 0.01, 0.05, 0.2), ("27", "8.7", "4.0", "2.2")),
        (16 * 86_400, 0.005, (0.01, 0.05, 0.2), ("59", "27", "15")),
        (100 * 240, 0.001, (0.001, 0.01), ("4.9", "1.6")),
    ],
)
def test_signal_to_noise_is_that_of_the_paper_s_fleets(samples, rise, shares, expected):
    found = rise / sampling_sd(shares, samples)
    assert [digits(value, text) for value, text in zip(found, expected, strict=True)] == list(expected)


@pytest.mark.parametrize(
    ("alpha", "expected"),
    [
        (0.01, (("13", 1), ("2.1", 60), ("10", 60), ("34", 60))),
        (0.01 / 800_000, (("42", 1), ("6.9", 60), ("33", 60), ("111", 60))),
    ],
)
def test_time_to_find_five_thousandths_of_a_point_at_half_a_million_servers(alpha, expected):
    """Minutes for a function of 0.1 %, hours for those of 1, 5 and 20 %."""
    minutes = normal_samples_needed((0.001, 0.01, 0.05, 0.2), 5e-5, alpha=alpha) / FLEET
    assert [digits(one / unit, text) for one, (text, unit) in zip(minutes, expected, strict=True)] == [
        text for text, _ in expected
    ]


def test_the_exact_test_needs_little_more_than_the_formula_when_hits_are_many():
    exact, formula = samples_needed(0.01, 5e-5, alpha=0.01), normal_samples_needed(0.01, 5e-5, alpha=0.01)
    assert 1.0 < exact / formula < 1.01


def test_a_baseline_of_equal_length_doubles_the_variance():
    assert sampling_sd(0.1, 1000, 1000) == pytest.approx(np.sqrt(2) * sampling_sd(0.1, 1000))
    assert sampling_sd(0.1, 1000, design_effect=4) == pytest.approx(2 * sampling_sd(0.1, 1000))


@given(st.floats(1e-3, 1e6), st.floats(1e-9, 0.4))
def test_critical_hits_are_the_fewest_that_noise_reaches_rarely_enough(mean, alpha):
    hits = float(critical_hits(mean, alpha))
    assert poisson.sf(hits - 1, mean) <= alpha * (1 + 1e-9)
    assert hits == 1 or poisson.sf(hits - 2, mean) > alpha * (1 - 1e-9)


def test_a_silent_function_is_found_by_a_handful_of_hits():
    """0.02 hits expected in 2,000 samples: noise reaches 2 once in 5,000 looks, 4.74 hits 95 times in 100."""
    assert smallest_rise(0.00001, 2000, alpha=0.001) * 2000 == pytest.approx(4.744 - 0.02, rel=0.001)


@pytest.mark.parametrize("share", [0.0005, 0.02, 0.3])
def test_rises_of_the_smallest_size_are_found_as_often_as_promised(share):
    """Binomial counts drawn before and after, tested with the variance of the level before."""
    rng, before, after, alpha = np.random.default_rng(11), 400_000, 50_000, 0.001
    rise = float(smallest_rise(share, after, before, alpha=alpha, power=0.9))
    old = rng.binomial(before, share, 20_000) / before
    new = rng.binomial(after, share + rise, 20_000) / after
    spread = 1 / ((1 - old) * (1 / after + 1 / before))
    found = new - old >= critical_hits(old * spread, alpha) / spread - old
    assert found.mean() == pytest.approx(0.9, abs=0.02)
    assert detection_chance(share, rise, after, before, alpha=alpha) == pytest.approx(0.9)


def test_needed_samples_make_the_rise_the_smallest_one():
    count = samples_needed((0.0001, 0.01, 0.2), 0.002, 1e7, alpha=1e-5)
    assert (smallest_rise((0.0001, 0.01, 0.2), count, 1e7, alpha=1e-5) <= 0.002).all()
    assert (smallest_rise((0.0001, 0.01, 0.2), count * 0.9, 1e7, alpha=1e-5) > 0.002).all()


def test_a_short_baseline_can_never_show_a_small_rise():
    assert samples_needed(0.1, 0.001, 1000) == np.inf
    assert np.isfinite(samples_needed(0.1, 0.001, 1e7))


def test_a_rise_beyond_every_sample_cannot_be_seen():
    assert smallest_rise(0.9, 10) == np.inf


def test_more_samples_of_the_same_servers_do_not_remove_what_the_servers_share():
    assert design_effect_at(1.0, 7.0) == 1.0
    assert design_effect_at(3.0, 2.0) == 5.0
    variance = [design_effect_at(3.0, factor) / factor for factor in (1, 2, 1e9)]
    assert variance == pytest.approx([3.0, 2.5, 2.0])


PER_DAY, DAYS, ROWS, TOTAL = 48, 14, 60, 20_000


def shares_with(noise: float, *, seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Hits of sixty functions of 5 %, whose true share has noise of this many binomial deviations a bucket."""
    rng = np.random.default_rng(seed)
    deviation = np.sqrt(0.05 * 0.95 / TOTAL)
    true = 0.05 + noise * deviation * rng.standard_normal((ROWS, PER_DAY * DAYS))
    totals = np.full(PER_DAY * DAYS, TOTAL)
    return rng.binomial(totals, true), totals


@pytest.mark.parametrize(("noise", "expected"), [(0.0, 1.0), (1.0, 2.0), (2.0, 5.0)])
def test_design_effect_is_the_variance_over_that_of_sampling(noise, expected):
    found = measured_design_effect(*shares_with(noise), block=12, per_day=PER_DAY)
    assert np.median(found) == pytest.approx(expected, rel=0.12)


def test_a_daily_course_and_a_change_of_level_are_no_noise():
    hits, totals = shares_with(1.0)
    course = 1 + 0.3 * np.sin(2 * np.pi * np.arange(hits.shape[1]) / PER_DAY)
    changed = np.rint(hits * course * np.where(np.arange(hits.shape[1]) > 300, 1.5, 1.0))
    plain, bent = (measured_design_effect(one, totals, block=12, per_day=PER_DAY) for one in (hits, changed))
    # the noise itself grows with the level: by half of its length, half as much again, squared
    assert np.median(bent) / np.median(plain) == pytest.approx(1.6, rel=0.25)


@pytest.mark.parametrize(
    ("hits", "totals"),
    [
        (np.ones((2, 20)), np.full(20, 1000)),  # too few blocks
        (np.zeros((1, 400)), np.full(400, 1000)),  # never sampled
        (np.ones((1, 400)), np.where(np.arange(400) < 100, 1000, 0)),  # hardly ever sampled
        (np.full((1, 400), 1000), np.full(400, 1000)),  # in every sample
    ],
)
def test_noise_that_cannot_be_measured_is_not_a_number(hits, totals):
    assert np.isnan(measured_design_effect(hits, totals, block=12, per_day=48)).all()


def test_sizes_follow_the_quantiles_they_were_given():
    sizes = size_strata([(0, 0.001), (0.5, 0.01), (1, 0.1)], 1000)
    assert np.quantile(sizes, [0.25, 0.5, 0.75]) == pytest.approx(0.01 * 10 ** np.array([-0.5, 0, 0.5]), rel=0.01)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: smallest_rise(1.0, 100), "a share is 1; gCPU is a fraction"),
        (lambda: smallest_rise([0.5, np.nan], 100), "a share is nan"),
        (lambda: smallest_rise(0.1, 0), "no samples before or after"),
        (lambda: smallest_rise(0.1, 100, alpha=0), "false alarm is 0"),
        (lambda: smallest_rise(0.1, 100, power=1), "chance to find a rise is 1"),
        (lambda: samples_needed(0.1, 0), "a rise of 0"),
        (lambda: size_strata([(0, 0.1), (1, 0.01)], 5), "that rise"),
        (lambda: size_strata([(0.1, 0.1), (1, 0.2)], 5), "from probability 0 to 1"),
    ],
)
def test_impossible_questions_are_refused_in_one_line(call, words):
    with pytest.raises(AnalysisError, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)
