"""All findings of a window on one page: which service, when, how much."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from effnb.charts._frame import (
    BETTER,
    LABEL,
    PLANNED,
    TIME,
    WIDTH,
    WORSE,
    AnyChart,
    finish,
    iso,
    rows,
    time_frame,
)
from effnb.charts._words import percent, points, relative, short_name, shorten, span, when
from effnb.domain import Regression, Window

KINDS = (
    ("regression", WORSE, "triangle-up"),
    ("improvement", BETTER, "triangle-down"),
    ("planned", PLANNED, "diamond"),
)
MOST_LABELS = 14


def chart_overview(
    regressions: Sequence[Regression],
    improvements: Sequence[Regression],
    planned: Sequence[Regression],
    window: Window,
) -> AnyChart:
    """One mark a finding on a line per service; area grows with the change of the service's samples.

    Colour and shape both tell the kind. Findings outside the window are left out. With no finding at all the frame
    says so.
    """
    found = [*regressions, *improvements, *planned]
    table = [_row(regression) for regression in found if window.contains(regression.change_point.at)]
    chart = _marks(table, window) if table else _nothing(window)
    return finish(
        chart,
        name="overview",
        title="What changed, where and when",
        subtitle=[
            "size: change in percentage points of the service's stack samples (gCPU) · "
            f"{span(window.start, window.end)}"
        ],
        description=(
            f"{len(regressions)} regressions, {len(improvements)} improvements and {len(planned)} planned rises, "
            f"{span(window.start, window.end)}."
        ),
    )


def _row(regression: Regression) -> dict[str, Any]:
    return {
        "time": iso(regression.change_point.at),
        "at": when(regression.change_point.at),
        "service": shorten(regression.service, 30),
        "kind": regression.kind,
        "function": shorten(regression.function, 160),
        "label": short_name(regression.function).partition(" (")[0],
        "size": abs(regression.absolute_delta) * 100,
        "change": f"{points(regression.absolute_delta)} ({percent(regression.before)} → {percent(regression.after)})",
        "relative": relative(regression.relative_delta),
    }


def _marks(table: list[dict[str, Any]], window: Window) -> AnyChart:
    kinds = [kind for kind in KINDS if any(row["kind"] == kind[0] for row in table)]
    names, colours, shapes = ([kind[part] for kind in kinds] for part in range(3))
    y = alt.Y("service:N", axis=alt.Axis(title=None, grid=True, ticks=False, domain=False, labelLimit=160))
    base = alt.Chart(rows(table)).encode(TIME, y)
    marks = base.mark_point(filled=True, opacity=0.9).encode(
        color=alt.Color("kind:N", scale=alt.Scale(domain=names, range=colours), legend=alt.Legend(title=None)),
        shape=alt.Shape("kind:N", scale=alt.Scale(domain=names, range=shapes), legend=alt.Legend(title=None)),
        size=alt.Size("size:Q", scale=alt.Scale(range=[60, 420], zero=True), legend=None),
        tooltip=[alt.Tooltip(f"{name}:N") for name in ("service", "function", "kind", "at", "change", "relative")],
    )
    layers = [time_frame(window.start, window.end), marks]
    if len(table) <= MOST_LABELS:
        layers.append(base.mark_text(align="left", dx=12, **LABEL, limit=170).encode(text="label:N"))
    services = len({row["service"] for row in table})
    return alt.layer(*layers).properties(width=WIDTH, height=max(70, 46 * services))


def _nothing(window: Window) -> AnyChart:
    note = rows([{"time": iso(window.start), "text": "nothing found in this window"}])
    text = alt.Chart(note).mark_text(align="left", dx=6, **LABEL)
    return alt.layer(time_frame(window.start, window.end), text.encode(TIME, text="text:N")).properties(
        width=WIDTH, height=70
    )
