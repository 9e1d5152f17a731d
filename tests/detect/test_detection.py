"""What detection reports of planted changes, and what it does not."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import numpy as np
import pytest

from effnb.datasets import CLOCK, START, Incident, MixShift, rollout, shop_costs, shop_fleet
from effnb.detect import ServiceHistory, detect_regressions
from effnb.detect._merge import join_stairs
from effnb.detect._scan import find_steps
from effnb.errors import NotEnoughData
from effnb.settings import DetectSettings

BASE = shop_costs()
DAY = 24
CHECK = "shop.price:check"
LOAD = "shop.render:load"


def when(hours: float) -> datetime:
    return datetime.fromtimestamp(START + int(3600 * hours), tz=UTC)


def renamed(old: str, new: str):
    return lambda stack: tuple(new if name == old else name for name in stack)


@pytest.fixture(scope="module")
def planted(shop):
    """+2.2 % of the service in one leaf, rolled out from day 5, 08:00, to the last hosts by 09:20."""
    return shop.detected(shop.simulated(shop.versions(BASE, shop.raised(BASE, CHECK, 0.022), hours=[5 * DAY + 8])))


def test_planted_step_is_found_once(planted):
    assert [(one.kind, one.function) for one in planted.regressions] == [("regression", CHECK)]


def test_change_point_is_the_first_bucket_of_the_new_level(planted):
    point = planted.regressions[0].change_point
    assert when(5 * DAY + 8) <= point.at <= when(5 * DAY + 9.5)
    assert point.earliest < point.at < point.latest
    assert point.earliest <= when(5 * DAY + 9)


def test_size_is_the_planted_one(planted):
    one = planted.regressions[0]
    before, after = 0.09, (0.09 + 0.022) / 1.022
    assert one.before == pytest.approx(before, abs=0.001)
    assert one.absolute_delta == pytest.approx(after - before, abs=0.001)
    assert one.low < one.absolute_delta < one.high
    assert one.relative_delta == pytest.approx(one.absolute_delta / one.before)
    assert one.service_delta == pytest.approx(0.022, abs=0.002)


def test_callers_of_the_cause_are_part_of_its_report(planted):
    merged = {one.function: one for one in planted.suppressed if one.stage == "merged"}
    assert {"shop.price:price"} < set(merged) <= {"shop.price:price", "shop.web:cart", "shop.web:admin"}
    assert {one.numbers["report"] for one in merged.values()} == {CHECK}
    assert planted.regressions[0].dropped_with_it == len(merged)


def test_functions_that_only_lose_share_are_traffic_not_improvements(planted):
    traffic = [one for one in planted.suppressed if one.stage == "traffic"]
    assert {one.function for one in traffic} >= {"shop.stock:stock"}
    assert all(one.absolute_delta < 0 and abs(one.numbers["cost_change"]) < 0.002 for one in traffic)


def test_report_is_named_after_the_deepest_own_function_that_carries_it(shop):
    costs = shop.moved(BASE, lambda stack: (*stack, "json:loads", "json:scan") if stack[-1] == CHECK else stack)
    dearer = shop.raised(costs, "json:scan", 0.03)
    found = shop.detected(shop.simulated(shop.versions(costs, dearer, hours=[5 * DAY])))
    assert [one.function for one in found.regressions] == [CHECK]
    assert found.regressions[0].carriers[-3:] == (CHECK, "json:loads", "json:scan")


def test_two_callees_that_each_carry_half_of_a_rise_are_two_reports_and_their_caller_none(shop):
    both = shop.raised(shop.raised(BASE, CHECK, 0.03), "shop.price:load", 0.03)
    found = shop.detected(shop.simulated(shop.versions(BASE, both, hours=[5 * DAY])))
    rises = [one for one in found.regressions if one.absolute_delta > 0.01]
    assert sorted(one.function for one in rises) == [CHECK, "shop.price:load"]


def test_two_causes_on_different_days_are_two_reports(shop):
    first = shop.raised(BASE, CHECK, 0.022)
    second = shop.raised(first, LOAD, -0.03)
    found = shop.detected(shop.simulated(shop.versions(BASE, first, second, hours=[4 * DAY, 7 * DAY])))
    assert {(one.kind, one.function) for one in found.regressions} == {("regression", CHECK), ("improvement", LOAD)}


def test_a_regression_is_told_from_an_unrelated_smaller_saving_of_the_same_release(shop):
    both = shop.raised(shop.raised(BASE, CHECK, 0.06), LOAD, -0.02)
    found = shop.detected(shop.simulated(shop.versions(BASE, both, hours=[5 * DAY])))
    assert ("regression", CHECK) in {(one.kind, one.function) for one in found.regressions}


def test_a_later_rise_elsewhere_does_not_take_a_regression_back(shop):
    """Its share falls again because the service grew; its cost per request stays where it rose to."""
    first = shop.raised(BASE, "shop.stock:load", 0.008)
    second = shop.raised(first, CHECK, 0.08)
    found = shop.detected(shop.simulated(shop.versions(BASE, first, second, hours=[4 * DAY, 6 * DAY])))
    assert ("regression", "shop.stock:load") in {(one.kind, one.function) for one in found.regressions}


def test_improvement_is_found_with_its_size(shop):
    found = shop.detected(shop.simulated(shop.versions(BASE, shop.raised(BASE, LOAD, -0.04), hours=[6 * DAY])))
    assert [(one.kind, one.function) for one in found.regressions] == [("improvement", LOAD)]
    one = found.regressions[0]
    assert one.absolute_delta == pytest.approx((0.125 - 0.04) / 0.96 - 0.125, abs=0.001)
    assert one.service_delta == pytest.approx(-0.04, abs=0.002)


@pytest.fixture(scope="module")
def flat(shop):
    """Twelve quiet fortnights, with and without request counts."""
    return [
        shop.detected(shop.simulated(shop.versions(BASE, hours=[]), seed=seed, requests=known))
        for seed in range(12)
        for known in (True, False)
    ]


def test_flat_noise_is_quiet(flat):
    assert [one.function for found in flat for one in found.regressions] == []


def test_flat_noise_never_looks_like_more_than_one_point(flat):
    assert all(abs(one.absolute_delta) < 0.01 for found in flat for one in found.regressions)
    assert sum(len(found.regressions) for found in flat[::2]) <= 3


NOON = 0.1 * (1.5 - 0.5 * np.cos(2 * np.pi * np.arange(480) / 48))
"""A share that doubles every noon."""


def noon_counts() -> np.ndarray:
    """Ten days of two functions, without noise beyond sampling."""
    return np.random.default_rng(5).poisson(20_000 * np.array([NOON, 1 - NOON]))


def noon_history(counts: np.ndarray, requests: bool) -> ServiceHistory:
    return ServiceHistory(
        service="shop",
        start=START,
        step_seconds=1800,
        stacks=[("shop.app:serve", "shop.a:a"), ("shop.app:serve", "shop.b:b")],
        counts=counts,
        endpoint=np.array([0, 1]),
        requests=np.array([1e6 * NOON, 1e6 * (1 - NOON)]) if requests else None,
    )


@pytest.mark.parametrize("requests", [True, False])
def test_daily_cycle_is_not_reported(requests):
    assert detect_regressions(noon_history(noon_counts(), requests), DetectSettings()).regressions == ()


def test_transient_went_away_at_both_ends(shop):
    incident = Incident(
        frozenset({"shop.session:session"}), frozenset({"east"}), START + 3600 * 72, START + 3600 * 77, 1.8
    )
    fleet = shop_fleet({"v0": BASE}, rollout("v0", -100), incidents=[incident])
    found = shop.detected(shop.simulated(fleet, seed=2))
    gone = [one for one in found.suppressed if one.stage == "went-away" and one.function == "shop.session:session"]
    assert [(one.at, one.absolute_delta > 0) for one in sorted(gone, key=lambda one: one.at)] == [
        (when(72), True),
        (when(77), False),
    ]
    assert gone[0].numbers["hours"] == 5.0
    assert found.regressions == ()


def test_traffic_mix_shift_is_traffic(shop):
    fleet = shop_fleet({"v0": BASE}, rollout("v0", -100), mix_shifts=[MixShift("/admin", START + 3600 * 122, 1.4)])
    found = shop.detected(shop.simulated(fleet, seed=2))
    assert found.regressions == ()
    admin = next(one for one in found.suppressed if one.function == "shop.web:admin" and one.at >= when(121))
    assert (admin.stage, admin.numbers["by"]) == ("traffic", "requests")
    assert admin.absolute_delta > 0.03
    assert abs(admin.numbers["cost_change"]) < 0.01


RENAMED_CALLER = (renamed("shop.stock:stock", "shop.stock:level"), "shop.stock:stock", "shop.stock:level")
MOVES = {
    "leaf renamed": (renamed("shop.stock:load", "shop.stock:fetch"), "shop.stock:load", "shop.stock:fetch"),
    "extracted": (lambda stack: (*stack, "shop.price:vat") if stack[-1] == CHECK else stack, CHECK, "shop.price:vat"),
    "inlined": (lambda stack: stack[:-1] if stack[-1] == CHECK else stack, CHECK, "shop.price:price"),
}


@pytest.mark.parametrize(
    ("change", "falls", "rises", "requests"),
    [
        *(pytest.param(*move, known, id=f"{name}, {known}") for name, move in MOVES.items() for known in (True, False)),
        pytest.param(*RENAMED_CALLER, True, id="caller renamed, True"),
        pytest.param(*RENAMED_CALLER, False, id="caller renamed, False"),
    ],
)
def test_moved_work_names_where_it_came_from(shop, change, falls, rises, requests):
    fleet = shop.versions(BASE, shop.moved(BASE, change), hours=[5 * DAY + 4])
    found = shop.detected(shop.simulated(fleet, seed=2, requests=requests))
    around = [
        one
        for one in found.suppressed
        if one.stage == "cost-shift" and abs((one.at - when(5 * DAY + 5)).total_seconds()) <= 7200
    ]
    pairs = {(one.function, one.numbers["counterpart"]) for one in around}
    assert pairs and pairs <= {(falls, rises), (rises, falls)}
    for one in around:
        assert one.numbers["counterpart_change"] == pytest.approx(-one.numbers["own_change"], rel=0.05)
        assert one.numbers["counterpart"] in one.reason
    lasting = {one.function for one in found.regressions if abs(one.absolute_delta) > 0.01}
    assert lasting.isdisjoint({falls, rises})


def test_without_request_counts_the_common_factor_is_taken_out(shop):
    fleet = shop.versions(BASE, shop.raised(BASE, LOAD, -0.08), hours=[5 * DAY + 4])
    found = shop.detected(shop.simulated(fleet, seed=1, requests=False))
    assert [(one.kind, one.function, one.service_delta) for one in found.regressions] == [("improvement", LOAD, None)]
    price = next(one for one in found.suppressed if one.function == "shop.price:price" and one.stage == "traffic")
    assert price.numbers["by"] == "share"
    assert price.absolute_delta == pytest.approx(0.3 / 0.92 - 0.3, abs=0.002)
    assert abs(price.numbers["cost_change"]) < 0.002


def test_without_request_counts_a_planted_step_is_found(shop):
    fleet = shop.versions(BASE, shop.raised(BASE, CHECK, 0.022), hours=[5 * DAY + 4])
    found = shop.detected(shop.simulated(fleet, seed=1, requests=False))
    assert [(one.kind, one.function) for one in found.regressions] == [("regression", CHECK)]


def eventful(shop, seed: int, requests: bool) -> ServiceHistory:
    up = shop.raised(BASE, CHECK, 0.022)
    renamed_too = shop.moved(up, renamed("shop.stock:stock", "shop.stock:level"))
    cheaper = shop.raised(renamed_too, LOAD, -0.04)
    hours = (5 * DAY + 8, 6 * DAY + 9, 8 * DAY + 3)
    fleet = shop_fleet(
        {"v0": BASE, "v1": up, "v2": renamed_too, "v3": cheaper},
        [
            deploy
            for name, at in zip(("v0", "v1", "v2", "v3"), (-100, *hours), strict=True)
            for deploy in rollout(name, at)
        ],
        incidents=[
            Incident(
                frozenset({"shop.session:session"}), frozenset({"east"}), START + 3600 * 72, START + 3600 * 77, 1.8
            )
        ],
        mix_shifts=[MixShift("/admin", START + 3600 * (7 * DAY + 2), 1.4)],
    )
    return shop.simulated(fleet, seed=seed, requests=requests)


@pytest.mark.parametrize("requests", [True, False])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_vanishes(shop, seed, requests):
    """Every change point is reported, merged or suppressed: exactly once."""
    history = eventful(shop, seed, requests)
    settings = DetectSettings()
    steps = join_stairs(find_steps(history, settings), history, settings)
    found = detect_regressions(history, settings)
    expected = Counter((history.functions[step.row], history.time(step.index)) for step in steps)
    reported = Counter((one.function, one.change_point.at) for one in found.regressions)
    suppressed = Counter((one.function, one.at) for one in found.suppressed)
    assert reported + suppressed == expected
    assert found.funnel["change points"] == len(steps) > 20
    names = {one.function for one in found.regressions}
    merged = [one for one in found.suppressed if one.stage == "merged" and one.numbers["report"] in names]
    assert sum(one.dropped_with_it for one in found.regressions) == len(merged)
    ids = [one.id for one in (*found.regressions, *found.suppressed)]
    assert len(set(ids)) == len(ids)


def test_the_funnel_narrows_to_the_causes(shop):
    found = shop.detected(eventful(shop, 1, True))
    assert list(found.funnel) == [
        "change points",
        "noise",
        "tiny",
        "traffic",
        "went-away",
        "long-path",
        "merged",
        "planned",
        "same-regression",
        "cost-shift",
        "pairwise-dedup",
        "threshold",
        "false-discovery",
    ]
    left = list(found.funnel.values())
    assert left == sorted(left, reverse=True)
    assert found.funnel["false-discovery"] == len(found.regressions)
    stages = Counter(one.stage for one in found.suppressed)
    drops = Counter()
    for stage, dropped in zip(list(found.funnel)[1:], -np.diff(left), strict=True):
        drops["threshold" if stage == "tiny" else stage] += int(dropped)
    assert {stage: stages[stage] for stage in drops} == drops


def test_the_same_history_gives_the_same_findings(shop):
    history = eventful(shop, 1, True)
    assert shop.detected(history) == shop.detected(eventful(shop, 1, True)) == shop.detected(history)


def test_what_threshold_would_keep_does_keep(shop):
    history = eventful(shop, 1, True)
    small = [one for one in shop.detected(history).suppressed if one.stage == "threshold"]
    assert small
    for one in small:
        key, value = one.would_keep.removeprefix("[detect] ").split(" = ")
        again = shop.detected(history, **{key: float(value)})
        assert (one.function, one.at) not in {(x.function, x.at) for x in again.suppressed if x.stage == "threshold"}


def test_what_traffic_share_would_keep_does_keep(shop):
    history = eventful(shop, 1, False)
    dropped = [one for one in shop.detected(history).suppressed if one.stage == "traffic" and "=" in one.would_keep]
    assert dropped
    for one in dropped:
        key, value = one.would_keep.removeprefix("[detect] ").split(" = ")
        again = shop.detected(history, **{key: float(value)})
        assert (one.function, one.at) not in {(x.function, x.at) for x in again.suppressed if x.stage == "traffic"}


def test_a_staged_rollout_is_one_step(shop):
    settings = DetectSettings()
    deploys = [*rollout("v0", -100), *(deploy for deploy in rollout("v1", 5 * DAY))]
    slow = [
        type(one)(one.version, one.host_group, one.start + 7200 * i, one.minutes) for i, one in enumerate(deploys[3:])
    ]
    fleet = shop_fleet({"v0": BASE, "v1": shop.raised(BASE, CHECK, 0.1)}, [*deploys[:3], *slow])
    history = shop.simulated(fleet)
    row = history.functions.index(CHECK)
    steps = find_steps(history, settings)
    assert len([one for one in steps if one.row == row]) > 1
    joined = [one for one in join_stairs(steps, history, settings) if one.row == row]
    joined = [one for one in joined if 5 * 48 - 4 <= one.index <= 6 * 48]
    assert len(joined) == 1
    assert joined[0].delta == pytest.approx((0.09 + 0.1) / 1.1 - 0.09, abs=0.003)


def test_less_than_a_day_is_not_enough_data(shop):
    history = shop.simulated(shop.versions(BASE, hours=[]))
    short = ServiceHistory("shop", START, 1800, history.stacks, history.counts[:, :47], history.endpoint)
    with pytest.raises(NotEnoughData, match=r"^shop has 23\.5 h of samples, detection needs 24 h; ingest more$"):
        detect_regressions(short, DetectSettings())
    day = ServiceHistory("shop", START, 1800, history.stacks, history.counts[:, :48], history.endpoint)
    assert detect_regressions(day, DetectSettings()).regressions == ()


@pytest.mark.parametrize("before", [0.0, float("nan")])
def test_an_endpoint_that_opens_half_way_does_not_stop_detection(shop, before):
    """Its request counts are zero, or missing, until then; the cost of the others is known all the time."""
    history = shop.simulated(shop.versions(BASE, shop.raised(BASE, CHECK, 0.03), hours=[7 * DAY]))
    opens = 5 * 48
    requests, counts = history.requests.copy(), history.counts.copy()
    requests[2, :opens] = before
    counts[history.endpoint == 2, :opens] = 0
    opened = ServiceHistory("shop", START, 1800, history.stacks, counts, history.endpoint, requests, ("shop",))
    found = shop.detected(opened)
    assert ("regression", CHECK) in {(one.kind, one.function) for one in found.regressions}


@pytest.mark.parametrize("requests", [True, False])
def test_a_profiler_that_was_off_for_a_day_is_no_change(requests):
    counts = noon_counts()
    counts[:, 200:250] = 0
    assert detect_regressions(noon_history(counts, requests), DetectSettings()).regressions == ()


def test_history_is_left_alone(shop):
    history = eventful(shop, 1, True)
    counts, requests = history.counts.copy(), history.requests.copy()
    shop.detected(history)
    assert np.array_equal(history.counts, counts)
    assert np.array_equal(history.requests, requests)
    assert history.n_buckets == len(CLOCK.times)
