"""Questions in words over the made-up shop, without a language model."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import pytest

from effnb.agent._grounds import field_value
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
