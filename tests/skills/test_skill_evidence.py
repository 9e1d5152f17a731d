"""Evidence is compared with what the tools returned, whoever wrote the conclusion."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from effnb.domain import Evidence, Finding, Resolution, ToolCall
from effnb.errors import SkillError
from effnb.skills import check_evidence, cite, is_equal, value_at

AT = datetime(2026, 11, 20, tzinfo=UTC)
RESULT = {"rows": [{"share": 0.1 + 0.2, "name": "f", "ok": True, "none": None}], "total": 1}
CALL = ToolCall(id="s.diff", step="diff", tool="t", args={"a": "x"}, status="success", started_at=AT, result=RESULT)


def resolution(field, value, call="diff", cause=None):
    evidence = Evidence(call=call, field=field, value=value)
    return Resolution(
        status="explained", summary="x", cause=cause, findings=(Finding(claim="c", evidence=(evidence,)),)
    )


def test_path_reaches_into_lists_and_mappings():
    assert value_at(RESULT, "rows.0.name") == "f"
    assert value_at(RESULT, "") == RESULT
    for field in ("rows.1.name", "rows.x", "total.0", "rows.0.nope"):
        with pytest.raises(SkillError, match=f"no field '{field}'"):
            value_at(RESULT, field)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (0.3, 0.1 + 0.2, True),
        (1, 1.0, True),
        (1.0, 1.0 + 2e-9, False),
        (True, 1, False),
        (0, False, False),
        ("1", 1, False),
        (None, None, True),
        (None, 0, False),
        ([1, {"a": 2.0}], [1.0, {"a": 2}], True),
        ([1], [1, 2], False),
        ({"a": 1}, {"b": 1}, False),
    ],
)
def test_values_are_equal_to_one_part_in_a_thousand_million(left, right, same):
    assert is_equal(left, right) is same


@pytest.mark.parametrize(
    ("field", "value"), [("rows.0.share", 0.3), ("rows.0.name", "f"), ("rows.0.none", None), ("", RESULT), ("total", 1)]
)
@pytest.mark.parametrize("call", ["diff", "s.diff"])
def test_true_evidence_gets_source_query_and_time(field, value, call):
    checked = check_evidence(resolution(field, value, call), [CALL], source=lambda tool: f"system of {tool}")
    evidence = checked.findings[0].evidence[0]
    assert (evidence.source, evidence.query, evidence.fetched_at) == ("system of t", "t(a='x')", AT)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (resolution("rows.0.share", 0.31), "says diff.rows.0.share is 0.31; the tool returned 0.3000"),
        (resolution("rows.0.ok", 1), "is 1; the tool returned True"),
        (resolution("rows.9.share", 0.3), "has no field 'rows.9.share'"),
        (resolution("total", 1, call="other"), "cites step 'other', which did not run"),
        (resolution("total", 1, cause="abc"), "names 'abc' as the cause, and no evidence cites it"),
    ],
)
def test_untrue_evidence_is_refused(wrong, reason):
    with pytest.raises(SkillError) as refusal:
        check_evidence(wrong, [CALL])
    assert reason in str(refusal.value)


def test_a_failed_call_is_no_evidence():
    failed = CALL.model_copy(update={"status": "failed", "result": None})
    with pytest.raises(SkillError, match="cites step 'diff', which failed"):
        check_evidence(resolution("total", 1), [failed])


def test_citing_reads_the_value_from_the_result():
    assert cite("diff", RESULT, "rows.0.name") == Evidence(call="diff", field="rows.0.name", value="f")
    with pytest.raises(SkillError, match="no field"):
        cite("diff", RESULT, "rows.0.nope")
