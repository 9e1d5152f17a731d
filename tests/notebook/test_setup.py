"""The one line a notebook starts with."""

from __future__ import annotations

import altair as alt
import pandas as pd

from effnb import notebook


def test_set_up_is_silent_and_makes_charts_draw_offline(capsys):
    before = alt.renderers.active
    with pd.option_context("display.max_colwidth", 50, "display.max_rows", 60, "display.precision", 6):
        assert notebook.setup() is None
        assert notebook.setup() is None
        assert alt.renderers.active == "effnb"
        assert pd.get_option("display.max_colwidth") == 120
    alt.renderers.enable(before)
    assert capsys.readouterr() == ("", "")


def test_tests_run_in_report_mode():
    assert notebook.mode() == "report"
