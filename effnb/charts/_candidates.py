"""The changes that may explain a regression, with the factors of their scores side by side."""

from __future__ import annotations

from typing import Any

import altair as alt

from effnb.charts._frame import LABEL, NEUTRAL, WORSE, AnyChart, finish, rows
from effnb.charts._words import short_id, shorten, when
from effnb.domain import Candidate, RootCause

CHOSEN, OTHERS = "named as the cause", "other candidates"
PALETTE = {CHOSEN: WORSE, OTHERS: NEUTRAL}
PANELS = (
    ("attribution", "attribution", "share of the rise in stacks it touches"),
    ("timing", "× timing", "how well its arrival fits the rise"),
    ("score", "= score", "product; ranks, is no probability"),
)


def chart_candidates(cause: RootCause, top: int = 8) -> AnyChart | None:
    """Three aligned bars a candidate: attribution, timing and their product; null when there are no candidates.

    The candidate the conclusion names is highlighted. Where none is named the title says so.
    """
    shown = cause.candidates[:top]
    if not shown:
        return None
    table = _rows(cause, shown)
    panels = [_panel(table, *panel, labels=index == 0) for index, panel in enumerate(PANELS)]
    return finish(
        alt.hconcat(*panels, spacing=14),
        name="candidates",
        title="Changes that may explain it" if cause.change_id else "No change stands out",
        subtitle=[
            f"scores from 0 to 1 · best {len(shown)} of {len(cause.candidates)} changes that arrived in the window",
            shorten(cause.reason, 120),
        ],
        description=_description(cause, shown),
    )


def _rows(cause: RootCause, shown: tuple[Candidate, ...]) -> list[dict[str, Any]]:
    labels: list[str] = []
    for candidate in shown:
        label = f"{shorten(candidate.title, 40)} · {short_id(candidate.change_id)}"
        labels.append(label if label not in labels else f"{label} #{len(labels) + 1}")
    return [
        {
            "change": label,
            "kind": CHOSEN if candidate.change_id == cause.change_id else OTHERS,
            "attribution": candidate.attribution,
            "timing": candidate.timing,
            "score": candidate.score,
            "author": shorten(candidate.author),
            "reached": when(candidate.reached_at),
            "touches": shorten(", ".join(candidate.functions) or "nothing in the regressed stacks", 160),
        }
        for label, candidate in zip(labels, shown, strict=True)
    ]


def _panel(table: list[dict[str, Any]], field: str, title: str, meaning: str, *, labels: bool) -> AnyChart:
    axis = alt.Axis(title=None, labelLimit=330, ticks=False, domain=False) if labels else None
    y = alt.Y("change:N", sort=None, axis=axis)
    x = alt.X(f"{field}:Q", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(title=None, values=[0, 0.5, 1], format="~g"))
    kinds = [kind for kind in (CHOSEN, OTHERS) if any(row["kind"] == kind for row in table)]
    scale = alt.Scale(domain=kinds, range=[PALETTE[kind] for kind in kinds])
    told = ["change:N", "author:N", "reached:N", "touches:N"]
    told += ["attribution:Q", "timing:Q", "score:Q"]
    base = alt.Chart(rows(table)).encode(x, y, tooltip=[alt.Tooltip(name) for name in told])
    bars = base.mark_bar(cornerRadius=2, height={"band": 0.62}, opacity=0.9).encode(
        color=alt.Color("kind:N", scale=scale, legend=None)
    )
    text = base.mark_text(align="left", dx=4, **LABEL).encode(text=alt.Text(f"{field}:Q", format=".2f"))
    heading = alt.TitleParams(title, subtitle=meaning, fontSize=12, subtitleFontSize=9.5, offset=6, frame="group")
    return alt.layer(bars, text).properties(width=150, height=26 * len(table), title=heading)


def _description(cause: RootCause, shown: tuple[Candidate, ...]) -> str:
    best = shown[0]
    text = f"Scores of {len(shown)} candidate changes. Highest: {shorten(best.title)}, {best.score:.2f} = "
    text += f"attribution {best.attribution:.2f} × timing {best.timing:.2f}. "
    return text + (
        f"Named as the cause: {short_id(cause.change_id)}." if cause.change_id else "None is named as the cause."
    )
