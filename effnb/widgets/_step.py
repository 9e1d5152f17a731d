"""One step of an investigation as a person reads it: what was asked, why, what came back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from effnb.charts import AnyChart, chart_candidates, chart_diff, chart_history, esc
from effnb.domain import Change, Listing, ProfileDiff, Regression, Rollout, RootCause, Series, ToolCall
from effnb.widgets._values import render_value, show

WORDS = {"success": "done", "failed": "failed", "denied": "skipped", "pending": "next"}


def render_step(call: ToolCall, result: object = None) -> str:
    """The step as HTML: title, reason, tool with its arguments, how it ended, and the result as a compact table."""
    badges = _badge(call.status, WORDS[call.status])
    badges += _badge("edited", "arguments edited by a person") if call.edited else ""
    took = f"{call.seconds:.2f} s" if call.status in ("success", "failed") else ""
    return (
        f'<section class="eff-step eff-{esc(call.status)}">'
        f'<div class="eff-step-head"><span class="eff-title">{esc(step_title(call))}</span>{badges}'
        f'<span class="eff-took">{esc(took)}</span></div>'
        f"{_paragraph('eff-why', call.why)}{_paragraph('eff-why', _reasoning(call))}"
        f"{_paragraph('eff-call', call_line(call))}"
        f"{_paragraph('eff-error-line', call.error)}{render_value(result)}</section>"
    )


def step_chart(call: ToolCall, result: object, earlier: Sequence[object] = ()) -> AnyChart | None:
    """The chart that belongs to a step's result, or null; ``earlier`` holds the results of the steps before it.

    A history is drawn with the regression it is about.
    """
    if call.status != "success":
        return None
    if isinstance(result, ProfileDiff):
        return chart_diff(result)
    if isinstance(result, RootCause):
        return chart_candidates(result)
    if isinstance(result, Series):
        return conclusion_chart([*earlier, result])
    return None


def conclusion_chart(results: Sequence[object]) -> AnyChart | None:
    """The history with all that is known of it: levels, arrivals, other changes, the named cause; null without one."""
    series = _last(results, Series)
    if series is None:
        return None
    regression, cause = _last(results, Regression), _last(results, RootCause)
    return chart_history(
        series,
        regression=regression if regression is not None and _same_subject(series, regression) else None,
        rollouts=[row for listing in results if _holds(listing, Rollout) for row in _rows(listing)],
        changes=[row for listing in results if _holds(listing, Change) for row in _rows(listing)],
        candidate=cause.change_id if cause is not None else None,
    )


def step_title(call: ToolCall) -> str:
    """The step's id as words."""
    return call.step.replace("_", " ").replace("-", " ").strip().capitalize() or call.tool


def call_line(call: ToolCall) -> str:
    """The call as one line, e.g. ``rank_causes(id="r-1")``; not escaped."""
    return f"{call.tool}({', '.join(f'{name}={_argument(value)}' for name, value in call.args.items())})"


def _reasoning(call: ToolCall) -> str:
    return f"The model's own words: {call.reasoning}" if call.reasoning else ""


def _argument(value: Any) -> str:
    if isinstance(value, dict) and set(value) == {"start", "end"}:
        return f"{value['start']} … {value['end']}"
    return f'"{value}"' if isinstance(value, str) else show(value)


def _badge(kind: str, text: str) -> str:
    return f'<span class="eff-badge eff-{esc(kind)}">{esc(text)}</span>'


def _paragraph(kind: str, text: str | None) -> str:
    return f'<p class="{kind}">{esc(text)}</p>' if text else ""


def _last(results: Sequence[object], kind: type[Any]) -> Any:
    return next((result for result in reversed(results) if isinstance(result, kind)), None)


def _same_subject(series: Series, regression: Regression) -> bool:
    return series.labels.get("function", regression.function) == regression.function


def _holds(result: object, kind: type[Any]) -> bool:
    return isinstance(result, Listing) and bool(result.rows) and isinstance(result.rows[0], kind)


def _rows(listing: Any) -> tuple[Any, ...]:
    rows: tuple[Any, ...] = listing.rows
    return rows
