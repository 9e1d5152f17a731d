"""Questions in words over the made-up shop, without a language model."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import pytest

from effnb.agent._grounds import field_value
from effnb.cli import main
from effnb.domain import Answer
from effnb.session import Session, open_session
from effnb.skills import is_equal

sys.path.append(str(Path(__file__).parents[1] / "tools"))

from shop_workspace import CHECK, T0, build_shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Session:
    root = tmp_path_factory.mktemp("asked")
    build_shop(root)
    opened = open_session(root)
    opened.tools.run_detection()
    yield opened
    opened.close()


@pytest.fixture
def asking(shop) -> Session:
    """The shop with a conversation of its own."""
    return Session(shop.workspace)


def value(answer: Answer, field: str) -> object:
    """The one value that was cited under a field."""
    (found,) = {str(one.value): one.value for one in answer.values if one.field.endswith(field)}.values()
    return found


# answered


def test_a_share_of_cpu_is_that_of_the_tool_and_says_its_window(asking):
    answer = asking.ask("How much CPU does price.check take on 14 October?")
    day = T0 + timedelta(days=8)
    truth = asking.tools.top_functions(service="shop", start=day, end=day + timedelta(days=1), under=CHECK)
    gcpu = next(row.gcpu for row in truth if row.function == CHECK)
    assert (answer.status, answer.model) == ("answered", "no language model")
    assert is_equal(value(answer, ".gcpu"), gcpu)
    assert f"{100 * gcpu:.2f} %" in answer.text
    assert "2025-10-14 00:00 – 2025-10-15 00:00 UTC" in answer.text
    assert answer.calls[0].args["under"] == CHECK


@pytest.mark.parametrize(
    ("question", "field", "expected"),
    [
        ("Since when is check slower?", "change_point.at", "2025-10-11T08:30:00Z"),
        ("Which change made check more expensive?", "candidates.0.title", "Check prices twice"),
        ("How many regressions are filed?", "total", 1),
        ("What is cart.max set to?", ".new", "2"),
        ("Who owns flag wrap?", "owner", "gifts"),
        ("Which experiments run?", ".experiment_id", "e1"),
        ("What does the runbook say about slow prices?", ".path", "runbook.md"),
    ],
)
def test_each_kind_of_question_cites_what_its_call_returned(asking, question, field, expected):
    answer = asking.ask(question)
    assert answer.status == "answered", answer.text
    assert is_equal(value(answer, field), expected)
    for one in answer.values:
        call = next(call for call in answer.calls if call.id == one.call)
        assert is_equal(field_value(call.result, one.field), one.value)
        assert one.query.startswith(call.tool)


# not answered


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("How much CPU does charge_card take?", "there is no “charge_card” here"),
        ("How much GPU does check take?", "what “GPU” is here"),
        ("What is the p99 latency of cart?", "no such percentile"),
        ("How much CPU did check take on 3 September?", "not all within what is stored"),
        ("What will check cost next month?", "about the future"),
        ("Should we roll back?", "asks for a judgement"),
        ("How much CPU does check take in payments?", "what “payments” is here"),
        ("Why did price.load get more expensive?", "no such change of cost is filed"),
    ],
)
def test_what_is_not_known_is_declined_with_the_reason_and_three_questions(asking, question, reason):
    answer = asking.ask(question)
    assert (answer.status, answer.values) == ("declined", ())
    assert reason in answer.text
    assert len(answer.suggestions) == 3


# conversations


def test_a_follow_up_changes_what_it_names_and_keeps_the_rest(asking):
    first = asking.ask("How much CPU does price.check take on 14 October?")
    second = asking.ask("and price.load?")
    third = asking.ask("what about 8 October?")
    assert [one.calls[0].args["under"] for one in (first, second, third)] == [
        CHECK,
        "shop.price:load",
        "shop.price:load",
    ]
    assert second.calls[0].args["start"] == first.calls[0].args["start"]
    assert "2025-10-08" in third.text


def test_two_functions_are_related_by_their_direct_call(asking):
    answer = asking.ask("What share of shop.app:serve goes into shop.web:product?")
    edges = asking.tools.callers_callees(
        service="shop", function="shop.app:serve", start=T0, end=T0 + timedelta(days=10)
    )
    part = next(one.part for one in edges.callees if one.function == "shop.web:product")
    assert answer.status == "answered", answer.text
    assert is_equal(value(answer, ".part"), part)


def test_logs_may_be_newer_than_the_samples_and_nothing_else(asking):
    day = f"{T0 + timedelta(days=20):%Y-%m-%d}"
    logged = asking.ask(f"What is logged most on {day}?")
    assert value(logged, "rows.0.records") == 28
    assert asking.ask(f"How much CPU does price.check take on {day}?").status == "declined"


def test_every_question_that_is_offered_can_be_answered(asking):
    offered = asking.ask("How much CPU does charge_card take?").suggestions
    answers = [asking.ask(question) for question in offered]
    assert [one.status for one in answers] != []
    assert {one.status for one in answers} == {"answered"}, [one.text for one in answers]


def test_the_command_line_prints_the_answer_as_one_value(asking, monkeypatch, capsys):
    monkeypatch.setenv("EFFNB_WORKSPACE", str(asking.workspace.root))
    monkeypatch.setattr("sys.argv", ["effnb", "ask", "--json", "How many regressions are filed?"])
    with pytest.raises(SystemExit) as ended:
        main()
    told = Answer.model_validate_json(capsys.readouterr().out)
    assert (ended.value.code, told.status, told.values[0].value) == (0, "answered", 1)
