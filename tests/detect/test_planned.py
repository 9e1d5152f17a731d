"""Announced launches are annotated; what nobody announced is reported."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from effnb.datasets import START
from effnb.detect import PlannedChange, ServiceHistory, detect_regressions
from effnb.settings import DetectSettings

HOURS = 20 * 24
STEPS = ((240, 0.1), (252, 0.5), (264, 1.0))
PLAN = PlannedChange("flag:new", [(START + 3600 * hour, share) for hour, share in STEPS])


def launched() -> ServiceHistory:
    """Three functions of equal size that are ramped up, and one that gets dearer on its own."""
    exposed = np.zeros(HOURS)
    for hour, share in STEPS:
        exposed[hour:] = share
    own = 0.05 + 0.02 * (np.arange(HOURS) >= 258)
    costs = np.array([0.03 * exposed, 0.03 * exposed, 0.03 * exposed, own, np.full(HOURS, 0.8)])
    return ServiceHistory(
        service="shop",
        start=START,
        step_seconds=3600,
        stacks=[
            ("app:serve", "app:x", "app:new"),
            *[("app:serve", f"app:{n}") for n in ("new2", "new3", "own", "rest")],
        ],
        counts=np.random.default_rng(1).poisson(200_000 * costs),
        endpoint=np.array([0, 0, 0, 0, 0]),
        requests=np.full((1, HOURS), 1e6),
    )


def test_a_launch_is_one_planned_change_and_does_not_hide_another_rise():
    found = detect_regressions(launched(), DetectSettings(), planned=[PLAN])
    kinds = sorted((one.kind, one.planned_by or one.function) for one in found.regressions)
    assert kinds == [("planned", "flag:new"), ("regression", "app:own")]
    planned = {one.function for one in found.suppressed if one.stage == "planned"}
    assert planned & {"app:new", "app:new2", "app:new3"}


def test_an_unannounced_launch_is_reported_once():
    found = detect_regressions(launched(), DetectSettings())
    assert {one.kind for one in found.regressions} == {"regression"}
    assert len([one for one in found.regressions if "new" in one.function or one.function == "app:x"]) == 1


def test_a_plan_for_other_functions_explains_nothing():
    other = PlannedChange("flag:other", PLAN.steps, frozenset({"app:elsewhere"}))
    found = detect_regressions(launched(), DetectSettings(), planned=[other])
    assert [one for one in found.regressions if one.kind == "planned"] == []


def test_two_rises_that_meet_a_launch_by_chance_are_not_its_steps():
    """Two steps between its own look much like the ramp, each alone less than both."""
    history = launched()
    own = 0.05 + 0.02 * (np.arange(HOURS) >= 244) + 0.02 * (np.arange(HOURS) >= 258)
    counts = history.counts.copy()
    counts[3] = np.random.default_rng(2).poisson(200_000 * own)
    found = detect_regressions(replace(history, counts=counts), DetectSettings(), planned=[PLAN])
    assert "app:own" in {one.function for one in found.regressions if one.kind == "regression"}


def test_a_rise_during_a_launch_stays_one_beside_a_larger_rise_after_it():
    """What came a day after the exposure says nothing of it, though the exposure is nearer to both than either step."""
    history = launched()
    own = 0.05 + 0.01 * (np.arange(HOURS) >= 246) + 0.06 * (np.arange(HOURS) >= 290)
    counts = history.counts.copy()
    counts[3] = np.random.default_rng(2).poisson(200_000 * own)
    found = detect_regressions(replace(history, counts=counts), DetectSettings(), planned=[PLAN])
    rises = sorted(one.absolute_delta for one in found.regressions if one.function == "app:own")
    assert rises == pytest.approx([0.01, 0.06], rel=0.2)
    assert {one.kind for one in found.regressions if one.function == "app:own"} == {"regression"}
