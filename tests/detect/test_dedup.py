"""One report per cause: callees of several places, edits in several functions, steps inside drifts."""

from __future__ import annotations

import numpy as np
import pytest

from effnb.datasets import START
from effnb.detect import Detection, ServiceHistory, detect_regressions
from effnb.settings import DetectSettings

HOURS = 20 * 24
TIMES = np.arange(HOURS)
AT = 240


def step(at: float = AT) -> np.ndarray:
    return (at <= TIMES).astype(float)


def detected(costs: dict[tuple[str, ...], np.ndarray | float], **settings: float) -> Detection:
    """Detection in hourly counts of stacks below ``app:serve``; costs are shares, constant or one an hour."""
    rows = np.array([np.broadcast_to(cost, HOURS) for cost in costs.values()], dtype=float)
    history = ServiceHistory(
        service="shop",
        start=START,
        step_seconds=3600,
        stacks=[("app:serve", *stack) for stack in costs],
        counts=np.random.default_rng(1).poisson(200_000 * rows),
        endpoint=np.zeros(len(costs), dtype=np.int64),
        requests=np.full((1, HOURS), 1e6),
    )
    return detect_regressions(history, DetectSettings.model_validate(settings))


def reports(found: Detection) -> list[str]:
    return sorted(one.function for one in found.regressions)


def test_a_callee_of_two_places_that_gets_dearer_is_one_report_with_all_of_it():
    found = detected(
        {
            ("app:a", "lib:parse"): 0.001 + 0.02 * step(),
            ("app:b", "lib:parse"): 0.05 + 0.02 * step(),
            ("app:b", "app:other"): 0.2,
            ("app:rest",): 0.7,
        }
    )
    assert reports(found) == ["lib:parse"]
    assert found.regressions[0].absolute_delta == pytest.approx(0.04, rel=0.05)


def test_callers_into_which_one_function_was_inlined_and_that_got_dearer_are_one_report():
    gone = 1 - step()
    found = detected(
        {
            ("app:a",): 0.05 + 0.02 * step(),
            ("app:a", "lib:tiny"): 0.001 * gone,
            ("app:b",): 0.05 + 0.03 * step(),
            ("app:b", "lib:tiny"): 0.001 * gone,
            ("app:rest",): 0.8,
        }
    )
    assert reports(found) == ["app:b"]
    assert [one.function for one in found.suppressed if one.stage == "pairwise-dedup"] == ["app:a"]


def test_the_same_rises_without_a_tie_are_two_reports():
    found = detected({("app:a",): 0.05 + 0.02 * step(), ("app:b",): 0.05 + 0.03 * step(), ("app:rest",): 0.8})
    assert reports(found) == ["app:a", "app:b"]


def test_edits_of_two_releases_are_two_reports():
    costs: dict[tuple[str, ...], np.ndarray | float] = {
        ("app:a", "lib:New.one"): 0.02 * step(),
        ("app:b", "lib:New.two"): 0.03 * step(AT + 3),
        ("app:rest",): 0.9,
    }
    assert len(detected(costs).regressions) == 2
    costs["app:b", "lib:New.two"] = 0.03 * step()
    assert len(detected(costs).regressions) == 1


def test_a_rise_inside_a_slow_climb_is_told_from_it():
    climb = 0.05 * np.clip((TIMES - 150) / 200, 0, 1)
    found = detected(
        {
            ("app:page", "app:slow"): 0.05 + climb,
            ("app:page", "app:fast"): 0.05 + 0.04 * step(),
            ("app:rest",): 0.85,
        }
    )
    assert reports(found) == ["app:fast", "app:slow"]
    slow = next(one for one in found.regressions if one.function == "app:slow")
    assert slow.absolute_delta == pytest.approx(0.1 / 1.04 - 0.05 / 0.95, rel=0.1)
    begun, latest = ((one.timestamp() - START) / 3600 for one in (slow.change_point.at, slow.change_point.latest))
    assert begun == pytest.approx(150, abs=12)
    assert 3 <= latest - begun <= 24


def test_a_climb_of_a_function_with_a_sudden_rise_in_it_is_two_reports():
    climb = 0.04 * np.clip((TIMES - 100) / 250, 0, 1)
    found = detected({("app:one",): 0.05 + climb + 0.08 * step(), ("app:rest",): 0.85})
    climbed, jumped = sorted(one.absolute_delta for one in found.regressions)
    assert climbed == pytest.approx(0.04, abs=0.005)
    assert jumped == pytest.approx(0.08, abs=0.015)


def test_what_only_the_share_shows_is_a_row_of_traffic():
    found = detected({("app:a",): 0.3, ("app:b",): 0.3, ("app:c",): 0.2 + 0.3 * step()})
    assert reports(found) == ["app:c"]
    rows = {one.function: one for one in found.suppressed if one.stage == "traffic"}
    assert {"app:a", "app:b"} <= set(rows)
    assert rows["app:a"].absolute_delta == pytest.approx(0.3 / 1.1 - 0.3 / 0.8, rel=0.1)
    assert abs(rows["app:a"].numbers["cost_change"]) < 0.01


def test_a_rename_is_recognised_beside_much_noise_below_the_same_caller():
    noise = np.random.default_rng(3).normal(0, 0.03, HOURS)
    found = detected(
        {
            ("app:page", "lib:Old.load"): 0.02 * (1 - step()),
            ("app:page", "lib:Old.fetch"): 0.02 * step(),
            ("app:page", "app:noisy"): 0.3 + noise,
            ("app:rest",): 0.5,
        }
    )
    assert reports(found) == []
    row = next(one for one in found.suppressed if one.stage == "cost-shift" and one.function == "lib:Old.fetch")
    assert row.numbers["counterpart"] == "lib:Old.load"


def test_a_rise_that_is_a_small_part_of_its_function_is_below_a_relative_threshold():
    costs: dict[tuple[str, ...], np.ndarray | float] = {("app:a",): 0.4 + 0.02 * step(), ("app:rest",): 0.5}
    assert reports(detected(costs)) == ["app:a"]
    found = detected(costs, relative_threshold=0.1)
    assert reports(found) == []
    row = next(one for one in found.suppressed if one.stage == "threshold" and one.function == "app:a")
    name, value = row.would_keep.removeprefix("[detect] ").split(" = ")
    assert reports(detected(costs, **{name: float(value)})) == ["app:a"]


def test_two_rises_of_one_release_in_a_function_and_far_below_it_are_two_reports():
    found = detected(
        {
            ("app:f",): 0.05 + 0.08 * step(),
            ("app:f", "app:x", "app:y", "app:g"): 0.01 + 0.008 * step(),
            ("app:f", "app:x", "app:y"): 0.15,
            ("app:f", "app:h"): 0.15,
            ("app:rest",): 0.5,
        }
    )
    assert reports(found) == ["app:f", "app:g"]


def test_a_function_that_grew_as_a_whole_is_one_report_however_clear_one_callee_is():
    alike = 1 + 0.3 * step()
    found = detected(
        {
            **{("app:f", "app:a", f"app:a{i}"): 0.02 * alike for i in range(4)},
            **{("app:f", "app:b", f"app:b{i}"): 0.01 * alike for i in range(4)},
            ("app:f", "app:untouched"): 0.3,
            ("app:rest",): 0.4,
        }
    )
    assert reports(found) == ["app:f"]


def test_a_rise_and_a_later_one_below_it_are_two_reports_three_hours_apart():
    found = detected(
        {
            ("app:f",): 0.05 + 0.04 * step(),
            ("app:f", "app:x", "app:y", "app:g"): 0.01 + 0.02 * step(AT + 3),
            ("app:f", "app:h"): 0.2,
            ("app:rest",): 0.7,
        }
    )
    assert reports(found) == ["app:f", "app:g"]


@pytest.mark.parametrize("hours", [-5, 5])
def test_what_fell_at_another_time_is_not_where_a_rise_came_from(hours):
    found = detected(
        {
            ("app:f", "app:rises"): 0.05 + 0.02 * step(),
            ("app:f", "app:fell"): 0.05 - 0.03 * step(AT + hours),
            ("app:f", "app:more"): 0.1,
            ("app:rest",): 0.7,
        }
    )
    assert [one.function for one in found.regressions if one.kind == "regression"] == ["app:rises"]


def test_a_rename_is_recognised_beside_a_rise_below_the_same_caller():
    found = detected(
        {
            ("app:f", "app:old"): 0.05 * (1 - step()),
            ("app:f", "app:new"): 0.05 * step(),
            ("app:f", "app:other"): 0.1 + 0.02 * step(),
            ("app:rest",): 0.7,
        }
    )
    assert reports(found) == ["app:other"]
    assert {one.function for one in found.suppressed if one.stage == "cost-shift"} == {"app:old", "app:new"}


def test_a_caller_of_a_whole_move_that_got_dearer_itself_is_reported():
    found = detected(
        {
            ("app:f",): 0.05 + 0.02 * step(),
            ("app:f", "app:old"): 0.05 * (1 - step()),
            ("app:f", "app:new"): 0.05 * step(),
            ("app:rest",): 0.8,
        }
    )
    assert reports(found) == ["app:f"]


def test_a_small_rise_is_not_made_large_by_the_next_one():
    found = detected({("app:one",): 0.05 + 0.003 * step() + 0.03 * step(AT + 8), ("app:rest",): 0.9})
    assert [round(one.absolute_delta, 2) for one in found.regressions] == [0.03]
    assert [one.function for one in found.suppressed if one.stage == "threshold" and one.at.hour == AT % 24] == [
        "app:one"
    ]


def test_a_small_rise_beside_a_large_new_function_below_one_caller_is_a_report_of_its_own():
    found = detected(
        {
            ("app:page",): 0.02,
            ("app:page", "app:list", "app:added"): 0.02 * step(),
            ("app:page", "app:list"): 0.03,
            # nearly all of its own work is new, as all of the new function's is
            ("app:page", "app:sort"): 0.0005 + 0.006 * step(),
            ("app:page", "app:sort", "lib:key"): 0.05,
            **{("app:page", f"app:hint{n}"): 0.0004 * step() for n in range(3)},
            ("app:rest",): 0.8,
        }
    )
    assert {"app:added", "app:sort"} <= set(reports(found))
    assert "app:page" not in reports(found)


def test_many_small_callees_that_grew_by_one_factor_are_a_report_of_their_caller():
    grew = 1 + 0.5 * step()
    found = detected(
        {
            ("app:page", "app:list"): 0.04 * grew,
            ("app:page", "app:sort"): 0.02 * grew,
            ("app:page", "app:join"): 0.02 * grew,
            **{("app:page", "app:row", f"app:cell{n}"): 0.00004 * grew for n in range(200)},
            ("app:rest",): 0.9,
        }
    )
    assert reports(found) == ["app:page"]


def test_what_a_moved_function_costs_more_is_asked_of_all_places_it_is_called_from():
    found = detected(
        {
            ("app:a", "app:work"): 0.05 - 0.03 * step(),
            ("app:a", "app:work", "app:part"): 0.036 * step(),
            ("app:b", "app:part"): 0.0018 * step(),  # too little to be looked at for where it came from
            ("app:b",): 0.02,
            ("app:rest",): 0.9,
        }
    )
    assert reports(found) == ["app:part"]
    assert found.regressions[0].absolute_delta == pytest.approx(0.0078, rel=0.1)
