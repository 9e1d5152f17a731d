"""A person opens JupyterLab, runs notebook 02 and presses the widgets through a whole investigation."""

from __future__ import annotations

import pytest
from _lab import lab_server
from _page import open_page
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WAIT = 30_000


@pytest.fixture(scope="module")
def lab(demo):
    with lab_server(demo) as server:
        yield server


def test_widgets_lead_through_a_whole_investigation(lab, chromium, summary):
    with open_page(chromium, base=lab.base) as watched:
        page = watched.page
        watched.open_notebook("notebooks/02_investigate_regression.ipynb")
        watched.run_all()
        assert page.locator("[data-mime-type='application/vnd.jupyter.error']").count() == 0
        status, steps = page.locator(".eff-status").first, page.locator(".eff-step")
        expect(status).to_be_visible(timeout=WAIT)

        page.locator("button.eff-next").click()
        expect(steps).to_have_count(1, timeout=WAIT)
        page.locator("button.eff-next").click()
        expect(steps).to_have_count(2, timeout=WAIT)
        page.locator("button.eff-run-all").click()
        conclusion = page.locator(".eff-conclusion").first
        expect(conclusion).to_contain_text(summary["regressions"][0]["function"].split(":")[1], timeout=WAIT)
        first = conclusion.inner_text()
        charts = page.locator(".vega-embed svg, .vega-embed canvas, .eff-chart svg, .jp-OutputArea-output img")
        expect(charts.first).to_be_visible(timeout=WAIT)

        second = summary["regressions"][1]
        page.locator(".eff-regression select").select_option(index=1)
        page.locator("button.eff-run-all").click()
        expect(conclusion).to_contain_text(second["function"].split(":")[1], timeout=WAIT)
        assert conclusion.inner_text() != first
        assert (watched.outside, watched.errors) == ([], [])


def test_the_first_notebook_runs_from_top_to_bottom(lab, chromium):
    with open_page(chromium, base=lab.base) as watched:
        watched.open_notebook("notebooks/00_start_here.ipynb")
        watched.run_all()
        page = watched.page
        assert page.locator("[data-mime-type='application/vnd.jupyter.error']").count() == 0
        expect(page.locator(".vega-embed svg, .vega-embed canvas").first).to_be_visible(timeout=WAIT)
        outputs = page.locator(".jp-OutputArea-output").filter(has_text="no language model")
        expect(outputs.first).to_be_visible(timeout=WAIT)
        assert (watched.outside, watched.errors) == ([], [])
