"""Bad input: each kind has one defined answer, and properties hold for whatever Hypothesis thinks of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from effnb.errors import AnalysisError, NotEnoughData
from effnb.stats import find_change_points, find_change_points_batch

STEP = np.random.default_rng(0).standard_normal(200) + np.repeat([0.0, 5.0], 100)
START = datetime(2026, 1, 1, tzinfo=UTC)
any_floats = arrays.arrays(np.float64, st.integers(8, 160), elements=st.floats(allow_nan=True, allow_infinity=True))
calm = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@calm
@given(any_floats)
def test_any_floats_give_ascending_inner_indices_or_not_enough_data(values: np.ndarray) -> None:
    before = values.copy()
    try:
        found = find_change_points(values)
    except NotEnoughData:
        assert np.isfinite(values).sum() < 8
        return
    assert found == sorted(set(found))
    assert all(0 < index < values.size and np.isfinite(values[index]) for index in found)
    assert np.array_equal(values, before, equal_nan=True)


# Squares of what is smaller are zero, and what is left of such a series is rounding.
measured = st.floats(-1e6, 1e6).map(lambda value: value if abs(value) > 1e-100 else 0.0)


@calm
@given(arrays.arrays(np.float64, (4, 120), elements=measured, fill=st.just(0.0)))
def test_many_rows_say_what_each_says_alone(values: np.ndarray) -> None:
    assert find_change_points_batch(values) == [find_change_points(row) for row in values]


@calm
@given(st.floats(-1e9, 1e9), st.integers(8, 300))
def test_constant_series_never_changes(level: float, points: int) -> None:
    assert find_change_points(np.full(points, level)) == []


@calm
@given(st.data())
def test_shares_of_any_counts_are_answered(data: st.DataObject) -> None:
    n = data.draw(st.integers(8, 150))
    counts = data.draw(arrays.arrays(np.int64, n, elements=st.integers(0, 10_000)))
    share = data.draw(arrays.arrays(np.float64, n, elements=st.floats(0, 1)))
    with np.errstate(invalid="ignore"):
        values = np.floor(share * counts) / counts
    try:
        assert find_change_points(values, counts=counts) == sorted(find_change_points(values, counts=counts))
    except NotEnoughData:
        assert (counts > 0).sum() < 8


@calm
@given(st.sets(st.integers(0, 199), max_size=60))
def test_gaps_leave_the_step_where_it_is(gaps: set[int]) -> None:
    values = STEP.copy()
    values[sorted(gaps)] = np.nan
    (found,) = find_change_points(values)
    there = np.flatnonzero(np.isfinite(values))
    assert found == there[np.searchsorted(there, 100)]


def test_infinities_are_gaps() -> None:
    values = STEP.copy()
    values[[10, 50, 150]] = np.inf, -np.inf, np.nan
    assert find_change_points(values) == [100]


@pytest.mark.parametrize("values", [[], [1.0] * 7, [np.nan] * 50, [1.0] * 7 + [np.inf] * 9])
def test_too_few_points_is_not_nothing_found(values: list[float]) -> None:
    with pytest.raises(NotEnoughData, match="at least 8"):
        find_change_points(values)


def test_too_few_points_in_a_row_is_none_not_empty() -> None:
    rows = np.vstack([STEP, np.full(200, np.nan), np.ones(200)])
    assert find_change_points_batch(rows) == [[100], None, []]


@pytest.mark.parametrize(
    ("values", "said"),
    [(np.ones((3, 30)), r"shape \(n,\)"), (["a"] * 20, "numbers"), (np.ones(20, complex), "numbers"), (5.0, "shape")],
)
def test_what_is_no_series_is_refused(values: object, said: str) -> None:
    with pytest.raises(AnalysisError, match=said):
        find_change_points(values)  # type: ignore[arg-type]


def test_one_series_is_not_many() -> None:
    with pytest.raises(AnalysisError, match=r"\(series, points\)"):
        find_change_points_batch(STEP)


@pytest.mark.parametrize(
    ("times", "said"),
    [
        (np.arange(200)[::-1], "precedes"),
        (np.repeat(np.arange(100), 2), "repeats"),
        (np.arange(199), "199 timestamps"),
        (np.r_[np.arange(199.0), np.nan], "missing"),
        (np.array([*range(199), "NaT"], "datetime64[s]"), "missing"),
        ([START] + [datetime(2027, 1, 1) + timedelta(n) for n in range(199)], "time zone"),  # noqa: DTZ001
        (["today"] * 200, "numbers"),
    ],
)
def test_bad_timestamps_are_refused(times: object, said: str) -> None:
    with pytest.raises(AnalysisError, match=said):
        find_change_points(STEP, times)


def test_time_zones_may_differ_where_each_is_known() -> None:
    east = timezone(timedelta(hours=5))
    times = [(START + timedelta(minutes=n)).astimezone(east if n % 2 else UTC) for n in range(200)]
    assert find_change_points(STEP, times) == [100]


@pytest.mark.parametrize("unit", ["s", "ms", "ns"])
def test_every_kind_of_timestamp_gives_the_same_answer(unit: str) -> None:
    times = np.datetime64("2026-01-01") + np.arange(200) * np.timedelta64(60, "s")
    assert find_change_points(STEP, times.astype(f"datetime64[{unit}]")) == [100]


@pytest.mark.parametrize(
    ("shares", "counts", "said"),
    [(0.5, -1, "negative"), (1.5, 10, "k ≤ n"), (-0.1, 10, "k ≤ n"), (0.5, [10], "one count per value")],
)
def test_impossible_counts_are_refused(shares: float, counts: float | list[int], said: str) -> None:
    given_counts = np.full(50, counts) if isinstance(counts, int) else counts
    with pytest.raises(AnalysisError, match=said):
        find_change_points(np.full(50, shares), counts=given_counts)


def test_impossible_counts_are_refused_by_row() -> None:
    counts = np.full((3, 50), 10.0)
    counts[2, 7] = -3
    with pytest.raises(AnalysisError, match="series 2"):
        find_change_points_batch(np.full((3, 50), 0.5), counts=counts)


@pytest.mark.parametrize("alpha", [0.0, -0.1, 0.7, float("nan")])
def test_alpha_is_a_small_share(alpha: float) -> None:
    with pytest.raises(AnalysisError, match="alpha"):
        find_change_points(STEP, alpha=alpha)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
def test_rows_are_read_as_they_lie(dtype: type, tmp_path: Path) -> None:
    rows = np.round(np.vstack([STEP, STEP[::-1], np.zeros(200)]) * 100).astype(dtype)
    np.save(tmp_path / "rows.npy", rows)
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    assert find_change_points_batch(mapped) == [[100], [100], []]
    assert find_change_points_batch(np.asfortranarray(rows)) == [[100], [100], []]


def test_no_rows_are_no_answers() -> None:
    assert find_change_points_batch(np.empty((0, 100))) == []
    assert find_change_points_batch(np.empty((2, 0))) == [None, None]
