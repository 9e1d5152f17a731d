"""One answer as a person reads it: the words, the values they stand on, the calls that returned them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from effnb.charts import AnyChart, chart_bundle, esc, when
from effnb.domain import Answer, Evidence, Listing, Series, ToolCall
from effnb.tools import tools
from effnb.widgets._mode import mode
from effnb.widgets._step import call_line, step_chart
from effnb.widgets._style import styled
from effnb.widgets._values import show

STATUS = {"answered": "answered", "declined": "not known here", "needs_clarification": "needs to know more"}


def render_answer(answer: Answer) -> str:
    """The answer as HTML; every word of it is escaped."""
    kind = "success" if answer.status == "answered" else "pending"
    offered = "Ask next" if answer.status == "answered" else "What can be answered"
    run = f" · run {answer.run_id}" if answer.run_id else ""
    return (
        f'<section class="eff-answer eff-step"><p class="eff-asked">{esc(answer.question)}</p>'
        f'<p class="eff-said">{esc(answer.text)}</p>'
        f'<span class="eff-badge eff-{kind}">{esc(STATUS[answer.status])}</span> '
        f'<span class="eff-more">{esc(answer.model)}{esc(run)}</span>'
        f"{_cited(answer)}{_list(offered, map(esc, answer.suggestions))}</section>"
    )


def answer_outputs(answer: Answer) -> list[dict[str, Any]]:
    """MIME bundles of an answer: its text and, where one fits, its chart."""
    chart = answer_chart(answer)
    drawn = [] if chart is None else [chart_bundle(chart, picture=mode() == "live")]
    return [{"text/html": styled(render_answer(answer)), "text/plain": answer.text}, *drawn]


def answer_chart(answer: Answer) -> AnyChart | None:
    """The chart of the call that is best drawn; null when there is none."""
    call = next((one for one in answer.calls if one.id == answer.chart and one.status == "success"), None)
    known = tools()
    if call is None or call.tool not in known:
        return None
    result = known[call.tool].result_type.validate_python(call.result)
    if isinstance(result, Listing):
        result = next((row for row in result.rows if isinstance(row, Series)), None)
    return step_chart(call, result)


def _cited(answer: Answer) -> str:
    """The calls, each with the values that were cited from it."""
    if not answer.calls:
        return ""
    parts = "".join(
        _call(call, [one for one in answer.values if one.call in (call.id, call.step)]) for call in answer.calls
    )
    count = f"{len(answer.values)} value{'' if len(answer.values) == 1 else 's'} from {len(answer.calls)} call"
    return f"<details><summary>{count}{'' if len(answer.calls) == 1 else 's'}</summary>{parts}</details>"


def _call(call: ToolCall, values: list[Evidence]) -> str:
    rows = "".join(
        f"<tr><td>{esc(one.field or 'whole result')}</td><td>{esc(show(one.value))}</td></tr>" for one in values
    )
    table = (
        '<div class="eff-result"><table><thead><tr><th scope="col">field</th><th scope="col">value</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
        if rows
        else ""
    )
    failed = f'<p class="eff-error-line">{esc(call.error)}</p>' if call.error else ""
    return (
        f'<p class="eff-call">[{esc(call.id)}] {esc(call_line(call))} · {esc(when(call.started_at))}</p>{failed}{table}'
    )


def _list(heading: str, items: Iterable[str]) -> str:
    entries = "".join(f"<li>{item}</li>" for item in items)
    return f'<p class="eff-heading">{esc(heading)}</p><ul>{entries}</ul>' if entries else ""
