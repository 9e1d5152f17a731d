"""The panel in a real JupyterLab: every button, charts drawn offline, a silent console."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from _lab import lab_server
from _page import open_page
from nbformat.v4 import new_code_cell, new_notebook

HERE = Path(__file__).resolve().parent

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SETUP = f"""
import sys, tempfile
from pathlib import Path
sys.path.insert(0, {str(HERE)!r})
from effnb.charts import chart_overview
from effnb.notebook import setup
from effnb.widgets import InvestigationPanel, show_run
from investigation_story import WINDOW, StorySession, regression
setup()
s = StorySession(Path(tempfile.mkdtemp()))
"""
STEPS = "(count) => document.querySelectorAll('.eff-panel .eff-step').length === count"
CHARTS = "(count) => document.querySelectorAll('.vega-embed canvas').length === count"


def notebook(folder, *cells):
    folder.mkdir()
    made = new_notebook(cells=[new_code_cell(source) for source in cells])
    # without a kernel's name JupyterLab asks for one and waits
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(made, folder / "panel.ipynb")
    return folder


def test_an_investigation_can_be_driven_by_hand(tmp_path, chromium):
    folder = notebook(
        tmp_path / "nb", SETUP, "InvestigationPanel(s).show()", "chart_overview([regression()], [], [], WINDOW)"
    )
    with lab_server(folder) as lab, open_page(chromium, base=lab.base, zone="Asia/Tokyo") as watched:
        watched.open_notebook("panel.ipynb")
        watched.run_all()
        page = watched.page
        page.wait_for_selector("button.eff-next", timeout=30_000)

        page.locator("button.eff-next").click()
        page.wait_for_function(STEPS, arg=1, timeout=30_000)
        page.wait_for_function("document.querySelector('.eff-status').innerText.includes('next: function_history')")

        page.locator("button.eff-edit").click()
        page.wait_for_selector(".eff-arguments textarea", state="visible")
        page.locator(".eff-arguments textarea").fill("{")
        page.locator("button.eff-next").click()
        page.wait_for_selector(".eff-edit-message .eff-message", timeout=15_000)
        page.locator("button.eff-edit").click()
        page.wait_for_selector(".eff-arguments textarea", state="hidden")

        page.locator("button.eff-skip").click()
        page.wait_for_function(STEPS, arg=2, timeout=30_000)
        page.locator("button.eff-run-all").click()
        page.wait_for_selector(".eff-conclusion .eff-summary", timeout=60_000)
        page.wait_for_function(STEPS, arg=6, timeout=15_000)
        assert "Explained" in page.locator(".eff-conclusion").inner_text()

        # the skipped history leaves two charts in the panel; the third is the cell's own
        page.wait_for_function(CHARTS, arg=3, timeout=30_000)
        assert page.locator("[data-mime-type='application/vnd.jupyter.error']").count() == 0
        assert (watched.outside, watched.errors, watched.warnings) == ([], [], [])


def test_the_same_notebook_in_report_mode_shows_steps_and_no_buttons(tmp_path, chromium):
    folder = notebook(tmp_path / "nb", SETUP, "InvestigationPanel(s).show()")
    environment = {"EFFNB_MODE": "report"}
    with lab_server(folder, environment=environment) as lab, open_page(chromium, base=lab.base) as watched:
        watched.open_notebook("panel.ipynb")
        watched.run_all()
        watched.page.wait_for_selector(".eff-conclusion-box .eff-summary", timeout=60_000)
        watched.page.wait_for_function(CHARTS, arg=4, timeout=30_000)
        assert watched.page.locator("button.eff-next").count() == 0
        assert watched.page.locator(".eff-step").count() == 6
        assert (watched.outside, watched.errors, watched.warnings) == ([], [], [])
