"""What every stage of detection promises on any samples, good or bad: nothing vanishes and nothing is touched.

The answer to bad input is the same for all: what no samples can be is refused where the history is built; buckets
without samples and requests that were not measured are gaps; less than a day is not enough data.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from effnb.detect import PlannedChange, ServiceHistory, detect_regressions
from effnb.detect._long_path import join_ramps
from effnb.detect._merge import Cause, join_launches, join_stairs, merge_causes
from effnb.detect._pipeline import CAUSE_STAGES, STEP_STAGES
from effnb.detect._planned import mark_planned
from effnb.detect._scan import find_steps, scanned
from effnb.detect._types import Kept, Step
from effnb.detect._went_away import drop_transient
from effnb.domain import Suppressed
from effnb.errors import AnalysisError, NotEnoughData
from effnb.settings import DetectSettings

HOUR, BUCKETS, STEP_AT = 3600, 24 * 8, 24 * 5
STACKS = [("m:main", "m:a"), ("m:main", "m:a", "m:b"), ("m:main", "m:b"), ("m:main", "m:c", "m:c"), ("m:main", "m:d")]
SETTINGS = DetectSettings()
PLAN = PlannedChange("flag:x", [(STEP_AT * HOUR, 0.5), ((STEP_AT + 12) * HOUR, 1.0)])


def good_counts() -> np.ndarray:
    """Two steps and a slow climb in five stacks."""
    time = np.arange(BUCKETS)
    costs = np.full((len(STACKS), BUCKETS), 2000.0)
    costs[1, STEP_AT:] += 900
    costs[2, STEP_AT:] -= 600
    costs[3] += 800 * np.clip((time - 40) / 100, 0, 1)
    return np.random.default_rng(0).poisson(costs)


def built(counts: np.ndarray | None = None, requests: np.ndarray | None = None, **changed: object) -> ServiceHistory:
    counts = good_counts() if counts is None else counts
    plain = np.full((2, counts.shape[-1]), 5000.0)
    whole = {
        "service": "s",
        "start": 0,
        "step_seconds": HOUR,
        "stacks": STACKS,
        "counts": counts,
        "endpoint": np.array([0, 0, 1, 1, -1]),
        "requests": plain if requests is None else requests,
        **changed,
    }
    return ServiceHistory(**whole)  # type: ignore[arg-type]


def with_requests(value: float, columns: slice = slice(30, 60)) -> ServiceHistory:
    requests = np.full((2, BUCKETS), 5000.0)
    requests[:, columns] = value
    return built(requests=requests)


def with_counts(change: Callable[[np.ndarray], object]) -> ServiceHistory:
    counts = good_counts()
    change(counts)
    return built(counts)


def emptied(counts: np.ndarray, columns: slice) -> None:
    counts[:, columns] = 0


HISTORIES: dict[str, Callable[[], ServiceHistory]] = {
    "good": built,
    "without requests": lambda: built(requests=None, endpoint=np.full(5, -1)),
    "a gap": lambda: with_counts(lambda counts: emptied(counts, slice(50, 74))),
    "a late gap": lambda: with_counts(lambda counts: emptied(counts, slice(150, 168))),
    "gaps everywhere": lambda: with_counts(lambda counts: emptied(counts, slice(0, None, 2))),
    "starts in the middle": lambda: with_counts(lambda counts: emptied(counts, slice(0, 90))),
    "a function that starts in the middle": lambda: with_counts(lambda counts: emptied(counts[:1], slice(0, 90))),
    "no samples at all": lambda: built(np.zeros((5, BUCKETS), dtype=np.int64)),
    "constant": lambda: built(np.full((5, BUCKETS), 1000)),
    "one sample": lambda: built(np.eye(5, BUCKETS, dtype=np.int64)),
    "unit changes": lambda: with_counts(
        lambda counts: np.multiply(counts, 1000, out=counts, where=np.arange(192) > 99)
    ),
    "huge": lambda: built(good_counts() * 10**12),
    "requests missing for a while": lambda: with_requests(np.nan),
    "requests never measured": lambda: with_requests(np.nan, slice(None)),
    "infinite requests": lambda: with_requests(np.inf),
    "negative requests": lambda: with_requests(-5.0),
    "no requests": lambda: with_requests(0.0),
    "no requests ever": lambda: with_requests(0.0, slice(None)),
    "one day": lambda: built(good_counts()[:, STEP_AT - 12 : STEP_AT + 12]),
    "five hours": lambda: built(good_counts()[:, STEP_AT - 2 : STEP_AT + 3]),
    "one bucket": lambda: built(good_counts()[:, :1]),
}


def found_steps(history: ServiceHistory) -> list[Step]:
    return join_stairs(find_steps(history, SETTINGS), history, SETTINGS)


def planned_steps(history: ServiceHistory) -> list[Step]:
    """Steps whatever the data, so that every stage has something to do."""
    n = history.n_buckets
    cuts = sorted({n // 3, 2 * n // 3} - {0})
    return [
        Step(row, cut, 0, n, 0.1, 0.1 + 0.05 * sign, 0.001)
        for row in range(len(history.functions))
        for cut, sign in zip(cuts, (1, -1), strict=False)
    ]


def causes_of(history: ServiceHistory, steps: list[Step]) -> list[Cause]:
    return [Cause(step, step, (history.functions[step.row],), []) for step in steps]


def transients(history: ServiceHistory, steps: list[Step], settings: DetectSettings) -> Kept:
    return drop_transient(history, steps, settings, steps[:1], scanned(history).values)


def ramps(history: ServiceHistory, steps: list[Step], _: DetectSettings) -> Kept:
    return join_ramps(history, scanned(history), steps)


STEP_LIKE = {**STEP_STAGES, "went-away": transients, "long-path": ramps}
CAUSE_LIKE = {
    **CAUSE_STAGES,
    "planned": lambda history, causes, settings: (
        mark_planned(history, scanned(history), causes, [PLAN], settings),
        [],
    ),
    "same-regression": lambda history, causes, settings: (join_launches(history, causes, settings), []),
}


def merged_rows(causes: list[Cause]) -> int:
    return sum(len(cause.merged) for cause in causes)


def check_rows(rows: list[Suppressed]) -> None:
    for row in rows:
        assert row.stage
        assert row.reason
        assert row.would_keep
        assert np.isfinite(row.absolute_delta)


@pytest.mark.parametrize("name", HISTORIES)
@pytest.mark.parametrize("stage", STEP_LIKE)
def test_each_step_is_kept_or_has_a_row(name, stage):
    history = HISTORIES[name]()
    for steps in (found_steps(history), planned_steps(history), []):
        before = list(steps)
        kept = STEP_LIKE[stage](history, steps, SETTINGS)
        assert steps == before
        assert len(kept.steps) + len(kept.dropped) == len(steps)
        check_rows(kept.dropped)


@pytest.mark.parametrize("name", HISTORIES)
@pytest.mark.parametrize("stage", CAUSE_LIKE)
def test_each_cause_is_kept_or_has_a_row(name, stage):
    history = HISTORIES[name]()
    for steps in (found_steps(history), planned_steps(history), []):
        causes = causes_of(history, steps)
        kept, rows = CAUSE_LIKE[stage](history, list(causes), SETTINGS)
        assert len(kept) + len(rows) + merged_rows(kept) >= len(causes)
        assert len(kept) <= len(causes)
        check_rows(rows)


@pytest.mark.parametrize("name", HISTORIES)
def test_merging_loses_no_step(name):
    history = HISTORIES[name]()
    for steps in (found_steps(history), planned_steps(history), []):
        causes = merge_causes(history, steps, SETTINGS)
        assert len(causes) + merged_rows(causes) == len(steps)
        check_rows([row for cause in causes for row in cause.merged])


@pytest.mark.parametrize("name", HISTORIES)
def test_the_whole_answers_or_says_that_it_cannot(name):
    history = HISTORIES[name]()
    counts = history.counts.copy()
    try:
        found = detect_regressions(history, SETTINGS, planned=[PLAN])
    except NotEnoughData as error:
        assert history.n_buckets < 24
        assert "ingest more" in str(error)
    else:
        assert history.n_buckets >= 24
        assert all(np.isfinite([one.absolute_delta, one.low, one.high]).all() for one in found.regressions)
        check_rows(list(found.suppressed))
    assert np.array_equal(history.counts, counts)


@pytest.mark.parametrize("name", ["constant", "no samples at all", "one sample"])
def test_without_a_change_nothing_is_found(name):
    assert detect_regressions(HISTORIES[name](), SETTINGS).regressions == ()


@pytest.mark.parametrize(
    "name", ["a late gap", "requests missing for a while", "infinite requests", "negative requests"]
)
def test_gaps_leave_the_findings_as_they_are(name):
    assert found_at(HISTORIES[name]()) == found_at(built())


def found_at(history: ServiceHistory) -> list[tuple[str, int]]:
    """Function and half day of each report."""
    found = detect_regressions(history, SETTINGS)
    hours = [round(one.change_point.at.timestamp() / HOUR / 12) for one in found.regressions]
    return sorted(zip([one.function for one in found.regressions], hours, strict=True))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"counts": good_counts() - 3000}, "a count of -"),
        ({"counts": good_counts()[:3]}, r"5 stacks, counts \(3, 192\)"),
        ({"counts": good_counts().ravel()}, r"give counts \(n_stacks, n_buckets\)"),
        ({"endpoint": np.zeros(2, dtype=int)}, r"endpoints \(2,\)"),
        ({"requests": np.ones((2, 7))}, r"requests \(2, 7\) for 2 endpoints and 192 buckets"),
        ({"requests": np.ones((1, BUCKETS))}, r"requests \(1, 192\) for 2 endpoints"),
        ({"step_seconds": 0}, "buckets of 0 s"),
    ],
)
def test_what_no_samples_can_be_is_refused(changed, said):
    with pytest.raises(AnalysisError, match=said):
        built(**changed)


@hypothesis_settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32 - 1), st.integers(24, 120), st.floats(0, 3), st.booleans())
def test_any_counts_are_answered_and_every_change_point_is_told(seed, buckets, scale, with_gaps):
    rng = np.random.default_rng(seed)
    counts = rng.poisson(rng.gamma(1.0, 10**scale, (5, buckets)))
    counts[:, rng.random(buckets) < (0.3 if with_gaps else 0)] = 0
    history = built(counts, requests=np.where(rng.random((2, buckets)) < 0.2, np.nan, 100.0))
    found = detect_regressions(history, SETTINGS)
    told = len(found.regressions) + len(found.suppressed)
    assert told >= found.funnel["change points"]
