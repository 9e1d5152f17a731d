"""The demo finds what was planted, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from effnb.datasets import (
    SERVED,
    Deploy,
    Endpoint,
    RecordedRevision,
    ServiceFleet,
    Storefront,
    apply_history,
    simulate_service,
    stack_costs,
)
from effnb.demo import run_demo
from effnb.detect import ServiceHistory, detect_regressions
from effnb.errors import ConfigError
from effnb.session import open_session
from effnb.settings import DetectSettings
from effnb.sources.changes import GitRepository
from effnb.sources.recorder import load_recordings

pytestmark = pytest.mark.slow


def matching(found: dict, planted: list[dict]) -> list[dict]:
    return [one for one in planted if one["service"] == found["service"] and found["function"] in one["functions"]]


def test_each_planted_regression_is_reported_exactly_once(summary, truth):
    names = [(one["service"], one["function"]) for one in summary["regressions"]]
    assert len(names) == len(truth["regressions"]), names
    for planted in truth["regressions"]:
        hits = [one for one in summary["regressions"] if matching(one, [planted])]
        assert len(hits) == 1, (planted, names)


def test_the_planted_change_ranks_first_for_at_least_four_of_five(summary, truth):
    right = [
        one["candidates"][0]["change_id"] == matching(one, truth["regressions"])[0]["change_id"]
        for one in summary["regressions"]
        if one["candidates"]
    ]
    assert sum(right) >= 4


def test_no_look_alike_is_reported(summary, truth):
    assert [one for one in summary["regressions"] if matching(one, truth["look_alikes"])] == []


def test_each_look_alike_was_seen_and_let_go(demo, truth):
    session = open_session(demo)
    dropped = {(one.service, one.function): one for one in session.suppressed()}
    for planted in truth["look_alikes"]:
        assert any((planted["service"], name) in dropped for name in planted["functions"]), planted
    session.close()


def test_look_alikes_move_more_than_the_smallest_regression(demo, summary, truth):
    smallest = min(one["absolute_delta"] for one in summary["regressions"])
    session = open_session(demo)
    for planted in truth["look_alikes"]:
        moves = [
            abs(one.absolute_delta)
            for one in session.suppressed()
            if one.service == planted["service"] and one.function in planted["functions"]
        ]
        assert max(moves) > smallest, planted
    session.close()


def test_the_ramp_is_planned_and_the_improvement_an_improvement(summary, truth):
    for kind in ("planned", "improvements"):
        assert len(summary[kind]) == len(truth[kind]) == 1
        assert matching(summary[kind][0], truth[kind])
    assert summary["planned"][0]["absolute_delta"] > 0 > summary["improvements"][0]["absolute_delta"]


def test_the_summary_keeps_its_contract(summary):
    assert set(summary) == {"regressions", "suppressed", "planned", "improvements", "timings"}
    row = summary["regressions"][0]
    assert {"id", "service", "function", "change_point", "absolute_delta", "relative_delta"} <= set(row)
    assert {"root_cause", "candidates", "report"} <= set(row)
    assert row["change_point"].endswith("Z")
    assert summary["suppressed"] > 0
    assert all(seconds >= 0 for seconds in summary["timings"].values())


def test_a_folder_that_is_no_demo_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ConfigError, match="not a demo"):
        run_demo(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def history_of(traffic, handlers, clock):
    samples = traffic.samples
    ids, row = np.unique(samples.stack, return_inverse=True)
    counts = np.zeros((len(ids), len(clock.times)), dtype=np.int64)
    np.add.at(counts, (row, (samples.bucket - clock.start) // clock.step_seconds), samples.n)
    stacks = [samples.stacks[int(key)] for key in ids]
    place = {handler: i for i, handler in enumerate(handlers.values())}
    return ServiceHistory(
        service=samples.service,
        start=clock.start,
        step_seconds=clock.step_seconds,
        stacks=stacks,
        counts=counts,
        endpoint=np.array([next((place[name] for name in stack if name in place), -1) for stack in stacks]),
        requests=np.array([traffic.requests[name] for name in handlers], dtype=float),
        own_code=("storefront",),
    )


@pytest.mark.parametrize("service", SERVED)
def test_two_recordings_of_one_revision_expand_to_no_change(root, tmp_path, service):
    """The second recording is deployed over the first one, as if its commit had touched every function but the root."""
    data = root / "data/storefront"
    apply_history(data, tmp_path / "repo")
    storefront = Storefront(data, GitRepository(tmp_path / "repo"))
    base = storefront.releases[0].sha
    recordings = load_recordings(data / "recordings")
    pair = [
        one for one in recordings if (one.service, one.revision) == (service, base) and one.variant in ("", "again")
    ]
    one, two = (storefront.counts(recording) for recording in pair)
    touched = frozenset(name for stack in one for name in stack[1:])
    costs = stack_costs([RecordedRevision("one", one, frozenset()), RecordedRevision("two", two, touched)])
    rows, clock = storefront.plan["services"][service]["endpoints"], storefront.clock
    groups = {"east": 10, "west": 10}
    week = 7 * 86_400
    fleet = ServiceFleet(
        name=service,
        host_groups=groups,
        endpoints=[Endpoint(row["name"], row["handler"], row["weight"] / 100) for row in rows],
        utilisation=0.5,
        costs={"one": costs[0], "two": costs[1]},
        deploys=[
            Deploy(version, group, start, 20)
            for group in groups
            for version, start in (("one", clock.start - week), ("two", clock.start + week))
        ],
    )
    traffic = simulate_service(fleet, clock, sampling_hz=1.0, seed=3)
    history = history_of(traffic, storefront.handlers(service), clock)
    assert detect_regressions(history, DetectSettings()).regressions == ()
