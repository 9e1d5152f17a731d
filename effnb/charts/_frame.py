"""What all charts share: palette, type sizes, a stable name, a text alternative, times as UTC.

No fixed colour of text, axis or background is set here: JupyterLab's dark theme and the report's page style them, and
a colour in the spec would win over both. Mark colours are from the Okabe-Ito palette, which colour-blind readers can
tell apart, and stand out on white and on dark grey.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import altair as alt

AnyChart: TypeAlias = alt.Chart | alt.LayerChart | alt.FacetChart | alt.HConcatChart | alt.VConcatChart

BEFORE = "#0072B2"
WORSE = "#D55E00"
BETTER = "#009E73"
PLANNED = "#CC79A7"
NEUTRAL = "#8A919E"

TIME = alt.X("time:T")
WIDTH = 700
# light on dark and dark on light: the background is the viewer's theme's
LABEL: dict[str, Any] = {"fontSize": 11, "color": alt.ExprRef("luminance(background) > 0.5 ? '#1c2230' : '#e6e9ef'")}
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
CONFIG: dict[str, Any] = {
    "font": FONT,
    "view": {"stroke": None},
    "title": {"anchor": "start", "fontSize": 14, "fontWeight": 600, "subtitleFontSize": 11.5, "offset": 14},
    "axis": {
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": 500,
        "gridOpacity": 0.35,
        "domainOpacity": 0.5,
    },
    "legend": {"labelFontSize": 11, "titleFontSize": 11, "symbolType": "circle", "orient": "bottom"},
    "style": {"guide-label": {"fontSize": 11}},
    "header": {"labelFontSize": 11, "titleFontSize": 11},
}


def finish(chart: AnyChart, *, name: str, title: str, subtitle: Sequence[str], description: str) -> AnyChart:
    """The chart under its stable name, with title, text alternative and the shared type sizes."""
    finished: AnyChart = chart.properties(
        title=alt.TitleParams(text=title, subtitle=list(subtitle)),
        description=description,
        usermeta={"effnb": {"chart": name}},
    )
    finished["config"] = alt.Config.from_dict(CONFIG)
    return finished


def rows(values: Sequence[dict[str, Any]]) -> alt.InlineData:
    """Rows carried inside the spec."""
    return alt.InlineData(values=list(values))


def iso(instant: datetime) -> str:
    """A time as the browser reads it: ISO-8601 with Z, so that no zone is guessed."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def time_frame(start: datetime, end: datetime, *, labels: bool = True) -> alt.Chart:
    """The invisible first layer that gives a chart its time axis over a window; the others use ``TIME``.

    Drawn in UTC whatever zone the browser is in. One layer has the domain, since Vega-Lite warns when several do.
    """
    axis = alt.Axis(
        title="time (UTC)" if labels else None,
        labels=labels,
        format="%b %d" if end - start > timedelta(days=3) else "%b %d %H:%M",
        grid=False,
        ticks=labels,
        labelOverlap=True,
        labelFlush=False,
        tickCount=8,
    )
    x = alt.X("time:T", scale=alt.Scale(type="utc", domain=[_moment(start), _moment(end)]), axis=axis)
    frame: alt.Chart = alt.Chart(rows([{"time": iso(start)}])).mark_rule(opacity=0).encode(x)
    return frame


def _moment(instant: datetime) -> alt.DateTime:
    # by its parts: Vega's interpreter, which a strict content policy needs, reads a bare number as a year
    at = instant.astimezone(UTC)
    return alt.DateTime(
        year=at.year, month=at.month, date=at.day, hours=at.hour, minutes=at.minute, seconds=at.second, utc=True
    )
