"""How small a regression a fleet can see, how soon, and why averages see more than one server does."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any

import altair as alt

from effnb.charts._frame import BEFORE, BETTER, LABEL, NEUTRAL, PLANNED, WIDTH, WORSE, AnyChart, finish, rows
from effnb.charts._words import percent, shorten
from effnb.domain import Series
from effnb.domain.power import DetectionTime, FleetPower, PowerPlan

PALETTE = (WORSE, BEFORE, BETTER, PLANNED, "#E69F00", "#56B4E9", NEUTRAL)
HOURS = {
    1 / 3600: "1 s",
    1 / 360: "10 s",
    1 / 60: "1 min",
    1 / 6: "10 min",
    1.0: "1 h",
    6.0: "6 h",
    24.0: "1 day",
    240.0: "10 days",
}
MOST_ROWS = 4800


def chart_smallest_rise(plan: PowerPlan, *, threshold: float | None = None) -> AnyChart:
    """Smallest rise that is found against the function's share, both logarithmic; one colour a fleet.

    Fleets with assumed noise are lines, measured functions are dots. ``threshold``, a rise of gCPU, is drawn as what
    would be reported at all. Functions that can show no rise are left out.
    """
    table = [row for fleet in plan.fleets for row in _rises(fleet)][:MOST_ROWS]
    terms = plan.terms
    x = alt.X("gcpu:Q", scale=alt.Scale(type="log"), axis=_axis("gCPU of the function, % of the service's samples"))
    y = alt.Y("rise:Q", scale=alt.Scale(type="log"), axis=_axis("smallest rise found, points"))
    colour = _colour([one.fleet.name for one in plan.fleets])
    shown = [alt.Tooltip(f"{name}:N") for name in ("fleet", "function", "share", "smallest", "relative", "noise")]
    base = alt.Chart().encode(x, y, colour)
    assumed, measured = ([row for row in table if row["given"] is given] for given in (True, False))
    layers: list[Any] = []
    if assumed:
        layers.append(base.mark_line(strokeWidth=2).properties(data=rows(assumed)).encode(tooltip=shown))
    if measured or not assumed:
        layers.append(base.mark_circle(size=46, opacity=0.75).properties(data=rows(measured)).encode(tooltip=shown))
    if threshold is not None:
        layers += _rule(threshold)
    return finish(
        alt.layer(*layers).properties(width=WIDTH, height=300) if table else _nothing("no function can show a rise"),
        name="smallest-rise",
        title="The smallest regression that shows",
        subtitle=[
            f"{terms.analysis_hours:g} h of samples after a change against {terms.baseline_hours:g} h before",
            f"found with {100 * terms.power:.3g} % chance · {100 * terms.alpha:.3g} % chance of any false alarm over "
            f"{terms.functions:,} functions",
        ],
        description=_told(plan),
    )


def chart_time_to_detect(times: Sequence[DetectionTime]) -> AnyChart:
    """Hours until a regression is found against its size, both logarithmic; one colour a fleet.

    Sizes that are never found are left out. All rows are of functions of one share, which the subtitle says.
    """
    table = [
        {
            "fleet": _name(one.fleet, 40),
            "size": 100 * one.size,
            "hours": one.hours,
            "points": f"{100 * one.size:.3g} points",
        }
        for one in times
        if one.hours is not None
    ]
    marks = "[" + ", ".join(f"{hours}" for hours in HOURS) + "]"
    named = "".join(f"abs(datum.value / {hours} - 1) < 0.01 ? '{name}' : " for hours, name in HOURS.items()) + "''"
    axis = alt.Axis(title="time until it is found", values=alt.ExprRef(marks), labelExpr=named)
    chart = (
        alt.Chart(rows(table))
        .mark_line(strokeWidth=2)
        .encode(
            alt.X("size:Q", scale=alt.Scale(type="log"), axis=_axis("size of the regression, points of gCPU")),
            alt.Y("hours:Q", scale=alt.Scale(type="log"), axis=axis),
            _colour([one.fleet for one in times]),
            tooltip=[alt.Tooltip("fleet:N"), alt.Tooltip("points:N"), alt.Tooltip("hours:Q", format=".3~g")],
        )
    )
    shares = ", ".join(sorted({percent(one.gcpu) for one in times})) or "none"
    return finish(
        chart.properties(width=WIDTH, height=300) if table else _nothing("none of these sizes is ever found"),
        name="time-to-detect",
        title="How soon a regression shows",
        subtitle=[f"a function of {shares} of the samples · time counts samples after the change"],
        description=f"Hours until a regression is found, for {len(table)} sizes of a function of {shares}.",
    )


def chart_averages(series: Sequence[Series]) -> AnyChart:
    """Simulated CPU side by side, each on its own scale, with the mean of the first and of the second half."""
    panels = [_panel(one) for one in series]
    what = "; ".join(_label(one) for one in series)
    return finish(
        alt.hconcat(*panels, spacing=52, bounds="flush"),
        name="averages",
        title="The same rise of 0.005 points at half time",
        subtitle=["simulated CPU, % of a server · lines: mean before and after · every panel on its own scale"],
        description=f"Simulated CPU with a rise of 0.005 points at half time: {what}.",
    )


def _rises(found: FleetPower) -> list[dict[str, Any]]:
    return [
        {
            "fleet": _name(found.fleet.name, 40),
            "function": _name(one.function, 120),
            "gcpu": 100 * one.gcpu,
            "rise": 100 * one.smallest_rise,
            "share": percent(one.gcpu),
            "smallest": f"{100 * one.smallest_rise:.3g} points",
            "relative": percent(one.smallest_relative, 1),
            "noise": f"{one.design_effect:.3g} × sampling, {one.noise}",
            "given": one.noise == "given",
        }
        for one in found.functions
        if one.smallest_rise is not None
    ]


def _nothing(text: str) -> AnyChart:
    """A sentence in place of a chart: a logarithmic axis without data has no ends, and Vega does not return from it."""
    note: AnyChart = alt.Chart(rows([{"text": text}])).mark_text(align="left", **LABEL).encode(text="text:N")
    return note.properties(width=WIDTH, height=60)


def _rule(threshold: float) -> list[alt.Chart]:
    line = rows([{"rise": 100 * threshold, "text": f"threshold {100 * threshold:.3g} points"}])
    y = alt.Y("rise:Q", scale=alt.Scale(type="log"))
    rule = alt.Chart(line).mark_rule(strokeDash=[5, 4], color=NEUTRAL).encode(y)
    text = alt.Chart(line).mark_text(align="left", baseline="bottom", dx=4, dy=-3, **LABEL)
    return [rule, text.encode(y, x=alt.value(0), text="text:N")]


def _colour(names: Sequence[str]) -> alt.Color:
    distinct = list(dict.fromkeys(_name(name, 40) for name in names))
    colours = [PALETTE[i % len(PALETTE)] for i in range(len(distinct))]
    return alt.Color(
        "fleet:N", scale=alt.Scale(domain=distinct, range=colours), legend=alt.Legend(title=None, labelLimit=320)
    )


def _axis(title: str) -> alt.Axis:
    # powers of ten only: Vega's own choice for short log axes has labels on top of each other
    ten = "abs(log(datum.value) / log(10) - round(log(datum.value) / log(10))) < 0.01"
    return alt.Axis(title=title, tickCount=6, labelExpr=f"{ten} ? format(datum.value, '~g') : ''")


def _panel(series: Series) -> AnyChart:
    values = [100 * value for value in series.values if value is not None]
    half = len(values) // 2
    dots = alt.Chart(rows([{"minute": i, "cpu": round(value, 7)} for i, value in enumerate(values)]))
    x = alt.X("minute:Q", axis=alt.Axis(title="minute", tickCount=4, grid=False))
    y = alt.Y("cpu:Q", scale=alt.Scale(zero=False), axis=alt.Axis(title=None, tickCount=5))
    layers = [dots.mark_circle(size=9, opacity=0.55, color=NEUTRAL).encode(x, y)]
    for first, stop, colour in ((0, half, BEFORE), (half, len(values), WORSE)):
        level = fmean(values[first:stop])
        line = rows([{"minute": first, "end": stop, "cpu": level}])
        layers.append(alt.Chart(line).mark_rule(strokeWidth=2.5, color=colour).encode(x, y, x2="end:Q"))
    return alt.layer(*layers).properties(width=190, height=170, title=alt.TitleParams(_label(series), fontSize=11.5))


def _label(series: Series) -> str:
    servers, part = series.labels.get("servers", "?"), series.labels.get("part", "")
    text = "1 server" if servers == "1" else f"{servers} servers"
    return text if part in ("", "process") else f"{text}, {part}"


def _name(text: str, longest: int) -> str:
    """A name on one line; control characters are replaced, since one in a label ends the process in vl-convert."""
    return shorten("".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text), longest)


def _told(plan: PowerPlan) -> str:
    parts = []
    for one in plan.fleets:
        rises = [row for row in one.functions if row.smallest_rise is not None]
        if rises:
            row = min(rises, key=lambda found: found.smallest_rise or 0)
            parts.append(
                f"{_name(one.fleet.name, 40)}: {100 * (row.smallest_rise or 0):.3g} points of {_name(row.function, 60)}"
            )
    return "Smallest regression that shows. " + ("; ".join(parts) or "no function can show one") + "."
