"""What is planted is in the data, and nothing of it is told to the detector."""

from __future__ import annotations

import ast
import importlib.util
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from effnb.datasets._funnel import (
    HELD_OUT,
    LARGE,
    SHIFTS,
    SMALL,
    FleetMonth,
    PlantedEvent,
    Ranges,
    Truth,
    Wishes,
    simulate_month,
    simulate_small_fleet,
    without_noise,
)
from effnb.datasets._funnel._ranges import REPORT_SIZES, draw_sizes

CLEAN = without_noise(LARGE)


def month_with(seed: int, ranges: Ranges = CLEAN, **counts: int) -> tuple[FleetMonth, Truth]:
    wishes = Wishes(counts={kind.replace("_", "-"): n for kind, n in counts.items()})
    return simulate_month(seed, ranges, n_functions=400, history_days=4, days=6, wishes=wishes)


def rise_of_cost(month: FleetMonth, event: PlantedEvent, rows: np.ndarray) -> tuple[float, float]:
    """Change of some stacks' samples per request at a known time over the level before, and its standard error."""
    first, full = ((at - month.start) // month.step_seconds for at in (event.at, event.full_at))
    requests = month.requests[month.endpoint[rows[0]]]
    before, after = slice(0, first), slice(full + 1, None)
    n = [float(month.counts[rows, span].sum()) for span in (before, after)]
    level = [n[0] / requests[before].sum(), n[1] / requests[after].sum()]
    return level[1] / level[0] - 1, level[1] / level[0] * float(np.sqrt(1 / n[0] + 1 / n[1]))


def test_planted_sizes_are_found_again_at_the_known_time() -> None:
    off = []
    for seed in range(3):
        month, truth = month_with(seed, regression=6, improvement=3)
        for event in truth.events:
            old = event.rows[(truth.costs[event.rows] * truth.mean_samples) > 5]
            for endpoint in np.unique(month.endpoint[old]):
                rows = old[month.endpoint[old] == endpoint]
                planted = event.deltas[np.isin(event.rows, rows)].sum() / truth.costs[rows].sum()
                measured, error = rise_of_cost(month, event, rows)
                off.append((measured - planted) / error)
    assert len(off) > 15
    assert np.sqrt(np.mean(np.square(off))) == pytest.approx(1.0, abs=0.5)
    assert np.max(np.abs(off)) < 4


def test_the_size_is_the_rise_of_the_functions_share() -> None:
    wishes = Wishes(counts={"regression": 1}, sizes=[0.03], relative=(0.3, 0.4))
    ranges = replace(CLEAN, median_gcpu=None, mix_swing=(0.0, 0.0))
    month, truth = simulate_month(2, ranges, n_functions=60, history_days=3, days=4, wishes=wishes)
    event = truth.events[0]
    holds = [i for i, stack in enumerate(month.stacks) if event.functions[0] in stack]
    share = month.counts[holds].sum(axis=0) / month.totals
    first, full = ((at - month.start) // month.step_seconds for at in (event.at, event.full_at))
    assert event.size == pytest.approx(0.03)
    assert share[full + 1 :].mean() - share[:first].mean() == pytest.approx(0.03, abs=0.0005)


def test_a_new_callee_costs_nothing_before_its_deploy() -> None:
    month, truth = month_with(1, regression=30)
    event = next(event for event in truth.events if event.detail == "new callee")
    first = (event.at - month.start) // month.step_seconds
    assert month.counts[event.rows, :first].sum() == 0
    assert month.counts[event.rows, first + 5 :].sum() > 0


@pytest.mark.parametrize("ranges", [LARGE, SMALL, HELD_OUT], ids=lambda ranges: ranges.name)
def test_cost_shifts_of_all_seven_kinds_keep_the_total_cost(ranges: Ranges) -> None:
    _, truth = month_with(2, ranges, cost_shift=21)
    shifts = [event for event in truth.events if event.kind == "cost-shift"]
    assert {event.detail for event in shifts} == set(SHIFTS)
    for event in shifts:
        assert event.deltas.sum() == pytest.approx(0, abs=1e-16)
        assert np.abs(event.deltas).max() > 0
        assert event.size == 0
        assert event.commit is not None


def test_a_renamed_function_is_gone_and_its_callers_keep_their_cost() -> None:
    month, truth = month_with(5, cost_shift=14)
    event = next(event for event in truth.events if event.detail == "rename")
    old, new = event.functions
    full = (event.full_at - month.start) // month.step_seconds + 1
    rows = {name: [i for i, stack in enumerate(month.stacks) if name in stack] for name in (old, new)}
    assert month.counts[rows[old], full:].sum() == 0
    assert month.counts[rows[new], full:].sum() > 0
    assert truth.effect(event, new) == pytest.approx(-truth.effect(event, old))
    assert truth.effect(event, "front.main:serve") == pytest.approx(0, abs=1e-16)
    assert {touched.function for touched in month.touched[str(event.commit)]} == {old, new}


def test_expected_costs_never_go_below_zero() -> None:
    for seed in range(3):
        _, truth = simulate_month(seed, n_functions=600, history_days=2, days=8, wishes=None)
        cost = np.repeat(truth.costs[:, None], truth.grid.n_buckets, axis=1)
        for event in truth.events:
            if not event.by_traffic:
                cost[event.rows] += event.deltas[:, None] * event.exposure
        assert cost.min() > -1e-12


def test_events_lie_in_the_month_and_the_history_is_quiet() -> None:
    month, truth = simulate_month(7, n_functions=1000, history_days=5, days=20)
    quiet = round(month.history_days * 86_400 / month.step_seconds)
    assert {event.kind for event in truth.events} >= {"regression", "cost-shift", "canary", "load-spike"}
    for event in truth.events:
        assert np.abs(event.exposure[:quiet]).max() == pytest.approx(0, abs=1e-9), event.id
        assert event.exposure.max() > 0


def test_lasting_events_never_share_a_stack_unless_one_commit_did_both() -> None:
    _, truth = simulate_month(8, n_functions=1000, history_days=2, days=20)
    owner: dict[int, PlantedEvent] = {}
    for event in truth.events:
        if event.end is None and not event.by_traffic:
            for row in event.rows.tolist():
                assert row not in owner or owner[row].commit == event.commit
                owner[row] = event


def test_the_oracle_has_the_alarm_rate_without_effect_and_gains_with_size_and_time() -> None:
    _, truth = month_with(1, LARGE, regression=1)
    event = truth.events[0]
    nothing = replace(event, deltas=event.deltas * 1e-12)
    assert truth.oracle_power(nothing, 1e-3) == pytest.approx(1e-3, rel=0.01)
    weak = replace(event, deltas=event.deltas * 3 / truth.signal(event, after_hours=10))
    half = replace(event, deltas=weak.deltas / 2)
    powers = [truth.oracle_power(one, 1e-3, after_hours=hours) for one, hours in ((half, 10), (weak, 10), (weak, 20))]
    assert powers == sorted(powers)


def test_the_oracles_signal_is_that_of_a_test_on_the_data() -> None:
    wishes = Wishes(counts={"regression": 1}, sizes=[0.00003], relative=(0.05, 0.06))
    ranges = replace(LARGE, mix_swing=(0.0, 0.0), module_noise=(0.0, 0.0), design_effect=(2.0, 2.0))
    seen, predicted = [], []
    for seed in range(80):
        month, truth = simulate_month([seed, 1], ranges, n_functions=150, history_days=3, days=4, wishes=wishes)
        event = truth.events[0]
        rows = truth.incidence[[month.functions.index(event.functions[0])]].indices
        endpoint = np.unique(month.endpoint[rows])
        if event.detail != "own work" or len(endpoint) > 1:
            continue  # the best series is another one, or requests do not correct it
        stop = (event.full_at - month.start) // month.step_seconds + 20
        requests = month.requests[endpoint[0]]
        share = (month.counts[rows].sum(axis=0) / requests * requests.mean())[:stop] / truth.mean_samples
        load, exposure = truth.load[:stop], event.exposure[:stop]
        exposure = exposure - (load * exposure).sum() / load.sum()
        variance = 2.0 * share.mean() / truth.mean_samples
        seen.append((load * share * exposure).sum() / np.sqrt(variance * (load * exposure**2).sum()))
        predicted.append(truth.signal(event, after_hours=10))
    assert len(seen) > 20
    # Now and then a small caller of the function is the better series: the oracle takes it, this test does not.
    assert np.median(np.divide(seen, predicted)) == pytest.approx(1, abs=0.07)


def test_sizes_follow_the_published_quantiles() -> None:
    sizes = draw_sizes(np.random.default_rng(0), REPORT_SIZES, 40_000)
    assert np.quantile(sizes, [0.1, 0.5, 0.9]) == pytest.approx([0.0001, 0.00043, 0.00232], rel=0.03)
    assert (sizes.min(), sizes.max()) == (pytest.approx(0.00005, rel=0.01), pytest.approx(0.15, rel=0.5))


@pytest.mark.parametrize("ranges", [LARGE, HELD_OUT], ids=lambda ranges: ranges.name)
def test_a_large_month_stays_inside_its_ranges(ranges: Ranges) -> None:
    month, truth = simulate_month(4, ranges, n_functions=3000, history_days=1, days=2, wishes=Wishes(counts={}))
    assert ranges.median_gcpu is not None
    low, high = ranges.median_gcpu
    assert low <= np.median(truth.gcpu[truth.gcpu >= 1e-5]) * 1.01 <= high * 1.02
    assert ranges.design_effect[0] <= truth.design_effect <= ranges.design_effect[1]
    assert ranges.module_noise[0] <= truth.module_noise <= ranges.module_noise[1]
    assert 1.1 < len(month.stacks) / len(month.functions) < 2.1
    assert max(map(len, month.stacks)) <= ranges.deepest[1]
    assert ranges.servers[0] * 29.99 <= truth.mean_samples <= ranges.servers[1] * 30.01
    assert truth.costs.sum() == pytest.approx(1)


def test_the_held_out_range_lies_beside_the_open_one() -> None:
    apart = [
        name.name
        for name in fields(Ranges)
        if isinstance(span := getattr(HELD_OUT, name.name), tuple)
        and len(span) == 2
        and (span[0] >= getattr(LARGE, name.name)[1] or span[1] <= getattr(LARGE, name.name)[0])
        and span != getattr(LARGE, name.name)
    ]
    assert {"servers", "design_effect", "module_noise", "mix_swing"} <= set(apart)


def test_a_small_fleet_has_ten_to_two_hundred_pods_in_five_to_fifty_services() -> None:
    fleet = list(simulate_small_fleet(3, history_days=1, days=2))
    assert 5 <= len(fleet) <= 50
    assert len({month.service for month, _ in fleet}) == len(fleet)
    per_pod = [truth.mean_samples / 1800 for _, truth in fleet]
    assert min(per_pod) >= 19 * 0.2
    assert sum(per_pod) <= 200 * 100 * 0.7


def test_correlated_series_all_rise_from_one_planted_event() -> None:
    _, truth = simulate_month(2, n_functions=300, history_days=2, days=3, correlated=20)
    (event,) = truth.events
    rises = [name for name in truth.functions if truth.effect(event, name) > 0 and name.startswith("shared.codec")]
    assert len(rises) == 20


def test_a_launch_is_announced_with_its_ramp_and_about_its_cost() -> None:
    month, truth = month_with(6, launch=2)
    for event in truth.events:
        experiment = next(one for one in month.experiments if one.change_id == event.commit)
        assert experiment.planned_cost == pytest.approx(event.deltas.sum(), rel=0.31)
        assert [step.fraction for step in experiment.steps] == [0.01, 0.1, 0.5, 1.0]
        assert experiment.steps[0].at.timestamp() == pytest.approx(event.at, abs=1)


def test_code_events_ride_on_deploys_and_innocent_commits_surround_them() -> None:
    month, truth = month_with(3, regression=4)
    started = {rollout.started_at.timestamp() for rollout in month.rollouts}
    assert {float(event.at) for event in truth.events} <= started
    assert len(month.changes) > 3 * len(truth.events)


def test_the_month_tells_nothing_of_the_truth() -> None:
    assert not {field.name for field in fields(FleetMonth)} & {"truth", "events", "exposure", "costs"}
    source = importlib.util.find_spec("effnb.datasets._funnel")
    assert source is not None and source.submodule_search_locations
    for path in Path(source.submodule_search_locations[0]).glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
        assert not {name for name in imported if name.startswith(("effnb.detect", "effnb.stats", "effnb.rootcause"))}
