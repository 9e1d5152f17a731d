"""How the funnel benchmark judges reports, on detectors that are known to be perfect or wrong."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from effnb.datasets._funnel import LARGE, PlantedEvent, Truth, simulate_month


@pytest.fixture(scope="module")
def funnel(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("fleet_funnel", root / "benchmarks" / "fleet_funnel.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["fleet_funnel"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def truth() -> Truth:
    return simulate_month(11, LARGE, n_functions=1000, history_days=3, days=20)[1]


def mark(funnel: ModuleType, truth: Truth, event: PlantedEvent, stage: str = "report", hours: float = 0) -> object:
    function = max(event.functions, key=lambda name: truth.effect(event, name))
    change = truth.effect(event, function)
    at = event.at + 3600 * hours
    return funnel.Mark(function, at, at, at, change, stage)


def test_a_detector_that_reports_every_rise_once_is_perfect(funnel: ModuleType, truth: Truth) -> None:
    reports = [mark(funnel, truth, event) for event in truth.lasting_rises]
    scored = funnel.score(funnel.Outcome(reports, [], {}), truth, funnel.PRESETS["large"])
    assert all(report["true"] for report in scored["reports"])
    assert all(rise["found"] for rise in scored["rises"])
    assert not any(rise["hidden"] for rise in scored["rises"])


def test_a_silent_detector_misses_everything_and_reports_nothing(funnel: ModuleType, truth: Truth) -> None:
    scored = funnel.score(funnel.Outcome([], [], {}), truth, funnel.PRESETS["large"])
    assert scored["reports"] == []
    assert not any(rise["found"] for rise in scored["rises"])


def test_a_second_report_of_one_event_is_a_duplicate(funnel: ModuleType, truth: Truth) -> None:
    once = mark(funnel, truth, truth.lasting_rises[0])
    scored = funnel.score(funnel.Outcome([once, once], [], {}), truth, funnel.PRESETS["large"])
    assert sorted(report["why"] for report in scored["reports"]) == ["duplicate of regression", "regression"]
    assert sum(report["true"] for report in scored["reports"]) == 1


def test_moved_work_that_is_reported_is_false_and_that_is_dropped_is_recognised(
    funnel: ModuleType, truth: Truth
) -> None:
    judge = funnel.Judge(truth)
    alone = [
        event
        for event in truth.events
        if event.kind == "cost-shift" and judge.explain(mark(funnel, truth, event)) is event
    ]
    reported, dropped = alone[:2]
    outcome = funnel.Outcome([mark(funnel, truth, reported)], [mark(funnel, truth, dropped, "cost-shift")], {})
    scored = funnel.score(outcome, truth, funnel.PRESETS["large"])
    assert [(report["true"], report["why"]) for report in scored["reports"]] == [(False, "cost-shift")]
    assert sum(shift["recognised"] for shift in scored["shifts"]) == 1
    assert sum(shift["reported"] for shift in scored["shifts"]) == 1


def test_a_true_rise_dropped_as_moved_work_is_hidden(funnel: ModuleType, truth: Truth) -> None:
    event = next(event for event in truth.lasting_rises if event.detail == "own work")
    scored = funnel.score(
        funnel.Outcome([], [mark(funnel, truth, event, "cost-shift")], {}), truth, funnel.PRESETS["large"]
    )
    assert sum(rise["hidden"] for rise in scored["rises"]) == 1


def test_a_report_long_after_its_event_is_noise(funnel: ModuleType, truth: Truth) -> None:
    event = next(event for event in truth.lasting_rises if event.detail == "own work")
    late = mark(funnel, truth, event, hours=60)
    scored = funnel.score(funnel.Outcome([late], [], {}), truth, funnel.PRESETS["large"])
    assert scored["reports"][0]["why"] == "noise"


@pytest.mark.parametrize(("hits", "n", "low", "high"), [(49, 70, 0.584, 0.795), (0, 10, 0.0, 0.278)])
def test_wilson_intervals_match_the_published_ones(
    funnel: ModuleType, hits: int, n: int, low: float, high: float
) -> None:
    assert funnel.wilson(hits, n) == pytest.approx([low, high], abs=1e-3)


def test_exact_intervals_of_no_hit_end_where_three_over_n_says(funnel: ModuleType) -> None:
    assert funnel.exact(0, 100) == pytest.approx([0.0, 0.0362], abs=1e-4)


def test_finished_months_are_not_measured_again_and_an_unfinished_line_is_no_month(
    funnel: ModuleType, tmp_path: Path
) -> None:
    path, job = tmp_path / "months.jsonl", funnel.Job("false", 0, 60)
    stored = [{"section": "false", "marker": 1}]
    funnel._append(path, {"job": ["false", 0, 60], "code": funnel.code_version(), "rows": stored})
    path.write_text(path.read_text() + '{"job": ["false", 1', encoding="utf-8")
    assert funnel.measure([job], path, 1) == stored
    funnel._append(path, {"job": ["false", 2, 60], "code": "older", "rows": []})
    assert [line["job"][1] for line in funnel._stored(path)] == [0, 2]
