"""A person's morning in JupyterLab: the ranked list, a search of what was let go, a replay, and filing it."""

from __future__ import annotations

import pytest
from _lab import lab_server
from _page import open_page
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WAIT = 60_000
NOTEBOOK = "notebooks/01_triage_regressions.ipynb"


def figure(page, label):
    """The large figure of the replay above a label."""
    tile = page.locator(".eff-replay-result .eff-tile").filter(has_text=label).first
    return int(tile.locator("b").inner_text().replace(",", ""))


def test_the_inbox_leads_from_the_list_to_a_filed_replay(demo, chromium, summary):
    with lab_server(demo) as lab, open_page(chromium, base=lab.base, width=1400) as watched:
        page = watched.page
        watched.open_notebook(NOTEBOOK)
        watched.run_all()
        assert page.locator("[data-mime-type='application/vnd.jupyter.error']").count() == 0

        ranked = page.locator(".eff-inbox")
        ranked.scroll_into_view_if_needed(timeout=WAIT)
        listed = ranked.locator(".eff-inbox-table tbody tr")
        expect(listed).to_have_count(len(summary["regressions"]), timeout=WAIT)
        expect(ranked.locator(".vega-embed canvas").first).to_be_visible(timeout=WAIT)
        name = summary["regressions"][-1]["function"]
        ranked.locator(".eff-filter-text input").fill(name)
        expect(listed).to_have_count(1, timeout=WAIT)
        expect(listed.first).to_contain_text(name.split(":")[1])
        ranked.locator(".eff-filter-text input").fill("")

        dropped = page.locator(".eff-suppressed")
        dropped.scroll_into_view_if_needed(timeout=WAIT)
        expect(dropped).to_contain_text(f"{summary['suppressed']} change points let go", timeout=WAIT)
        dropped.locator(".eff-filter-stage select").select_option(index=1)
        dropped.locator(".eff-suppressed-pick select").select_option(index=1)
        expect(dropped.locator(".vega-embed canvas").first).to_be_visible(timeout=WAIT)

        run, file = page.locator("button.eff-replay"), page.locator("button.eff-file")
        run.scroll_into_view_if_needed(timeout=WAIT)
        expect(file).to_be_disabled()
        page.locator(".eff-setting-threshold input").fill("0.9")
        run.click()
        expect(page.locator(".eff-replay-result")).to_contain_text("Nothing was filed", timeout=WAIT)
        lost = figure(page, "lost")
        assert lost > 0 and figure(page, "gained") == 0
        file.click()
        expect(page.locator(".eff-replay-result")).to_contain_text("For this run only", timeout=WAIT)
        expect(file).to_be_disabled()

        ranked.scroll_into_view_if_needed(timeout=WAIT)
        expect(ranked).to_contain_text("Nothing needs you here", timeout=WAIT)
        assert (watched.outside, watched.errors) == ([], [])
