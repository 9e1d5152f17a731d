"""The funnel: what each stage of detection left, and what it let go."""

from __future__ import annotations

import json

import pytest
import vl_convert as vlc

from effnb.charts import chart_funnel

FUNNELS = {
    "web": {"change points": 200, "noise": 190, "went-away": 30, "threshold": 4},
    "jobs": {"change points": 45, "noise": 45, "went-away": 5, "threshold": 1},
}
HOSTILE = {"<b>we\x00b</b> '];alert(1)//": {"change points": 3, "sta\x07ge": 2}}
MANY = {f"service {i}": {"change points": 10 + i, "threshold": i} for i in range(20)}
CHARTS = {
    "whole": chart_funnel(FUNNELS),
    "per service": chart_funnel(FUNNELS, per_service=True),
    "many": chart_funnel(MANY, per_service=True),
    "large": chart_funnel({"fleet": {"change points": 2_000_000, "noise": 8_000, "threshold": 3}}),
    "nothing left": chart_funnel({"web": {"change points": 0, "threshold": 0}}),
    "nothing": chart_funnel({}),
    "hostile": chart_funnel(HOSTILE, per_service=True),
}


def rows(chart):
    return [row for table in chart.to_dict()["datasets"].values() for row in table]


def subtitle(chart):
    return " ".join(chart.to_dict()["title"]["subtitle"])


@pytest.mark.parametrize("version", ["5.8", "5.21", "6.4"])
@pytest.mark.parametrize("name", CHARTS)
def test_it_compiles_in_old_and_new_vega_lite_without_a_warning(name, version, capfd):
    spec = {key: value for key, value in CHARTS[name].to_dict().items() if key != "$schema"}
    svg = vlc.vegalite_to_svg(json.dumps(spec), vl_version=version)
    assert svg.startswith("<svg") and "NaN" not in svg
    assert "WARN" not in capfd.readouterr().err


def test_services_are_summed_and_each_stage_says_what_it_let_go():
    labels = [row["label"].split() for row in rows(CHARTS["whole"]) if "label" in row]
    assert labels == [["245"], ["235", "(−10)"], ["35", "(−200)"], ["5", "(−30)"]]
    assert "245 change points found, 5 reported" in subtitle(CHARTS["whole"])


def test_stages_keep_their_order():
    stages = [row["stage"] for row in rows(CHARTS["whole"]) if "label" in row]
    assert stages == ["change points", "noise", "went-away", "threshold"]


def test_a_bar_is_what_is_left_and_its_grey_end_what_went():
    bars = [(row["kind"], row["from"], row["to"]) for row in rows(CHARTS["whole"]) if "kind" in row]
    assert ("left", 0, 35) in bars
    assert ("dropped or merged here", 35, 235) in bars
    assert len(bars) == 4 + 3


def test_each_service_has_a_column_largest_first_and_the_rest_is_summed():
    text = json.dumps(CHARTS["per service"].to_dict())
    assert text.index('"web"') < text.index('"jobs"')
    many = json.dumps(CHARTS["many"].to_dict())
    assert "9 others" in many and '"service 19"' in many and '"service 3"' not in many


def test_large_funnels_are_logarithmic_and_say_so():
    assert "logarithmic" in subtitle(CHARTS["large"])
    assert "logarithmic" not in subtitle(CHARTS["whole"])


def test_without_any_stage_a_sentence_takes_its_place():
    assert rows(CHARTS["nothing"]) == [{"text": "no service had enough samples to be scanned"}]


def test_control_characters_of_names_are_replaced():
    text = json.dumps(CHARTS["hostile"].to_dict(), ensure_ascii=False)
    assert "\\u0000" not in text and "\\u0007" not in text and "\N{REPLACEMENT CHARACTER}" in text
