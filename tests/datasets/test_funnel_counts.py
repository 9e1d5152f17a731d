"""The counts a simulated month hands to a detector."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from effnb.datasets._funnel import LARGE, FleetMonth, Truth, Wishes, simulate_month, without_noise

QUIET = Wishes(counts={})


def small_month(seed: int = 3, **arguments: object) -> tuple[FleetMonth, Truth]:
    return simulate_month(seed, **{"n_functions": 200, "history_days": 3, "days": 4, **arguments})  # type: ignore[arg-type]


def test_counts_of_a_bucket_add_up_to_its_total() -> None:
    month, _ = small_month()
    assert np.array_equal(month.counts.sum(axis=0), month.totals)
    assert month.counts.min() >= 0


def test_the_same_seed_gives_the_same_month_and_another_seed_another() -> None:
    one, truth = small_month()
    again, same_truth = small_month()
    other, _ = small_month(4)
    assert np.array_equal(one.counts, again.counts)
    assert one.changes == again.changes
    assert [event.id for event in truth.events] == [event.id for event in same_truth.events]
    assert one.totals.sum() != other.totals.sum()


def test_a_memory_mapped_month_holds_the_same_counts(tmp_path: Path) -> None:
    in_memory, _ = small_month()
    mapped, _ = small_month(counts_path=tmp_path / "counts.npy")
    assert np.array_equal(np.load(tmp_path / "counts.npy"), in_memory.counts)
    assert isinstance(mapped.counts, np.memmap)


def test_peak_memory_stays_near_that_of_the_counts() -> None:
    tracemalloc.start()
    month, _ = simulate_month(1, n_functions=1500, history_days=10, days=30, wishes=QUIET)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < month.counts.nbytes + 80e6


def test_function_counts_come_in_blocks_and_count_a_function_once_per_stack() -> None:
    month, _ = small_month()
    blocks = list(month.function_counts(block=64))
    assert [rows.start for rows, _ in blocks[:2]] == [0, 64]
    whole = np.vstack([counts for _, counts in blocks])
    holds_all = month.functions.index("front.main:serve")
    assert np.array_equal(whole[holds_all], month.totals)
    leaf = len(month.functions) // 2
    expected = sum(month.counts[i] for i, stack in enumerate(month.stacks) if month.functions[leaf] in stack)
    assert np.array_equal(whole[leaf], expected)


def test_stack_counts_around_a_time_cover_exactly_the_hours_asked_for() -> None:
    month, _ = small_month()
    at = month.start + 4 * 86_400
    before, after = month.before_after(at, hours=12, gap_hours=1)
    column = 4 * 48
    assert np.array_equal(before, month.counts[:, column - 24 : column].sum(axis=1))
    assert np.array_equal(after, month.counts[:, column + 2 : column + 26].sum(axis=1))


@pytest.mark.parametrize("effect", [1.0, 4.0])
def test_counts_scatter_by_the_design_effect(effect: float) -> None:
    ranges = replace(without_noise(LARGE), design_effect=(effect, effect), mix_swing=(0.0, 0.0))
    month, truth = small_month(ranges=ranges, history_days=10, days=20, wishes=QUIET)
    assert truth.design_effect == pytest.approx(effect)
    mean = month.counts.mean(axis=1)
    few = (mean > 5) & (mean < 60)  # the traffic's own noise is small beside their scatter
    expected = truth.costs[few, None] * month.totals
    measured = ((month.counts[few] - expected) ** 2 / expected).mean(axis=1)
    assert np.median(measured) == pytest.approx(effect, rel=0.1)


def test_requests_follow_the_traffic_so_that_the_cost_of_a_request_has_no_season() -> None:
    ranges = replace(LARGE, mix_swing=(0.3, 0.3), module_noise=(0.0, 0.0))
    month, truth = small_month(ranges=ranges, history_days=6, days=8, wishes=QUIET)
    samples = np.zeros_like(month.requests)
    np.add.at(samples, month.endpoint[month.endpoint >= 0], month.counts[month.endpoint >= 0])
    share = samples / month.totals
    per_request = samples / month.requests
    swing = np.std(share, axis=1) / share.mean(axis=1)
    left = np.std(per_request, axis=1) / per_request.mean(axis=1)
    assert np.median(swing) > 0.03
    assert np.all(left < 1.3 * np.sqrt(truth.design_effect / samples.mean(axis=1)) + 0.002)


def test_a_finer_grid_has_proportionally_fewer_samples_in_a_bucket() -> None:
    coarse, _ = small_month(wishes=QUIET)
    fine, _ = small_month(wishes=QUIET, step_seconds=300)
    assert fine.totals.sum() == pytest.approx(coarse.totals.sum(), rel=0.01)
    assert len(fine.totals) == 6 * len(coarse.totals)
