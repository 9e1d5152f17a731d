"""The demo's reports, opened from disk in a real browser with nothing to reach."""

from __future__ import annotations

import pytest
from _page import open_page

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LARGEST = 3 << 20


def test_every_report_is_drawn_silently_and_small(demo, chromium):
    reports = sorted((demo / "reports").glob("*.html"))
    assert len(reports) == 6
    with open_page(chromium) as watched:
        for report in reports:
            assert report.stat().st_size <= LARGEST, report
            watched.page.goto(report.as_uri())
            assert watched.wait_until_drawn() >= (1 if report.stem == "index" else 3), report
            assert (watched.outside, watched.errors) == ([], []), report


def test_the_index_leads_to_every_report(demo, chromium, summary):
    with open_page(chromium) as watched:
        watched.page.goto((demo / "reports" / "index.html").as_uri())
        for row in summary["regressions"]:
            link = watched.page.locator(f'a[href="{row["report"].removeprefix("reports/")}"]').first
            link.click()
            watched.page.wait_for_load_state()
            assert row["function"] in watched.page.locator("body").inner_text()
            watched.page.go_back()
        assert watched.errors == []


def test_a_report_names_cause_evidence_and_what_is_simulated(demo, chromium, summary):
    row = summary["regressions"][0]
    with open_page(chromium) as watched:
        watched.page.goto((demo / row["report"]).as_uri())
        text = watched.page.locator("body").inner_text()
    assert row["candidates"][0]["change_id"][:10] in text or row["candidates"][0]["change_id"] in text
    assert "no language model" in text
    assert "Simulated" in text
