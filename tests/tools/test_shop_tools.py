"""Every tool on the made-up shop, whose truth is known."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

import pytest
from shop_workspace import CHECK, DEPLOYED, RAMP, T0

from effnb.domain import Window
from effnb.errors import NotFound, ToolFailed
from effnb.session import open_session

END = T0 + timedelta(days=10)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def found(session):
    return next(one for one in session.regressions() if one.function == CHECK)


def test_the_planted_regression_is_filed_with_its_size(session, found):
    assert DEPLOYED <= found.change_point.at <= DEPLOYED + timedelta(hours=1.5)
    assert found.service_delta == pytest.approx(0.022, abs=0.003)
    assert session.tools.describe_regression(id=found.id) == found
    assert session.regression(found.id) == found


def test_a_planned_ramp_is_one_rise(session):
    (planned,) = session.planned()
    assert (planned.function, planned.planned_by) == ("shop.gift:wrap", "flag:wrap")
    assert abs(planned.change_point.at - RAMP[0]) <= timedelta(hours=1)
    assert planned.analysis.end > RAMP[1]
    assert planned.service_delta == pytest.approx(0.04 / 1.02, abs=0.004)
    assert planned.after == pytest.approx(planned.before + planned.absolute_delta)
    assert planned.low < planned.absolute_delta < planned.high
    assert all(one.function != "shop.gift:wrap" for one in session.regressions())


def test_detection_sums_up_what_it_filed(session):
    summary = session.tools.run_detection()
    assert summary.services == ("shop",)
    assert summary.regressions == len(session.regressions())
    assert summary.planned == 1
    assert summary.suppressed == len(session.suppressed())
    assert summary.funnel["change points"] >= summary.funnel["threshold"]
    assert summary.not_enough_data == {}


def test_a_rise_is_not_planned_when_nobody_announced_it(session, tmp_path):
    shutil.copytree(session.workspace.root, tmp_path / "copy")
    records = tmp_path / "copy" / "experiments.jsonl"
    records.write_text(records.read_text().replace('"planned_cost": 0.04', '"planned_cost": null'))
    unannounced = open_session(tmp_path / "copy")
    summary = unannounced.tools.run_detection()
    assert summary.planned == 0
    assert len([one for one in unannounced.regressions() if one.function == "shop.gift:wrap"]) == 2
    unannounced.close()


def test_history_holds_the_step(session):
    series = session.tools.function_history(service="shop", function=CHECK)
    assert (series.start, series.step_seconds, len(series.values)) == (T0, 1800, 480)
    at = (5 * 24 + 8) * 2
    before, after = series.values[at - 48 : at], series.values[at + 4 : at + 52]
    assert sum(after) / 48 - sum(before) / 48 == pytest.approx(0.0196, abs=0.002)
    assert min(series.counts) > 5_000
    part = session.tools.function_history(service="shop", function=CHECK, start=T0 + DAY, end=T0 + 2 * DAY)
    assert part.values == series.values[48:96]


def test_history_of_an_unknown_function_or_span_says_where_to_look(session):
    with pytest.raises(ToolFailed, match="shop has no samples of 'shop:nope'; check the name with diff_profiles"):
        session.tools.function_history(service="shop", function="shop:nope")
    with pytest.raises(ToolFailed, match=r"no samples of shop in .*; the store holds 2025-10-06 00:00"):
        session.tools.function_history(service="shop", function=CHECK, start=END + DAY, end=END + 2 * DAY)


def test_difference_of_profiles_ranks_the_planted_function_first(session):
    before, after = Window(start=DEPLOYED - DAY, end=DEPLOYED), Window(start=DEPLOYED + DAY / 8, end=RAMP[0])
    diff = session.tools.diff_profiles(service="shop", before=before, after=after)
    assert diff.rows[0].function == CHECK
    assert diff.rows[0].low < 0.0196 < diff.rows[0].high + 0.001
    near = session.tools.diff_profiles(service="shop", before=before, after=after, function="shop.stock:load")
    assert {row.function for row in near.rows} == {
        "shop.app:serve", "shop.web:product", "shop.web:cart", "shop.web:admin", "shop.stock:stock", "shop.stock:load",
    }  # fmt: skip
    assert len(session.tools.diff_profiles(service="shop", before=before, after=after, limit=3).rows) == 3


def test_difference_with_an_empty_window_is_not_enough_data(session):
    with pytest.raises(ToolFailed, match=r"shop has no samples in .*; choose a window inside the ingested span"):
        session.tools.diff_profiles(
            service="shop", before=Window(start=T0 - DAY, end=T0), after=Window(start=T0, end=END)
        )


def test_rollouts_inside_a_window(session):
    rows = session.tools.rollout_status(service="shop", start=DEPLOYED, end=DEPLOYED + timedelta(minutes=31))
    assert [row.host_group for row in rows] == ["canary", "east"]
    none = session.tools.rollout_status(service="shop", start=T0, end=T0 + DAY)
    assert (len(none), none.searched) == (0, "rollouts of shop, 2025-10-06 00:00 – 2025-10-07 00:00 UTC")


def test_changes_of_all_kinds_oldest_first(session):
    rows = session.tools.list_changes(service="shop", start=T0, end=END).rows
    assert [(one.kind, one.title) for one in rows] == [
        ("config", "Longer carts"),
        ("code", "Check prices twice"),
        ("experiment", "Wrapping: ramp to 100 %"),
    ]
    assert session.tools.list_changes(service="other", start=T0, end=END).rows == ()


def test_the_commit_that_did_it_is_the_cause(session, found):
    cause = session.tools.rank_causes(id=found.id)
    best = cause.candidates[0]
    assert cause.change_id == best.change_id
    assert (best.title, best.functions) == ("Check prices twice", (CHECK,))
    assert best.attribution == pytest.approx(1.0)
    assert best.timing > 0.8
    assert best.reached_at == DEPLOYED + timedelta(minutes=10)


def test_the_experiment_is_the_cause_of_its_ramp(session):
    (planned,) = session.planned()
    assert session.tools.rank_causes(id=planned.id).candidates[0].change_id == "flag:wrap"


def test_on_a_leap_day_changes_are_listed_too(session):
    start = datetime(2028, 2, 29, tzinfo=UTC)
    assert session.tools.list_changes(service="shop", start=start, end=start + DAY).rows == ()


def test_dropped_change_points_near_a_regression(session, found):
    near = session.tools.suppressed_near(id=found.id)
    assert near.total >= 1
    assert all(abs(one.at - found.change_point.at) <= DAY / 2 for one in near)
    assert "shop.price:price" in {one.function for one in near}
    assert len(session.tools.suppressed_near(id=found.id, limit=1)) == 1


@pytest.mark.parametrize("name", ["describe_regression", "rank_causes", "suppressed_near"])
def test_an_unknown_regression_names_the_filed_ones(session, found, name):
    with pytest.raises(ToolFailed, match=f"no regression 'reg-0'; filed: .*{found.id}"):
        session.tools.call(name, {"id": "reg-0"})


@pytest.mark.parametrize("name", ["function_history", "diff_profiles"])
def test_an_unknown_service_names_the_known_ones(session, name):
    span = Window(start=T0, end=END)
    args = {"function": CHECK} if name == "function_history" else {"before": span, "after": span}
    with pytest.raises(ToolFailed, match="no samples of service 'web'; services with samples: shop"):
        session.tools.call(name, {"service": "web", **args})


def test_a_window_that_ends_before_it_starts_is_refused_in_one_line(session):
    with pytest.raises(ToolFailed) as failure:
        session.tools.list_changes(service="shop", start=END, end=T0)
    assert "\n" not in str(failure.value)
    assert "ValidationError" not in str(failure.value)


def test_impact_of_the_planted_regression(session, found):
    impact = session.impact(found)
    assert impact.servers == pytest.approx(found.absolute_delta * 30)
    assert impact.kw == pytest.approx(found.absolute_delta * 30 * 0.6)
    assert impact.money_per_year == pytest.approx(found.absolute_delta * 30 * 0.6 * 8766 * 0.1)


def test_ingested_profiles_are_counted_once(empty, tmp_path):
    profile = tmp_path / "p.folded"
    profile.write_text("main;web:a;x 30\nmain 10\n")
    args = {"paths": [str(profile)], "service": "web", "at": datetime(2026, 1, 5, 12, 10, tzinfo=UTC)}
    for _ in range(2):
        (row,) = empty.tools.ingest_files(**args)
        assert (row.service, row.samples, row.at_from, row.format) == ("web", 40, "--at", "folded")
    assert empty.workspace.samples.stack_counts("web") == {("main", "web:a", "x"): 30, ("main",): 10}
    series = empty.tools.function_history(service="web", function="x")
    assert (series.start, series.values, series.counts) == (datetime(2026, 1, 5, 12, tzinfo=UTC), (0.75,), (40,))


def test_a_folder_is_taken_whole_and_series_are_told_from_profiles(empty, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.folded").write_text("main 5\n")
    (folder / ".hidden").write_text("no profile")
    (folder / "s.csv").write_text("time,value\n2026-01-05T00:00:00Z,1\n2026-01-05T00:01:00Z,2\n")
    rows = empty.tools.ingest_files(paths=[str(folder)], service="web").rows
    assert [(row.samples, row.series) for row in rows] == [(5, 0), (0, 1)]
    assert rows[0].at_from == "the file's modification time"


def test_a_profile_without_service_is_refused_with_the_option(empty, tmp_path):
    (tmp_path / "a.folded").write_text("main 5\n")
    with pytest.raises(ToolFailed, match=r"a\.folded does not say which service it is of; add --service NAME"):
        empty.tools.ingest_files(paths=[str(tmp_path / "a.folded")])
    assert empty.workspace.samples.services() == ()


def test_short_histories_are_named_not_called_clean(empty, tmp_path):
    (tmp_path / "a.folded").write_text("main 5\n")
    empty.tools.ingest_files(paths=[str(tmp_path / "a.folded")], service="web", at=datetime(2026, 1, 5, tzinfo=UTC))
    summary = empty.tools.run_detection()
    assert summary.regressions == 0
    assert summary.not_enough_data == {"web": "web has 0.5 h of samples, detection needs 24 h; ingest more"}


def test_prometheus_needs_to_be_configured(empty):
    with pytest.raises(ToolFailed, match=r"no Prometheus queries are configured; set \[sources\.prometheus\]"):
        empty.tools.ingest_prometheus(start=T0, end=END)


def test_a_workspace_knows_its_services(session):
    session.workspace.check_service("shop")
    with pytest.raises(NotFound, match="services with samples: shop"):
        session.workspace.check_service("web")
