"""Costs of revisions from short recordings: what was recorded survives, what was not is not invented."""

from __future__ import annotations

import numpy as np
import pytest

from effnb.datasets import RecordedRevision, changed_costs, shop_costs, stack_costs
from effnb.datasets._costs import LEAST_DRIFT, UNKNOWN_DRIFT, recording_drift

BASE = shop_costs()
FUNCTIONS = sorted({name for stack in BASE for name in stack})
STOCK = "shop.stock:load"


def recorded(costs, *, seed: int, samples: int = 20_000, drift: float = 0.0) -> dict[tuple[str, ...], int]:
    """One recording: Poisson counts, each leaf function faster or slower by ``drift`` on that day."""
    rng = np.random.default_rng(seed)
    speed = {leaf: np.exp(drift * rng.standard_normal()) for leaf in sorted({stack[-1] for stack in costs})}
    counts = {stack: int(rng.poisson(samples * cost * speed[stack[-1]])) for stack, cost in costs.items()}
    return {stack: n for stack, n in counts.items() if n}


def revision(name: str, costs, *, seed: int, touched=(), **options) -> RecordedRevision:
    return RecordedRevision(name, recorded(costs, seed=seed, **options), frozenset(touched))


@pytest.mark.parametrize("drift", [0.0, 0.02])
@pytest.mark.parametrize("touched", [(), FUNCTIONS[:1], FUNCTIONS[::3], FUNCTIONS], ids=["none", "one", "many", "all"])
def test_two_recordings_of_one_revision_are_one_cost(touched, drift):
    for seed in range(10):
        pair = [
            revision("a", BASE, seed=2 * seed, drift=drift),
            revision("b", BASE, seed=2 * seed + 1, touched=touched, drift=drift),
        ]
        first, second = stack_costs(pair)
        assert {s: second[s] for s in first if s in second} == pytest.approx(
            {s: first[s] for s in second if s in first}
        )
        assert sum(second.values()) == pytest.approx(sum(first.values()), rel=1e-9)


def test_untouched_revisions_are_pooled():
    one, two = revision("a", BASE, seed=1), revision("b", BASE, seed=2, touched={"not:executed"})
    costs = stack_costs([one, two])
    assert costs[0] is costs[1]
    both = {s: one.counts.get(s, 0) + two.counts.get(s, 0) for s in one.counts | two.counts}
    assert costs[0] == pytest.approx({s: n / sum(both.values()) for s, n in both.items()})


def test_costs_are_in_units_of_the_first_revisions_total():
    assert sum(stack_costs([revision("a", BASE, seed=1)])[0].values()) == pytest.approx(1.0)


def dearer(function: str, factor: float) -> dict[tuple[str, ...], float]:
    return {stack: cost * factor if stack[-1] == function else cost for stack, cost in BASE.items()}


def test_a_recorded_true_change_survives_with_its_size():
    pair = [revision("a", BASE, seed=1), revision("b", dearer(STOCK, 1.5), seed=2, touched={STOCK})]
    first, second = stack_costs(pair)
    mine = [stack for stack in BASE if stack[-1] == STOCK]
    rise = sum(second[s] for s in mine) - sum(first[s] for s in mine)
    assert rise == pytest.approx(0.5 * 0.125, rel=0.1)
    assert {s: second[s] for s in first if s not in mine} == {s: first[s] for s in first if s not in mine}


def test_what_the_diff_does_not_touch_keeps_its_cost_to_the_last_digit():
    pair = [revision("a", BASE, seed=1), revision("b", dearer(STOCK, 2.0), seed=2, touched={"shop.price:check"})]
    first, second = stack_costs(pair)
    assert all(second[s] == first[s] for s in first if "shop.price:check" not in s)


def test_a_rename_carries_costs_over_exactly():
    def level(stack):
        return tuple("shop.stock:level" if name == "shop.stock:stock" else name for name in stack)

    after = {level(stack): cost for stack, cost in BASE.items()}
    names = {"shop.stock:stock", "shop.stock:level"}
    first, second = stack_costs([revision("a", BASE, seed=1), revision("b", after, seed=2, touched=names)])
    assert "shop.stock:stock" not in {name for stack in second for name in stack}
    by_category = {level(stack): cost for stack, cost in first.items()}
    assert second == pytest.approx(by_category, rel=1e-12)


def test_an_extracted_function_takes_its_share_of_its_category():
    after = {(*s, "shop.price:vat") if s[-1] == "shop.price:check" else s: cost for s, cost in BASE.items()}
    names = {"shop.price:check", "shop.price:vat"}
    first, second = stack_costs([revision("a", BASE, seed=1), revision("b", after, seed=2, touched=names)])
    assert sum(second.values()) == pytest.approx(1.0, abs=1e-12)
    old = sum(cost for stack, cost in first.items() if stack[-1] == "shop.price:check")
    assert sum(cost for stack, cost in second.items() if stack[-1] == "shop.price:vat") == pytest.approx(old)


def test_a_new_function_comes_with_its_recorded_cost():
    extra = {("shop.app:serve", "shop.web:product", "shop.gift:wrap"): 0.05}
    pair = [revision("a", BASE, seed=1), revision("b", BASE | extra, seed=2, touched={"shop.gift:wrap"})]
    second = stack_costs(pair)[1]
    assert second[next(iter(extra))] == pytest.approx(0.05, rel=0.1)


def test_a_touched_module_level_stands_for_its_functions():
    pair = [revision("a", BASE, seed=1), revision("b", dearer(STOCK, 2.0), seed=2, touched={"shop.stock:<module>"})]
    first, second = stack_costs(pair)
    assert sum(second.values()) - sum(first.values()) == pytest.approx(0.125, rel=0.1)


def test_drift_is_measured_where_the_same_code_was_recorded_again():
    repeats = [[recorded(BASE, seed=i, samples=500_000, drift=0.08) for i in range(12)]]
    assert recording_drift(repeats) == pytest.approx(0.08, rel=0.25)
    steady = [[recorded(BASE, seed=i, samples=500_000) for i in range(6)]]
    assert recording_drift(steady) == LEAST_DRIFT
    assert recording_drift([[recorded(BASE, seed=1)]]) == UNKNOWN_DRIFT


def test_drift_within_its_measure_changes_no_touched_function():
    """Six recordings of one revision tell how far they differ; a seventh that differs as much is no change."""
    same = [revision(f"r{i}", BASE, seed=i, samples=100_000, drift=0.06) for i in range(6)]
    for seed in range(10, 20):
        last = revision("last", BASE, seed=seed, samples=100_000, touched=FUNCTIONS, drift=0.06)
        costs = stack_costs([*same, last])
        assert costs[-1] == pytest.approx(costs[0])


def test_a_setting_changes_only_what_reads_it():
    counts = recorded(dearer(STOCK, 2.0), seed=3, samples=50_000)
    new = changed_costs(BASE, 50_000, [counts], {STOCK})
    mine = [stack for stack in BASE if stack[-1] == STOCK]
    assert sum(new[s] for s in mine) == pytest.approx(2 * 0.125, rel=0.05)
    assert all(new[s] == BASE[s] for s in BASE if s not in mine)
