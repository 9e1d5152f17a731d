"""The difference of two profiles, function by function."""

from __future__ import annotations

from typing import Any

import altair as alt

from effnb.charts._frame import BETTER, LABEL, NEUTRAL, WORSE, AnyChart, finish, rows
from effnb.charts._words import MINUS, distinct_labels, percent, points, shorten
from effnb.domain import FunctionDelta, ProfileDiff

ROSE, FELL, UNCLEAR = "rose", "fell", "within noise"
PALETTE = {ROSE: WORSE, FELL: BETTER, UNCLEAR: NEUTRAL}


def chart_diff(diff: ProfileDiff, top: int = 15) -> AnyChart:
    """Bars for the ``top`` functions with the largest change of gCPU, each with its 95 % interval and both shares.

    A function whose interval contains zero is grey: the samples do not tell whether it changed. A difference without
    functions is an empty frame that says so.
    """
    chosen = diff.rows[:top]
    chart: AnyChart = alt.hconcat(_bars(chosen), _shares(chosen), spacing=4) if chosen else _nothing()
    return finish(
        chart,
        name="diff",
        title=f"What changed from {shorten(diff.before, 48)} to {shorten(diff.after, 48)}",
        subtitle=[
            "change in percentage points of all samples (gCPU), with 95 % interval from the counts · "
            f"{len(chosen)} of {diff.functions:,} functions, largest first",
            f"before: {diff.total_before:,} {diff.unit} · after: {diff.total_after:,} {diff.unit}",
        ],
        description=_description(diff, chosen),
    )


def _rows(chosen: tuple[FunctionDelta, ...]) -> list[dict[str, Any]]:
    labels = distinct_labels([row.function for row in chosen])
    return [
        {
            "function": label,
            "name": shorten(row.function, 200),
            "delta": row.delta * 100,
            "low": row.low * 100,
            "high": row.high * 100,
            "kind": _kind(row),
            "change": points(row.delta),
            "shares": f"{percent(row.before)} → {percent(row.after)}",
            "own": f"{percent(row.self_before)} → {percent(row.self_after)}",
        }
        for label, row in zip(labels, chosen, strict=True)
    ]


def _kind(row: FunctionDelta) -> str:
    if row.low <= 0 <= row.high:
        return UNCLEAR
    return ROSE if row.delta > 0 else FELL


def _row_axis(*, labels: bool) -> alt.Y:
    # rows come in order: a sort array would put names from data into a Vega expression
    axis = alt.Axis(title=None, labelLimit=300, ticks=False, domain=False) if labels else None
    return alt.Y("function:N", sort=None, axis=axis)


def _bars(chosen: tuple[FunctionDelta, ...]) -> AnyChart:
    table = _rows(chosen)
    kinds = [kind for kind in PALETTE if any(row["kind"] == kind for row in table)]
    scale = alt.Scale(domain=kinds, range=[PALETTE[kind] for kind in kinds])
    shown = [
        alt.Tooltip("name:N", title="function"),
        alt.Tooltip("change:N", title="change"),
        alt.Tooltip("shares:N", title="with callees"),
        alt.Tooltip("own:N", title="itself"),
    ]
    x = alt.X("delta:Q", axis=alt.Axis(title="percentage points", format="+~", tickCount=6))
    base = alt.Chart(rows(table)).encode(_row_axis(labels=True), tooltip=shown)
    bars = base.mark_bar(opacity=0.85, cornerRadius=2, height={"band": 0.62}).encode(
        x, color=alt.Color("kind:N", scale=scale, legend=alt.Legend(title=None))
    )
    whiskers = base.mark_rule(strokeWidth=1.4, color=NEUTRAL).encode(alt.X("low:Q"), x2="high:Q")
    return alt.layer(bars, whiskers).properties(width=350, height=max(60, 22 * len(table)))


def _shares(chosen: tuple[FunctionDelta, ...]) -> AnyChart:
    text = alt.Chart(rows(_rows(chosen))).mark_text(align="left", x=2, **LABEL)
    column: AnyChart = text.encode(_row_axis(labels=False), text="shares:N").properties(
        width=120, height=max(60, 22 * len(chosen)), title=alt.TitleParams("before → after", fontSize=11, offset=4)
    )
    return column


def _nothing() -> AnyChart:
    note = [{"text": "neither profile has samples"}]
    text = alt.Chart(rows(note)).mark_text(**LABEL).encode(text="text:N")
    frame: AnyChart = text.properties(width=350, height=60)
    return frame


def _description(diff: ProfileDiff, chosen: tuple[FunctionDelta, ...]) -> str:
    text = f"Change of each function's share of samples from {diff.before} to {diff.after}"
    if not chosen:
        return f"{text}: no functions."
    first = chosen[0]
    return f"{text}. Largest: {shorten(first.function)}, {points(first.delta)}.".replace("-", MINUS)
