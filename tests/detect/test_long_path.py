"""Slow climbs are one change that begins where the climb does."""

from __future__ import annotations

import numpy as np
import pytest

from effnb.datasets import START
from effnb.detect import ServiceHistory, detect_regressions
from effnb.detect._long_path import fit_ramp
from effnb.settings import DetectSettings

HOURS = 20 * 24
CLIMB = (9 * 24, 14 * 24)


def climbing(seed: int) -> ServiceHistory:
    """Twenty days of hours in which one of three functions doubles within five days."""
    hours = np.arange(HOURS)
    share = 0.04 * (1 + np.clip((hours - CLIMB[0]) / (CLIMB[1] - CLIMB[0]), 0, 1))
    costs = np.array([share, np.full(HOURS, 0.3), np.full(HOURS, 0.6)])
    return ServiceHistory(
        service="shop",
        start=START,
        step_seconds=3600,
        stacks=[("app:serve", f"app:{name}") for name in "abc"],
        counts=np.random.default_rng(seed).poisson(200_000 * costs),
        endpoint=np.array([0, 1, 1]),
        requests=np.full((2, HOURS), 1e6),
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_drift_is_one_report_from_where_it_begins(seed):
    found = detect_regressions(climbing(seed), DetectSettings())
    assert [(one.kind, one.function) for one in found.regressions] == [("regression", "app:a")]
    one = found.regressions[0]
    assert abs((one.change_point.at.timestamp() - START) / 3600 - CLIMB[0]) <= 12
    assert one.service_delta == pytest.approx(0.04 / 0.94, abs=0.002)
    stairs = [row for row in found.suppressed if row.stage == "long-path" and row.function == "app:a"]
    assert stairs
    assert {row.numbers["began"] for row in stairs} == {one.change_point.at.isoformat()}


def test_a_ramp_is_fitted_where_it_is():
    rng = np.random.default_rng(4)
    series = 1 + np.clip((np.arange(400) - 100) / 150, 0, 1) + rng.normal(0, 0.02, 400)
    ramp = fit_ramp(series, 0.02)
    assert (ramp.first, ramp.last) == (pytest.approx(100, abs=8), pytest.approx(250, abs=8))
    assert (ramp.before, ramp.after) == (pytest.approx(1, abs=0.01), pytest.approx(2, abs=0.01))
    assert ramp.misfit == pytest.approx(400, rel=0.3)


def test_two_steps_two_days_apart_are_no_ramp():
    hours = np.arange(HOURS)
    share = 0.04 + 0.02 * (hours >= 200) + 0.02 * (hours >= 248)
    history = climbing(1)
    counts = np.random.default_rng(7).poisson(200_000 * np.array([share, np.full(HOURS, 0.3), np.full(HOURS, 0.6)]))
    two = ServiceHistory("shop", START, 3600, history.stacks, counts, history.endpoint, history.requests)
    found = detect_regressions(two, DetectSettings())
    at = sorted(
        (one.change_point.at.timestamp() - START) / 3600 for one in found.regressions if one.function == "app:a"
    )
    assert at == [200, 248]
