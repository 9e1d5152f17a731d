"""The front page of a set of reports."""

from __future__ import annotations

import re

import pytest
from investigation_story import END, HOSTILE, HOUR, SINCE, WINDOW, regression
from pydantic import ValidationError

from effnb.report import IndexFinding, IndexLink, IndexPage, write_index


def page(**fields):
    link = IndexLink(label="report", href="r-1.html")
    worse = (
        IndexFinding(regression=regression(), impact="+2.1 vCPU", cause="Look tax rates up", report=link),
        IndexFinding(regression=regression("r-2", service="search", delta=0.01, since=SINCE - 60 * HOUR)),
    )
    known = {"title": "What changed", "window": WINDOW, "made_at": END, "regressions": worse, "suppressed": 1234}
    return IndexPage(**{**known, "recorded": "real stacks", "simulated": "traffic", **fields})


def test_the_index_says_what_where_since_when_at_what_cost_and_why(tmp_path):
    text = write_index(tmp_path / "index.html", page()).read_text()
    for shown in ("rate_for", "storefront.pricing.tax", "2026-10-29<br>09:00 UTC", "8.12 % → 10.64 %", "+2.52 points"):
        assert shown in text
    for shown in ("+2.1 vCPU", "Look tax rates up", '<a href="r-1.html">report</a>', "1,234 change points"):
        assert shown in text
    for shown in ("What is recorded, what is simulated", "<dd>real stacks</dd>", "<dd>traffic</dd>"):
        assert shown in text


def test_the_index_is_self_contained_and_holds_the_overview(tmp_path):
    text = write_index(tmp_path / "index.html", page()).read_text()
    assert re.findall(r"https?://", text) == []
    assert text.count('data-effnb-chart="overview"') == 1
    assert len(text.encode()) < 1_500_000


def test_an_index_without_findings_says_so(tmp_path):
    text = write_index(tmp_path / "index.html", page(regressions=())).read_text()
    assert text.count("Nothing in this window.") == 3


@pytest.mark.parametrize(
    "href", ["/etc/passwd", "../x.html", "a/../../x", "javascript:x", "//host/x", "", "C:\\x", "http:x"]
)
def test_links_stay_below_the_index(href):
    with pytest.raises(ValidationError, match="relative path"):
        IndexLink(label="x", href=href)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_inert(tmp_path, name):
    found = regression(function=name, service=name)
    line = IndexFinding(regression=found, impact=name, cause=name, report=IndexLink(label=name, href="x.html"))
    made = page(title=name, regressions=(line,), improvements=(line,), recorded=name, simulated=name)
    text = write_index(tmp_path / "index.html", made).read_text()
    before_data = text[: text.index('<script type="application/json">')]
    assert "<script" not in before_data and "<img src=x" not in text and "<iframe" not in text and "<svg/" not in text
    assert text.count("</script>") == 2
