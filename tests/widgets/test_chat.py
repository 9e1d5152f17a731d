"""The chat box and the view of an answer."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from effnb.charts import CHART_MIME
from effnb.domain import Answer, Evidence, ToolCall
from effnb.errors import ConfigError
from effnb.widgets import ChatBox, answer_outputs, render_answer

SCRIPT = "<script>alert(1)</script>"
AT = datetime(2026, 10, 1, tzinfo=UTC)
SERIES = {
    "metric": {"name": "gcpu", "unit": "share of samples", "worse": "more"},
    "labels": {"service": "web", "function": SCRIPT},
    "start": "2026-10-01T00:00:00Z",
    "step_seconds": 3600,
    "values": [0.1, 0.2],
    "counts": [10, 10],
}


def answer(**more) -> Answer:
    call = ToolCall(
        id="c1",
        step="c1",
        tool="function_history",
        args={"service": SCRIPT},
        status="success",
        started_at=AT,
        result=SERIES,
    )
    value = Evidence(call="c1", field="values.1", value=0.2)
    given = {
        "text": f"It is 20 % {SCRIPT}",
        "values": (value,),
        "calls": (call,),
        "chart": "c1",
        "suggestions": (SCRIPT,),
        "status": "answered",
    }
    return Answer(question=f"How much {SCRIPT}?", model="no language model", **{**given, **more})


class Answers:
    """A session that gives one answer, or fails."""

    def __init__(self, fails: str = "") -> None:
        self.fails, self.asked = fails, []

    def ask(self, question: str) -> Answer:
        self.asked.append(question)
        if self.fails:
            raise ConfigError(self.fails)
        return answer()

    async def ask_async(self, question: str) -> Answer:
        return self.ask(question)


def test_every_word_is_escaped_and_every_value_has_its_call():
    view = render_answer(answer())
    assert SCRIPT not in view
    assert view.count("&lt;script&gt;") == 4
    assert "1 value from 1 call" in view
    assert "values.1" in view
    assert "no language model" in view


def test_a_chart_is_drawn_of_the_call_that_says_so():
    bundles = answer_outputs(answer())
    assert [CHART_MIME in bundle for bundle in bundles] == [False, True]
    assert len(answer_outputs(answer(chart=""))) == 1


def test_what_was_declined_says_what_can_be_answered():
    view = render_answer(answer(status="declined", values=(), suggestions=("What costs most in web?",)))
    assert "not known here" in view
    assert "What can be answered" in view


async def talk(box: ChatBox, *questions: str) -> None:
    box.open()
    for question in questions:
        box.field.value = question
        box.send.click()
        await asyncio.sleep(0)
        while box._task is None or not box._task.done():
            await asyncio.sleep(0.001)
        box._task = None


def test_answers_join_a_live_log_and_the_field_is_emptied():
    session = Answers()
    box = ChatBox(session)
    asyncio.run(talk(box, "first?", "second?"))
    assert session.asked == ["first?", "second?"]
    assert box.log.value.count('class="eff-asked"') == 2
    assert 'role="log" aria-live="polite"' in box.log.value
    assert SCRIPT not in box.log.value
    assert (box.field.value, box.send.disabled) == ("", False)
    assert CHART_MIME in box.chart.outputs[0]["data"]


def test_a_failure_is_told_and_the_question_stays():
    box = ChatBox(Answers(fails=f"no model {SCRIPT}; set one"))
    asyncio.run(talk(box, "why?"))
    assert "no model &lt;script&gt;" in box.log.value
    assert (box.field.value, box.send.disabled, box.answers) == ("why?", False, [])


def test_a_report_answers_its_question_without_a_widget(capsys):
    session = Answers()
    ChatBox(session, "How much?").show()
    assert session.asked == ["How much?"]


def test_nothing_is_asked_when_nothing_stands_there():
    session = Answers()
    asyncio.run(talk(ChatBox(session), "  "))
    assert session.asked == []
