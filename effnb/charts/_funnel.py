"""How many change points are left after each stage of detection: what was let go, and where."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import altair as alt

from effnb.charts._frame import BEFORE, LABEL, NEUTRAL, AnyChart, finish, rows
from effnb.charts._words import shorten

LEFT, DROPPED = "left", "dropped or merged here"
PALETTE = {LEFT: BEFORE, DROPPED: NEUTRAL}
LINEAR_UP_TO = 3000
MOST_SERVICES = 12
A_LINE = 4


def chart_funnel(funnels: Mapping[str, Mapping[str, int]], *, per_service: bool = False, title: str = "") -> AnyChart:
    """One row a stage, in order: the change points that are left after it, and those it dropped.

    ``funnels`` holds, for each service, stage → change points left, as in ``Replay.funnel``. They are summed;
    ``per_service`` draws one column each, at most twelve, largest first, with a sum of the rest. Above 3,000 change
    points the bars are logarithmic, which the subtitle says. Without any stage a sentence takes the chart's place.
    """
    whole = _sum(funnels.values())
    groups = _largest(funnels) if per_service else {"": whole}
    most = max((max(funnel.values(), default=0) for funnel in groups.values()), default=0)
    text = _told(whole)
    return finish(
        _columns(groups, most) if whole else _nothing(),
        name="funnel",
        title=title or "What detection let go, and where",
        subtitle=[
            text,
            f"change points of {len(funnels)} service{'' if len(funnels) == 1 else 's'} left after each stage"
            + (" · logarithmic bars" if most > LINEAR_UP_TO else ""),
        ],
        description=f"Change points left after each stage of detection. {text}. "
        + ", ".join(f"{_printable(stage)} {left:,}" for stage, left in whole.items()),
    )


def _sum(funnels: Any) -> dict[str, int]:
    whole: dict[str, int] = {}
    for funnel in funnels:
        for stage, left in funnel.items():
            whole[stage] = whole.get(stage, 0) + left
    return whole


def _largest(funnels: Mapping[str, Mapping[str, int]]) -> dict[str, Mapping[str, int]]:
    """The services with most change points, and the sum of the others."""
    ranked = sorted(funnels, key=lambda name: (-max(funnels[name].values(), default=0), name))
    if len(ranked) <= MOST_SERVICES:
        return {name: funnels[name] for name in ranked}
    shown, rest = ranked[: MOST_SERVICES - 1], ranked[MOST_SERVICES - 1 :]
    return {name: funnels[name] for name in shown} | {f"{len(rest)} others": _sum(funnels[name] for name in rest)}


def _told(whole: Mapping[str, int]) -> str:
    if not whole:
        return "nothing was scanned"
    first, last = next(iter(whole.values())), list(whole.values())[-1]
    return f"{first:,} change points found, {last:,} reported"


def _columns(groups: Mapping[str, Mapping[str, int]], most: int) -> AnyChart:
    alone = len(groups) == 1
    panels = [
        _panel(name, funnel, most, labels=i % A_LINE == 0, alone=alone)
        for i, (name, funnel) in enumerate(groups.items())
    ]
    if alone:
        return panels[0]
    lines = [alt.hconcat(*panels[at : at + A_LINE], spacing=10) for at in range(0, len(panels), A_LINE)]
    return lines[0] if len(lines) == 1 else alt.vconcat(*lines, spacing=18)


def _panel(name: str, funnel: Mapping[str, int], most: int, *, labels: bool, alone: bool) -> AnyChart:
    table = _rows(funnel)
    axis = alt.Axis(title=None, ticks=False, domain=False, labelLimit=170, labelPadding=8) if labels else None
    y = alt.Y("stage:N", sort=None, axis=axis)
    scale = alt.Scale(domain=[0, 1.18 * most], type="symlog" if most > LINEAR_UP_TO else "linear")
    x = alt.X("from:Q", scale=scale, axis=None)
    kinds = alt.Scale(domain=list(PALETTE), range=list(PALETTE.values()))
    base = alt.Chart(rows([{key: row[key] for key in ("stage", "label", "end")} for row in table])).encode(y)
    bars = (
        alt.Chart(rows([bar for row in table for bar in row["bars"]]))
        .mark_bar(cornerRadius=2, height={"band": 0.66})
        .encode(
            y,
            x,
            x2="to:Q",
            color=alt.Color("kind:N", scale=kinds, legend=alt.Legend(title=None)),
            opacity=alt.Opacity("opacity:Q", scale=None),
            tooltip=[alt.Tooltip("stage:N"), alt.Tooltip("told:N", title="change points")],
        )
    )
    text = base.mark_text(align="left", dx=6, **LABEL).encode(alt.X("end:Q", scale=scale, axis=None), text="label:N")
    heading = alt.TitleParams(shorten(_printable(name), 28), fontSize=11.5, offset=4, frame="group") if name else ""
    width = 520 if alone else 165
    return alt.layer(bars, text).properties(width=width, height=26 * len(table), title=heading)


def _rows(funnel: Mapping[str, int]) -> list[dict[str, Any]]:
    counts = list(funnel.items())
    table = []
    for (_, before), (stage, left) in pairwise([("", counts[0][1] if counts else 0), *counts]):
        gone = max(before - left, 0)
        told = f"{left:,} left" + (f", {gone:,} dropped or merged here" if gone else "")
        shared = {"stage": shorten(_printable(stage), 40), "told": told}
        bars = [shared | {"kind": LEFT, "from": 0, "to": left, "opacity": 0.9}]
        if gone:
            bars.append(shared | {"kind": DROPPED, "from": left, "to": before, "opacity": 0.35})
        label = f"{left:,}" + (f"  (−{gone:,})" if gone else "")
        table.append({"stage": shared["stage"], "label": label, "end": max(before, left), "bars": bars})
    return table


def _printable(text: str) -> str:
    """Control characters in a label end the process in vl-convert."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _nothing() -> AnyChart:
    note: AnyChart = (
        alt.Chart(rows([{"text": "no service had enough samples to be scanned"}]))
        .mark_text(align="left", **LABEL)
        .encode(text="text:N")
    )
    return note.properties(width=520, height=60)
