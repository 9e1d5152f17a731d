"""What every chart promises, and what each of them shows."""

from __future__ import annotations

import json

import pytest
import vl_convert as vlc
from investigation_story import (
    END,
    GUILTY,
    HOSTILE,
    HOUR,
    SINCE,
    WINDOW,
    cause,
    changes,
    diff,
    history,
    regression,
    rollouts,
)

from effnb.charts import chart_candidates, chart_diff, chart_history, chart_overview

NO_VALUES = history().model_copy(update={"values": (None,) * 5, "counts": None})
WHOLE = {
    "history": chart_history(
        history(), regression=regression(), rollouts=rollouts(), changes=changes(), candidate=GUILTY
    ),
    "diff": chart_diff(diff()),
    "candidates": chart_candidates(cause()),
    "overview": chart_overview([regression()], [regression("r-2", kind="improvement", delta=-0.01)], [], WINDOW),
}
EMPTY = {
    "history": chart_history(NO_VALUES),
    "history without buckets": chart_history(NO_VALUES.model_copy(update={"values": ()})),
    "diff": chart_diff(diff().model_copy(update={"rows": (), "functions": 0})),
    "overview": chart_overview([], [], [], WINDOW),
}
ALL = {**WHOLE, **{f"empty {name}": chart for name, chart in EMPTY.items()}}


def datasets(chart):
    return [row for rows in chart.to_dict()["datasets"].values() for row in rows]


def titles(chart):
    title = chart.to_dict()["title"]
    return [title["text"], *title["subtitle"]]


@pytest.mark.parametrize("version", ["5.8", "5.21", "6.4"])
@pytest.mark.parametrize("name", ALL)
def test_every_chart_compiles_in_old_and_new_vega_lite_without_a_warning(name, version, capfd):
    svg = vlc.vegalite_to_svg(json.dumps(_unversioned(ALL[name])), vl_version=version)
    assert svg.startswith("<svg") and "NaN" not in svg
    assert "WARN" not in capfd.readouterr().err


def _unversioned(chart):
    return {key: value for key, value in chart.to_dict().items() if key != "$schema"}


@pytest.mark.parametrize("name", WHOLE)
def test_every_chart_has_a_stable_name_a_text_alternative_and_a_subtitle(name):
    spec = WHOLE[name].to_dict()
    assert spec["usermeta"] == {"effnb": {"chart": name}}
    assert len(spec["description"]) > 30
    assert spec["title"]["subtitle"][0]


@pytest.mark.parametrize("name", ALL)
def test_no_chart_fixes_a_background_or_carries_an_address(name):
    text = json.dumps(_unversioned(ALL[name]))
    assert '"background":' not in text and "href" not in text and '"url"' not in text


@pytest.mark.parametrize("name", ALL)
def test_no_chart_holds_more_than_five_thousand_rows(name):
    assert len(datasets(ALL[name])) <= 5000


def test_history_names_unit_bucket_window_and_source():
    assert titles(WHOLE["history"]) == [
        "rate_for (storefront.pricing.tax) in storefront",
        "percent of stack samples (gCPU), 30 min buckets · 2026-10-19 00:00 – 2026-11-02 00:00 UTC · "
        "source: storefront demo, resampled",
        "8.12 % → 10.64 %: +2.52 points, 95 % interval +2.33 points … +2.71 points",
    ]


def test_history_keeps_a_gap_a_gap():
    shown = [row for row in datasets(WHOLE["history"]) if "median" in row]
    missing = [row for row in shown if row["value"] is None]
    assert len(shown) == 672 and len(missing) == 15
    assert all(row["median"] is None for row in missing)


def test_history_merges_long_series_and_says_so():
    chart = chart_history(history(step=300, gap=False), regression=regression())
    shown = [row for row in datasets(chart) if "median" in row]
    assert len(shown) == 4032 / 3
    assert "15 min buckets (median of 3 buckets each)" in titles(chart)[1]
    assert sum(row["samples"] for row in shown) == sum(history(step=300, gap=False).counts)


def test_history_shows_the_suspected_version_apart_from_the_others():
    arrivals = [row for row in datasets(WHOLE["history"]) if "lane" in row]
    suspected = [row for row in arrivals if row["kind"] == "suspected version"]
    assert [row["lane"] for row in suspected] == ["canary", "eu", "us"]
    assert [row["lane"] for row in arrivals if row["kind"] == "config, flag or other change"] == ["config"]
    assert len(arrivals) == 13


def test_history_leaves_out_what_lies_outside_the_window():
    late = [rollout.model_copy(update={"started_at": END + HOUR, "finished_at": None}) for rollout in rollouts()]
    assert not [row for row in datasets(chart_history(history(), rollouts=late)) if "lane" in row]


def test_history_draws_a_running_rollout_to_the_edge():
    running = rollouts()[0].model_copy(update={"finished_at": None, "status": "running"})
    row = next(row for row in datasets(chart_history(history(), rollouts=[running])) if "lane" in row)
    assert row["end"] == END.strftime("%Y-%m-%dT%H:%M:%SZ") and row["until"] == "running"


def test_history_times_are_utc_and_the_axis_too():
    spec = json.dumps(WHOLE["history"].to_dict())
    assert '"time": "2026-10-19T00:00:00Z"' in spec
    assert '"type": "utc"' in spec


def test_history_of_something_else_than_a_share_keeps_its_unit():
    series = history()
    metric = series.metric.model_copy(update={"name": "latency", "unit": "ms"})
    assert titles(chart_history(series.model_copy(update={"metric": metric})))[1].startswith("latency (ms), 30 min")


def test_empty_history_says_that_it_is_empty():
    assert any(row.get("text") == "no values in this window" for row in datasets(EMPTY["history"]))


def test_diff_tells_noise_from_change():
    kinds = {row["name"]: row["kind"] for row in datasets(WHOLE["diff"])}
    assert kinds["storefront.pricing.tax:rate_for"] == "rose"
    assert kinds["storefront.catalog.search:rank"] == "fell"
    assert kinds["gc"] == "within noise"


def test_diff_shows_no_more_than_asked_and_says_of_how_many():
    chart = chart_diff(diff(), top=3)
    assert len({row["name"] for row in datasets(chart)}) == 3
    assert "3 of 412 functions" in titles(chart)[1]


def test_candidates_show_both_factors_and_highlight_the_cause():
    shown = {row["change"]: row for row in datasets(WHOLE["candidates"])}
    best = shown["Look tax rates up per line item · 9f2c41d07b"]
    assert (best["attribution"], best["timing"], best["kind"]) == (0.97, 0.94, "named as the cause")
    assert best["score"] == pytest.approx(0.97 * 0.94)
    assert [row["kind"] for row in shown.values()].count("named as the cause") == 1


def test_candidates_without_a_cause_highlight_none():
    chart = chart_candidates(cause(named=False))
    assert titles(chart)[0] == "No change stands out"
    assert {row["kind"] for row in datasets(chart)} == {"other candidates"}


def test_no_candidates_draw_no_chart():
    assert chart_candidates(cause(named=False).model_copy(update={"candidates": ()})) is None


def test_overview_sizes_by_cost_and_leaves_out_what_lies_outside():
    outside = regression("r-9", since=END + HOUR)
    chart = chart_overview([regression(), outside], [], [regression("r-3", kind="planned", delta=0.05)], WINDOW)
    sizes = {row["kind"]: row["size"] for row in datasets(chart) if "kind" in row}
    assert sizes == {"regression": pytest.approx(2.52), "planned": pytest.approx(5)}


def test_two_functions_with_the_same_short_name_keep_their_own_rows():
    long = ["a" * 200 + "x" * 60 + "b" * 200, "a" * 200 + "y" * 60 + "b" * 200]
    labels = {row["function"] for row in datasets(chart_diff(diff(long)))}
    assert len(labels) == 2


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_never_reach_an_expression_or_a_setting(name):
    """Names stand in data, titles and descriptions only; a sort order or condition would be compiled to code."""
    found = regression(function=name, service=name)
    charts = [
        chart_history(history(function=name), regression=found),
        chart_diff(diff([name])),
        chart_candidates(cause(titles=[name, name, name])),
        chart_overview([found], [], [], WINDOW),
    ]
    for chart in charts:
        spec = chart.to_dict()
        for allowed in ("datasets", "title", "description"):
            del spec[allowed]
        assert name[:12] not in json.dumps(spec)
        vlc.vegalite_to_svg(json.dumps(chart.to_dict()), vl_version="6.4")


def test_change_point_outside_the_series_is_not_drawn():
    chart = chart_history(history(), regression=regression(since=END + HOUR))
    assert not [row for row in datasets(chart) if str(row.get("name", "")).startswith("since")]
    assert SINCE < END
