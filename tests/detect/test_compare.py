"""What changed between two profiles, and how sure that is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from effnb.detect import compare_profiles
from effnb.detect._compare import newcombe_interval
from effnb.domain import FunctionDelta, Profile, ProfileDiff
from effnb.errors import AnalysisError, NotEnoughData

STACKS = st.dictionaries(st.lists(st.sampled_from("abcdef"), max_size=5).map(tuple), st.integers(1, 1000), min_size=1)


def profile(stacks: dict[tuple[str, ...], int], unit: str = "samples", **labels: str) -> Profile:
    return Profile.from_stacks(stacks, unit=unit, labels=labels)


def compare(before: Profile, after: Profile, limit: int | None = None) -> ProfileDiff:
    return compare_profiles(before, after, before_name="before", after_name="after", limit=limit)


def row(diff: ProfileDiff, function: str) -> FunctionDelta:
    return next(row for row in diff.rows if row.function == function)


def test_shares_are_compared_and_not_counts():
    before, after = profile({("main", "a"): 30, ("main", "b"): 70}), profile({("main", "a"): 80, ("main", "b"): 120})
    diff = compare(before, after)
    rise = row(diff, "a")
    assert (rise.before, rise.after, rise.self_before, rise.self_after) == (0.3, 0.4, 0.3, 0.4)
    assert rise.delta == pytest.approx(0.1)
    assert (diff.total_before, diff.total_after, diff.functions) == (100, 200, 3)
    assert (row(diff, "main").delta, row(diff, "main").self_after) == (0, 0)


def test_recursion_counts_once():
    diff = compare(profile({("main", "f", "f", "f"): 10}), profile({("main", "f"): 5, ("main",): 5}))
    assert (row(diff, "f").before, row(diff, "f").after) == (1.0, 0.5)


def test_new_and_vanished_functions_have_a_share_of_zero():
    diff = compare(profile({("main", "old"): 10}), profile({("main", "new"): 10}))
    assert (row(diff, "new").before, row(diff, "new").after) == (0, 1)
    assert (row(diff, "old").before, row(diff, "old").after) == (1, 0)


@given(before=STACKS, after=STACKS)
def test_rows_are_sorted_by_absolute_change_and_intervals_hold_it(before, after):
    diff = compare(profile(before), profile(after))
    sizes = [abs(found.delta) for found in diff.rows]
    assert sizes == sorted(sizes, reverse=True)
    for found in diff.rows:
        assert -1 <= found.low <= found.delta <= found.high <= 1
        assert found.low < found.high
        assert 0 <= found.self_before <= found.before <= 1


@given(before=STACKS, after=STACKS)
def test_comparing_the_other_way_round_changes_signs_only(before, after):
    there, back = compare(profile(before), profile(after)), compare(profile(after), profile(before))
    for found in there.rows:
        other = row(back, found.function)
        assert (other.delta, other.low, other.high) == pytest.approx((-found.delta, -found.high, -found.low))


def test_limit_cuts_rows_and_not_the_number_compared():
    diff = compare(profile({("a",): 1, ("b",): 2}), profile({("a",): 2, ("b",): 2}), limit=1)
    assert (len(diff.rows), diff.functions) == (1, 2)
    with pytest.raises(AnalysisError, match="limit of 0 or more"):
        compare(profile({}), profile({}), limit=-1)


def test_interval_is_newcombes():
    # Newcombe (1998), table II, method 10: contrasts (a) 56/70 − 48/80 and (g) 10/10 − 0/20.
    low, high = newcombe_interval(np.array([48 / 80]), np.array([56 / 70]), 80, 70)
    assert (low[0], high[0]) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    low, high = newcombe_interval(np.array([0.0]), np.array([1.0]), 20, 10)
    assert (low[0], high[0]) == pytest.approx((0.6791, 1.0), abs=5e-5)


def test_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(7)
    before, after = rng.binomial(400, 0.03, 20_000) / 400, rng.binomial(600, 0.05, 20_000) / 600
    low, high = newcombe_interval(before, after, 400, 600)
    assert 0.94 < np.mean((low <= 0.02) & (high >= 0.02)) < 0.97


def test_times_take_the_number_of_samples_the_profiler_names():
    counts = compare(profile({("a",): 40, ("b",): 60}), profile({("a",): 50, ("b",): 50}))
    stacks = {("a",): 40_000_000, ("b",): 60_000_000}, {("a",): 50_000_000, ("b",): 50_000_000}
    times = compare(*(profile(found, "nanoseconds", effective_samples="100") for found in stacks))
    assert (row(times, "a").low, row(times, "a").high) == (row(counts, "a").low, row(counts, "a").high)


@pytest.mark.parametrize("label", ["", "0", "many", "-5", "²", "9" * 5000])
def test_times_without_that_number_take_each_stack_as_seen_once(label):
    before = profile({("a",): 10**9, ("b",): 10**9}, "nanoseconds", effective_samples=label)
    known = profile({("a",): 1, ("b",): 1})
    assert row(compare(before, before), "a").high == row(compare(known, known), "a").high


def test_different_units_and_sample_types_are_refused():
    with pytest.raises(AnalysisError, match=r"samples \(before\) with nanoseconds \(after\)"):
        compare(profile({("a",): 1}), profile({("a",): 1}, "nanoseconds"))
    with pytest.raises(AnalysisError, match=r"sample type alloc_space .* with inuse_space"):
        compare(
            profile({("a",): 1}, "bytes", sample_type="alloc_space"),
            profile({("a",): 1}, "bytes", sample_type="inuse_space"),
        )


def test_two_empty_profiles_have_no_rows_and_one_is_refused():
    assert compare(profile({}), profile({})).rows == ()
    with pytest.raises(NotEnoughData, match="cannot compare after: it holds no samples"):
        compare(profile({("a",): 1}), profile({}))


def test_profile_of_stacks_without_frames_has_no_functions():
    assert compare(profile({(): 5}), profile({(): 5})).functions == 0
