from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser

from effnb.domain import Check, Fix, Interval, Verification
from effnb.report._sanitize import sanitize
from effnb.widgets import render_diff, render_fix, render_verification

SAME = " "
DIFF = f"""\
--- a/shop/text.py
+++ b/shop/text.py
@@ -1,5 +1,6 @@
 import re
+_WORDS = re.compile("<w>")
{SAME}
 def words(text):
-    return re.compile("<w>").findall(text)
+    return _WORDS.findall(text)
{SAME}
"""
FIX = Fix(
    id="fix-1", kind="code", title="Compile <b>once</b>", pattern="constant-regex", subject="opp-1",
    function="shop.text:words", base="0" * 40, diff=DIFF, made_by="constant-regex/1",
)  # fmt: skip
PROVED = Verification(
    fix="fix-1", verdict="rejected", reason="the behaviour differs", at=datetime(2026, 11, 1, tzinfo=UTC),
    checks=(Check(name="behaviour", outcome="failed", detail="1 of 300", counter_example="words('<i>')", seconds=1.2),),
    speedup=Interval(value=2.35, low=2.3, high=2.4), saved_share=Interval(value=0.012, low=0.011, high=0.013),
)  # fmt: skip


class Cells(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data):
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def test_both_texts_stand_side_by_side_with_their_line_numbers():
    rows = Cells(render_diff(DIFF)).rows[1:]
    assert rows[0] == ["1", "import re", "1", "import re"]
    assert rows[1] == ["", "", "2", '_WORDS = re.compile("<w>")']
    assert rows[2] == ["2", "", "3", ""]
    assert rows[4] == ["4", '    return re.compile("<w>").findall(text)', "5", "    return _WORDS.findall(text)"]


def test_a_long_difference_says_what_it_leaves_out():
    added = "".join(f"+x{i} = {i}\n" for i in range(300))
    html = render_diff(f"--- a/m.py\n+++ b/m.py\n@@ -1 +1,301 @@\n a\n{added}")
    assert "101 more lines" in html
    assert len(Cells(html).rows) == 201


def test_text_from_code_is_inert():
    html = render_fix(FIX, PROVED)
    assert "<b>once" not in html
    assert "<w>" not in html
    assert "&lt;i&gt;" in html


def test_the_gate_is_a_table_with_the_counter_example():
    rows = Cells(render_verification(PROVED)).rows
    assert rows[1] == ["behaviour", "failed", "1 of 300words('<i>')", "1.2"]
    assert "2.35× [2.30, 2.40]" in render_verification(PROVED)
    assert "1.20 % [1.10 %, 1.30 %]" in render_verification(PROVED)


def test_an_unverified_fix_claims_nothing():
    html = render_fix(FIX)
    assert "not verified" in html
    assert "the gate has not been run" in html


def test_a_report_keeps_the_view():
    html = sanitize(render_fix(FIX, PROVED))
    assert re.search(r'class="eff-diff"', html)
    assert Cells(html).rows == Cells(render_fix(FIX, PROVED)).rows
