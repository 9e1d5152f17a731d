"""Reports in a real browser: drawn from the file, nothing asked of the network, nothing wrong on the console."""

from __future__ import annotations

import pytest
from _page import open_page
from investigation_story import END, GUILTY, HOSTILE, WINDOW, cause, changes, diff, history, regression, rollouts
from nbformat.v4 import new_code_cell, new_output
from report_notebooks import with_output, write_notebook

from effnb.charts import chart_bundle, chart_candidates, chart_diff, chart_history
from effnb.report import IndexFinding, IndexPage, export_html, write_index

pytestmark = pytest.mark.browser


def chart_cell(chart):
    return new_code_cell("chart", outputs=[new_output("display_data", data=chart_bundle(chart))])


@pytest.mark.parametrize(("scheme", "zone"), [("light", "UTC"), ("dark", "Pacific/Auckland")])
def test_charts_are_drawn_in_utc_offline_and_silently(tmp_path, chromium, scheme, zone):
    shown = chart_history(history(), regression=regression(), rollouts=rollouts(), changes=changes(), candidate=GUILTY)
    empty = chart_history(history().model_copy(update={"values": (None,) * 3, "counts": None}))
    charts = [shown, chart_diff(diff()), chart_candidates(cause()), empty]
    notebook = write_notebook(tmp_path / "nb.ipynb", "#md\n# Title", *map(chart_cell, charts))
    report = export_html(notebook, tmp_path / "report.html")
    with open_page(chromium, scheme=scheme, zone=zone) as watched:
        watched.page.goto(report.as_uri())
        assert watched.wait_until_drawn() == 4
        drawn = watched.page.locator('[data-effnb-chart="history"] svg').first
        assert drawn.locator("text", has_text="since 2026-10-29 09:00 UTC").count() == 1
        assert drawn.locator("text", has_text="Oct 20").count() == 1
        assert (watched.outside, watched.errors, watched.warnings) == ([], [], [])


def test_the_index_is_drawn_silently(tmp_path, chromium):
    made = IndexPage(title="x", window=WINDOW, made_at=END, regressions=(IndexFinding(regression=regression()),))
    with open_page(chromium) as watched:
        watched.page.goto(write_index(tmp_path / "index.html", made).as_uri())
        assert watched.wait_until_drawn() == 1
        assert (watched.outside, watched.errors, watched.warnings) == ([], [], [])


def test_hostile_names_do_nothing_in_a_browser(tmp_path, chromium):
    cells = [
        with_output(text__html="".join(f"<p>{payload}</p>" for payload in HOSTILE)),
        with_output(text__markdown="\n\n".join(HOSTILE)),
        chart_cell(chart_diff(diff(HOSTILE))),
        chart_cell(chart_candidates(cause(titles=HOSTILE[:3]))),
        *(
            chart_cell(chart_history(history(function=name), regression=regression(function=name)))
            for name in HOSTILE[:2]
        ),
    ]
    report = export_html(write_notebook(tmp_path / "nb.ipynb", *cells), tmp_path / "report.html", title=HOSTILE[2])
    with open_page(chromium) as watched:
        watched.page.goto(report.as_uri())
        assert watched.wait_until_drawn() == 4
        bars = watched.page.locator('[data-effnb-chart="diff"] path[aria-roledescription="bar"]').all()
        assert len(bars) == len(HOSTILE)
        for bar in bars:
            bar.hover(force=True)
        assert watched.page.locator("#vg-tooltip-element").count() == 1
        assert watched.page.evaluate("window.hacked") is None
        assert (watched.outside, watched.errors) == ([], [])


def test_without_scripts_the_reader_sees_the_picture(tmp_path, chromium):
    report = export_html(write_notebook(tmp_path / "nb.ipynb", chart_cell(chart_diff(diff()))), tmp_path / "r.html")
    with open_page(chromium) as watched:
        context = watched.page.context.browser.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(report.as_uri())
        box = page.locator("[data-effnb-chart] img").bounding_box()
        context.close()
    assert box["width"] > 400 and box["height"] > 150
