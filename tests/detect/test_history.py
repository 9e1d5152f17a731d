"""The arrays every stage is given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from effnb.detect import ServiceHistory, stack_changes
from effnb.domain import Window

T0 = datetime(2026, 1, 5, tzinfo=UTC)
STACKS = [("m:a", "m:b"), ("m:a", "m:b", "m:b"), ("m:a", "n:c")]


@pytest.fixture
def history() -> ServiceHistory:
    counts = np.array([[1, 2, 0, 4], [1, 0, 0, 4], [2, 2, 0, 8]])
    return ServiceHistory("s", int(T0.timestamp()), 3600, STACKS, counts, np.array([0, 0, -1]), own_code=("m",))


def test_a_recursive_function_counts_once(history):
    assert history.functions == ("m:a", "m:b", "n:c")
    assert history.gcpu[1, [0, 1, 3]].tolist() == [0.5, 0.5, 0.5]


def test_a_bucket_without_samples_has_no_share(history):
    assert np.isnan(history.gcpu[:, 2]).all()


def test_cost_at_constant_traffic_does_not_follow_requests():
    counts = np.array([[10, 20, 40], [5, 5, 5]])
    requests = np.array([[100.0, 200.0, 400.0], [50.0, 50.0, 50.0]])
    history = ServiceHistory("s", 0, 3600, [("a",), ("b",)], counts, np.array([0, 1]), requests)
    assert history.unit_cost[0] == pytest.approx([70 / 3] * 3)
    assert history.unit_cost[1] == pytest.approx([5, 5, 5])


def test_own_code_is_matched_by_whole_module_parts(history):
    assert history.is_own("m:a")
    assert history.is_own("m.sub:a")
    assert not history.is_own("more:a")
    assert not history.is_own("n:c")


def test_windows_take_the_buckets_that_start_inside(history):
    window = Window(start=T0 + timedelta(minutes=1), end=T0 + timedelta(hours=3))
    assert history.columns(window) == slice(1, 3)
    assert history.stack_counts(window) == {STACKS[0]: 2, STACKS[2]: 2}
    assert history.window(1, 3) == Window(start=T0 + timedelta(hours=1), end=T0 + timedelta(hours=3))
    long_ago = Window(start=T0 - timedelta(days=2), end=T0 - timedelta(days=1))
    assert history.stack_counts(long_ago) == {}


def test_stack_changes_are_shares_of_the_service_before():
    steps = np.arange(96) >= 48
    counts = np.array([np.where(steps, 300, 100), np.full(96, 900)])
    requests = np.full((1, 96), 1000.0)
    history = ServiceHistory(
        "s", int(T0.timestamp()), 1800, [("a", "b"), ("a", "c")], counts, np.array([0, 0]), requests
    )
    change = stack_changes(history, T0 + timedelta(days=1))
    assert change == {("a", "b"): pytest.approx(0.2)}


def test_cost_per_request_moves_neither_with_traffic_nor_with_other_functions():
    requests = np.array([[100.0, 200.0, 400.0, 400.0], [50.0, 50.0, 50.0, 50.0]])
    counts = np.array([[10, 20, 40, 40], [5, 5, 5, 50]])
    history = ServiceHistory("s", 0, 3600, [("a",), ("b",)], counts, np.array([0, 1]), requests)
    a = history.gcpu_at_constant_traffic[0]
    assert a == pytest.approx([a[0]] * 4)
    assert history.gcpu[0, 0] / history.gcpu[0, 3] == pytest.approx(1.5)
    assert history.gcpu_at_constant_traffic.mean(axis=1).sum() == pytest.approx(1.0)


def test_the_latest_days_are_the_same_arrays_cut():
    counts = np.arange(96).reshape(1, 96)
    history = ServiceHistory("s", 0, 1800, [("a",)], counts, np.array([0]), counts.astype(float))
    last = history.latest(0.5)
    assert (last.start, last.n_buckets) == (36 * 3600, 24)
    assert last.counts.tolist() == [list(range(72, 96))]
    assert last.requests is not None
    assert last.requests[0, 0] == 72
    assert history.latest(2) is history
