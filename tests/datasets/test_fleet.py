"""The fleet model: seeded, complete, and of the size it claims."""

from __future__ import annotations

import numpy as np
import pytest

from effnb.datasets import (
    CLOCK,
    ENDPOINTS,
    GROUPS,
    START,
    Clock,
    Deploy,
    RecordedRevision,
    Setting,
    rollout,
    service_metrics,
    shop_costs,
    shop_fleet,
    simulate_service,
    stack_costs,
)
from effnb.datasets._fleet import _version_shares

BASE = shop_costs()


def drawn(fleet, seed=1):
    return simulate_service(fleet, CLOCK, sampling_hz=1.0, seed=seed)


@pytest.fixture(scope="module")
def plain():
    return drawn(shop_fleet({"v0": BASE}, rollout("v0", -100)))


def test_the_same_seed_gives_the_same_samples(plain):
    again = drawn(shop_fleet({"v0": BASE}, rollout("v0", -100))).samples
    assert again.stacks == plain.samples.stacks
    for column in ("bucket", "stack", "n", "version", "host_group"):
        assert np.array_equal(getattr(again, column), getattr(plain.samples, column)), column


def test_another_seed_gives_other_samples(plain):
    other = drawn(shop_fleet({"v0": BASE}, rollout("v0", -100)), seed=2).samples
    assert not np.array_equal(other.n, plain.samples.n)


def test_fleet_total_is_servers_times_use_times_rate_times_time(plain):
    expected = sum(GROUPS.values()) * 0.5 * 1.0 * CLOCK.step_seconds * len(CLOCK.times)
    assert plain.samples.n.sum() == pytest.approx(expected, rel=0.01)


def test_host_groups_take_samples_by_their_servers(plain):
    samples = plain.samples
    for group, servers in GROUPS.items():
        share = samples.n[np.asarray(samples.host_group) == group].sum() / samples.n.sum()
        assert share == pytest.approx(servers / 30, rel=0.02)


def test_functions_take_their_share(plain):
    samples = plain.samples
    held = {key for key, stack in samples.stacks.items() if stack[-1] == "shop.price:check"}
    share = samples.n[np.isin(samples.stack, list(held))].sum() / samples.n.sum()
    assert share == pytest.approx(0.09, rel=0.01)


def test_requests_follow_the_weights(plain):
    totals = {name: int(counts.sum()) for name, counts in plain.requests.items()}
    assert list(totals) == [endpoint.name for endpoint in ENDPOINTS]
    assert totals["/product"] / totals["/cart"] == pytest.approx(0.6 / (0.3 * 0.85), rel=0.1)


def test_shares_of_versions_sum_to_one():
    deploys = [*rollout("v0", -100), *rollout("v1", 30), *rollout("v2", 30.4), *rollout("v1", 200)]
    fleet = shop_fleet(dict.fromkeys(("v0", "v1", "v2"), BASE), deploys)
    for group in GROUPS:
        shares = _version_shares(fleet, group, CLOCK)
        assert set(shares) == {"v0", "v1", "v2"}
        assert sum(shares.values()) == pytest.approx(np.ones(len(CLOCK.times)))
        assert all((share >= 0).all() for share in shares.values())


def test_a_version_only_serves_after_it_arrived():
    samples = drawn(shop_fleet({"v0": BASE, "v1": BASE}, [*rollout("v0", -100), *rollout("v1", 48)])).samples
    new = np.asarray(samples.version) == "v1"
    first = {group: samples.bucket[new & (np.asarray(samples.host_group) == group)].min() for group in GROUPS}
    assert first == {group: START + 48 * 3600 + 1800 * i for i, group in enumerate(GROUPS)}


def test_a_setting_costs_its_exposure():
    delta = {("shop.app:serve", "shop.web:product", "shop.gift:wrap"): 0.2}
    steps = [(START + 3600 * 48, 0.5), (START + 3600 * 120, 1.0)]
    fleet = shop_fleet({"v0": BASE}, rollout("v0", -100), settings=[Setting("flag:wrap", delta, steps)])
    traffic = drawn(fleet)
    samples = traffic.samples
    hit = np.isin(samples.stack, [key for key, stack in samples.stacks.items() if "shop.gift:wrap" in stack])
    column = (samples.bucket - START) // 1800
    cost = np.bincount(column[hit], samples.n[hit], 480) / traffic.requests["/product"]
    before, half, full = cost[:96].mean(), cost[97:240].mean(), cost[241:].mean()
    assert before == 0.0
    assert full / half == pytest.approx(2.0, rel=0.03)


def test_two_recordings_of_one_revision_deployed_one_after_the_other_are_no_change():
    """The whole road: recordings, costs, fleet, detection."""
    from effnb.detect import ServiceHistory, detect_regressions
    from effnb.settings import DetectSettings

    rng = np.random.default_rng(11)
    functions = frozenset(name for stack in BASE for name in stack)
    recordings = [
        RecordedRevision(name, {s: int(rng.poisson(20_000 * cost)) for s, cost in BASE.items()}, touched)
        for name, touched in (("v0", frozenset()), ("v1", functions))
    ]
    costs = dict(zip(("v0", "v1"), stack_costs(recordings), strict=True))
    clock = Clock(start=START, days=6, step_seconds=1800)
    fleet = shop_fleet(costs, [*rollout("v0", -100), *rollout("v1", 72)])
    samples = simulate_service(fleet, clock, sampling_hz=1.0, seed=3).samples
    ids, row = np.unique(samples.stack, return_inverse=True)
    counts = np.zeros((len(ids), 288), dtype=np.int64)
    np.add.at(counts, (row, (samples.bucket - START) // 1800), samples.n)
    stacks = [samples.stacks[int(key)] for key in ids]
    history = ServiceHistory("shop", START, 1800, stacks, counts, np.full(len(stacks), -1))
    deploy = START + 72 * 3600
    found = detect_regressions(history, DetectSettings())
    near = [one for one in found.regressions if abs(one.change_point.at.timestamp() - deploy) < 6 * 3600]
    assert near == []


def test_metrics_are_those_of_the_traffic(plain):
    series = service_metrics(plain, CLOCK, seed=1)
    requests = {one.labels["endpoint"]: one for one in series if one.metric.name == "requests"}
    assert requests["/cart"].values == tuple(plain.requests["/cart"].tolist())
    assert {one.metric.name for one in series} == {"requests", "latency_p95", "errors", "memory_rss", "log_records"}
    assert all(one.labels["service"] == "shop" and one.step_seconds == 1800 for one in series)
    assert service_metrics(plain, CLOCK, seed=1) == series


def test_a_host_group_without_a_version_is_not_invented():
    fleet = shop_fleet({"v0": BASE}, [Deploy("v0", "east", START - 100, 20.0)])
    assert set(drawn(fleet).samples.host_group) == {"east"}
