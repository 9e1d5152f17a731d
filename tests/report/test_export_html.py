"""A run notebook as one page: self-contained, harmless, readable."""

from __future__ import annotations

import re
import shutil
from html.parser import HTMLParser

import pytest
from investigation_story import GUILTY, HOSTILE, cause, changes, diff, history, regression, rollouts
from nbformat.v4 import new_code_cell, new_output
from report_notebooks import with_output, write_notebook

from effnb.charts import CHART_MIME, chart_bundle, chart_candidates, chart_diff, chart_history
from effnb.errors import ConfigError, SourceUnavailable
from effnb.report import export_html
from effnb.report._sanitize import sanitize

BROKEN = new_code_cell(
    "1/0", outputs=[new_output("error", ename="ZeroDivisionError", evalue="<b>by zero</b>", traceback=["\x1b[31m<i>"])]
)


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.figures, self.addresses, self.handlers = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append(tag)
        self.handlers += [name for name in found if name.startswith("on")]
        self.addresses += [found[name] for name in ("src", "href") if name in found]
        if "data-effnb-chart" in found:
            self.figures.append(found["data-effnb-chart"])


def chart_cell(chart):
    return new_code_cell("chart", outputs=[new_output("display_data", data=chart_bundle(chart))])


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    notebook = write_notebook(
        folder / "nb.ipynb",
        "#md\n# Why is it slower?\n\nSome *prose* and `code`.",
        chart_cell(
            chart_history(history(), regression=regression(), rollouts=rollouts(), changes=changes(), candidate=GUILTY)
        ),
        chart_cell(chart_diff(diff())),
        chart_cell(chart_candidates(cause())),
        with_output(text__html=diff().to_frame()._repr_html_()),
        with_output(text__plain="plain <b>text</b>"),
    )
    return export_html(notebook, folder / "report.html").read_text(encoding="utf-8")


def test_a_report_is_one_file_without_any_address_of_the_network(report):
    assert re.findall(r"https?://[^\s\"'<>]*", report) == []
    page = Page(report)
    assert all(address.startswith(("data:", "#")) for address in page.addresses)
    assert page.tags.count("link") == 1 and "iframe" not in page.tags


def test_a_report_with_three_charts_stays_far_below_its_limit(report):
    assert len(report.encode()) < 2_000_000


def test_every_chart_has_its_name_a_picture_and_one_script_draws_them(report):
    page = Page(report)
    assert page.figures == ["history", "diff", "candidates"]
    assert report.count('<script type="module">') == 1
    assert report.count('<script type="application/json">') == 3
    assert page.tags.count("script") == 4
    assert report.count('src="data:image/svg+xml,') == 3


def test_the_policy_names_the_one_script_by_its_hash_and_forbids_the_rest(report):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', report).group(1)
    assert policy.startswith("default-src &#x27;none&#x27;; script-src &#x27;sha256-")
    assert "unsafe-eval" not in policy and "script-src &#x27;unsafe-inline" not in policy


def test_code_is_folded_and_prose_and_tables_are_kept(report):
    assert "<summary>show code</summary>" in report
    assert "<em>prose</em>" in report and "<title>Why is it slower?</title>" in report
    assert "plain &lt;b&gt;text&lt;/b&gt;" in report
    assert "storefront.pricing.tax:rate_for</td>" in report
    assert "<style scoped" not in report and "vertical-align: middle" not in report


def test_a_page_without_charts_carries_no_script(tmp_path):
    notebook = write_notebook(tmp_path / "nb.ipynb", "#md\nJust words.")
    page = export_html(notebook, tmp_path / "page.html", title="Words").read_text()
    assert "<script" not in page and "<title>Words</title>" in page
    assert len(page) < 60_000


@pytest.mark.parametrize("payload", HOSTILE)
def test_hostile_outputs_are_inert(tmp_path, payload):
    chart = chart_bundle(chart_diff(diff([payload])))
    notebook = write_notebook(
        tmp_path / "nb.ipynb",
        f"#md\n# {payload}\n\n{payload}\n\n[x](javascript:hacked)",
        with_output(text__html=f"<div onclick='x'>{payload}</div><a href='javascript:x'>a</a><form><input></form>"),
        with_output(text__markdown=payload),
        with_output(text__plain=payload),
        with_output(**{"image/svg_xml": f"<svg>{payload}</svg>"}),
        with_output(application__javascript=payload),
        with_output(**{"image/png": f'"><script>{payload}'}),
        new_code_cell("x", outputs=[new_output("stream", text=payload)]),
        with_output(**{CHART_MIME: chart[CHART_MIME], "text__plain": payload}),
    )
    page = Page(text := export_html(notebook, tmp_path / "page.html", title=payload).read_text())
    assert page.handlers == []
    assert not {"iframe", "form", "input", "object", "embed", "svg"} & set(page.tags)
    assert not [address for address in page.addresses if address.strip().lower().startswith("javascript")]
    assert page.tags.count("script") == 2 == text.count("</script>")


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("<style>b{}</style><b>x</b>", "<b>x</b>"),
        ("<script>x</script>y", "y"),
        ('<a href="java\nscript:x">a</a>', "<a>a</a>"),
        ('<a href="other.html#top">a</a>', '<a href="other.html#top">a</a>'),
        ('<a href="data:text/html,x">a</a>', "<a>a</a>"),
        ('<img src="https://example.org/x.png" alt="x">', '<img alt="x">'),
        ('<p style="position:fixed">x</p>', "<p>x</p>"),
        ('<figure data-effnb-chart="x">y</figure>', "<figure>y</figure>"),
    ],
)
def test_only_harmless_html_is_kept(dirty, clean):
    assert sanitize(dirty) == clean


def test_a_failed_cell_labels_the_report_incomplete(tmp_path):
    page = export_html(write_notebook(tmp_path / "nb.ipynb", "x = 1", BROKEN), tmp_path / "page.html").read_text()
    assert "<b>Incomplete report.</b> cell 2 failed: ZeroDivisionError: &lt;b&gt;by zero&lt;/b&gt;" in page
    assert "<span>incomplete</span>" in page and "<summary>traceback</summary>" in page


def test_a_control_is_named_instead_of_shown(tmp_path):
    view = with_output(**{"application/vnd.jupyter.widget-view+json": {"model_id": "x"}, "text/plain": "VBox()"})
    page = export_html(write_notebook(tmp_path / "nb.ipynb", view), tmp_path / "page.html").read_text()
    assert "An interactive control stands here" in page and "VBox()" not in page


def test_a_page_above_the_limit_is_refused_and_the_old_one_stays(tmp_path):
    target = tmp_path / "page.html"
    target.write_text("old")
    big = [with_output(text__plain="x" * 190_000) for _ in range(17)]
    with pytest.raises(ConfigError, match=r"would be 3\.\d MB"):
        export_html(write_notebook(tmp_path / "nb.ipynb", *big), target)
    assert target.read_text() == "old"


def test_a_missing_or_damaged_notebook_is_named(tmp_path):
    with pytest.raises(SourceUnavailable, match=r"none\.ipynb"):
        export_html(tmp_path / "none.ipynb", tmp_path / "page.html")
    (tmp_path / "bad.ipynb").write_text("not a notebook")
    with pytest.raises(SourceUnavailable, match=r"bad\.ipynb"):
        export_html(tmp_path / "bad.ipynb", tmp_path / "page.html")
    assert shutil.disk_usage(tmp_path).free and not (tmp_path / "page.html").exists()
