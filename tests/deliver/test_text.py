from __future__ import annotations

from shop_fix import AT, fix_for

from effnb.deliver import pull_request_body, quoted
from effnb.domain import Check, Interval, Verification

PROVED = Verification(
    fix="fix-1",
    verdict="verified",
    reason="2.35 times as fast",
    checks=(Check(name="speed", outcome="passed", detail="2.35 | of 15 pairs", seconds=1.4),),
    speedup=Interval(value=2.35, low=2.3, high=2.4),
    control=Interval(value=1.0, low=0.99, high=1.01),
    saved_share=Interval(value=0.012, low=0.011, high=0.013),
    tests=7,
    examples=300,
    workload="web",
    similarity=0.981,
    sandbox="bubblewrap",
    at=AT,
)


def test_a_reviewer_reads_gate_workload_saving_and_how_to_revert():
    fix = fix_for("0" * 40).model_copy(update={"narrows": "only ASCII"})
    body = pull_request_body(fix, PROVED, ["it costs 4.1 % of web"], audit="12:abcd")
    for told in (
        "**verified**: 2.35 times as fast",
        "| speed | passed | `2.35 \\| of 15 pairs` | 1.4 |",
        "2.35× [2.3, 2.4]",
        "1.20% [1.10%, 1.30%] of the service's CPU",
        "300 distinct inputs; 7 tests",
        "workload: `web`, its profile 0.981 similar",
        "`only ASCII`",
        "`git revert`",
        "audit log at `12:abcd`",
    ):
        assert told in body, told


def test_without_a_gate_nothing_is_claimed():
    assert "Not verified" in pull_request_body(fix_for(""), None, [])


def test_text_from_data_stays_text():
    hostile = "@everyone [x](http://evil.example) `code` <script>alert(1)</script>\n# heading"
    assert quoted(hostile) == "`@everyone [x](http://evil.example) 'code' <script>alert(1)</script> # heading`"


def test_a_text_too_long_for_a_forge_is_cut_and_says_so():
    body = pull_request_body(fix_for(""), PROVED, ["x" * 70_000])
    assert len(body) < 65_536
    assert body.endswith("(cut at 60000 characters)")
