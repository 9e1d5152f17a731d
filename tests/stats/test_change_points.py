"""What ``find_change_points`` promises about changes and about what looks like one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import ruptures  # noqa: F401  # loaded once here, not in the middle of a timed property

from effnb.stats import find_change_points

Floats = npt.NDArray[np.float64]


def noise(seed: int, n: int = 600) -> Floats:
    return np.random.default_rng(seed).standard_normal(n)


def remembering(seed: int, n: int = 600, memory: float = 0.5) -> Floats:
    values = noise(seed, n)
    for t in range(1, n):
        values[t] += memory * values[t - 1]
    return values


def near(found: list[int], *places: int, within: int = 8) -> bool:
    return len(found) == len(places) and all(abs(a - b) <= within for a, b in zip(found, places, strict=True))


def test_index_is_the_first_point_of_the_new_level() -> None:
    assert find_change_points(np.r_[np.full(40, 5.0), np.full(60, 7.0)]) == [40]


def test_a_step_in_noise_is_found_where_it_is() -> None:
    values = noise(1)
    values[400:] += 2
    assert near(find_change_points(values), 400)


def test_steps_up_and_down_are_found() -> None:
    values = noise(2)
    values[150:] += 3
    values[400:] -= 2
    assert near(find_change_points(values), 150, 400)


@pytest.mark.parametrize("scale", [1e-200, 1e-9, 1.0, 1e12, 1e200])
def test_the_unit_does_not_matter(scale: float) -> None:
    values = noise(3)
    values[300:] += 3
    assert find_change_points(values * scale) == find_change_points(values)


def test_noise_is_no_change() -> None:
    assert sum(bool(find_change_points(noise(seed))) for seed in range(100)) <= 5


def test_noise_that_remembers_is_no_change() -> None:
    assert sum(bool(find_change_points(remembering(seed))) for seed in range(100)) <= 5


def test_heavy_tails_are_no_change() -> None:
    flagged = sum(bool(find_change_points(np.random.default_rng(s).standard_t(3, 600))) for s in range(100))
    assert flagged <= 5


def test_rounded_and_counted_noise_is_no_change() -> None:
    flagged = sum(bool(find_change_points(np.random.default_rng(s).poisson(0.7, 600))) for s in range(100))
    assert flagged <= 5


def test_spikes_are_no_change() -> None:
    values = noise(4)
    values[[50, 51, 300, 301, 302, 500]] += 15
    assert find_change_points(values) == []


def test_a_pulse_that_falls_back_is_no_change() -> None:
    values = noise(5)
    values[300:340] += 4
    assert find_change_points(values) == []


def test_noisier_is_not_higher() -> None:
    values = noise(6)
    values[400:] *= 3
    assert find_change_points(values) == []


def test_seasonal_cycle_is_not_reported() -> None:
    values = noise(7, 1000) + 3 * np.sin(2 * np.pi * np.arange(1000) / 96)
    assert find_change_points(values) == []


def test_a_step_under_a_season_is_found() -> None:
    values = noise(8, 1000) + 3 * np.sin(2 * np.pi * np.arange(1000) / 96)
    values[600:] += 2
    assert near(find_change_points(values), 600)


def test_steady_trend_is_not_reported() -> None:
    assert find_change_points(noise(9) + np.linspace(0, 8, 600)) == []


def test_a_slow_rise_is_one_change_where_it_begins() -> None:
    values = 0.3 * noise(10, 900) + np.clip((np.arange(900) - 300) / 250, 0, 1) * 4
    found = find_change_points(values)
    assert len(found) == 1
    assert 230 <= found[0] <= 420


def test_random_walk_keeps_no_level_to_change() -> None:
    assert sum(bool(find_change_points(np.cumsum(noise(seed)))) for seed in range(50)) <= 4


def test_counts_show_a_rise_that_the_shares_alone_do_not() -> None:
    rng = np.random.default_rng(11)
    counts = np.tile(np.where(np.arange(600) % 4, 200, 20_000), (20, 1))
    share = np.where(np.arange(600) < 400, 0.010, 0.011)
    values = rng.binomial(counts, share) / counts
    weighed = [near(found, 400, within=30) for found in find_change_points.batch(values, counts=counts)]
    alone = [near(found, 400, within=30) for found in find_change_points.batch(values)]
    assert sum(weighed) >= 17
    assert sum(alone) <= 5


def test_counts_never_make_sampling_noise_a_change() -> None:
    rng = np.random.default_rng(12)
    counts = rng.integers(50, 5000, (100, 500))
    shares = rng.binomial(counts, 0.02) / counts
    assert sum(bool(found) for found in find_change_points.batch(shares, counts=counts)) <= 4


def test_a_lower_alpha_asks_for_more() -> None:
    values = noise(13)
    values[300:] += 0.36
    assert find_change_points(values, alpha=0.2) != []
    assert find_change_points(values, alpha=1e-6) == []


def test_missing_buckets_do_not_bend_a_season() -> None:
    time = np.delete(np.arange(1200), np.r_[300:370, 800:845])
    values = 3 * np.sin(2 * np.pi * time / 96) + noise(14, time.size)
    assert find_change_points(values, time * 300.0) == []
    values[time >= 700] += 2
    (found,) = find_change_points(values, time * 300.0)
    assert abs(time[found] - 700) <= 8
