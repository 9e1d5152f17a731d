"""The history of one function: its share of CPU over time, the levels before and after, and what was rolled out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import altair as alt
import numpy as np

from effnb.charts._frame import (
    BEFORE,
    BETTER,
    LABEL,
    NEUTRAL,
    TIME,
    WIDTH,
    WORSE,
    AnyChart,
    finish,
    iso,
    rows,
    time_frame,
)
from effnb.charts._words import duration, percent, points, short_id, short_name, shorten, span, when
from effnb.domain import Change, Regression, Rollout, Series

MOST_POINTS = 1500
MEDIAN_OF = 6
SUSPECT, OTHER, SETTING = "suspected version", "other version", "config, flag or other change"


def chart_history(
    series: Series,
    *,
    regression: Regression | None = None,
    rollouts: Sequence[Rollout] = (),
    changes: Sequence[Change] = (),
    candidate: str | None = None,
) -> AnyChart:
    """The series with its 6-bucket median; with a regression its windows, levels, interval and change point.

    Under it, one row per host group shows when versions arrived, and one row per kind shows other changes; those of
    ``candidate`` (a change id, for code a commit) are highlighted. More than 1,500 buckets are merged into medians
    of equal width, and the subtitle says so. A series without values is drawn as an empty frame that says it.
    """
    start, end = _extent(series)
    points_shown, merged = _points(series)
    strip = _arrivals(rollouts, changes, candidate, start, end)
    layers = [time_frame(start, end, labels=strip is None), *_shades(regression, start, end)]
    layers += _values(series, points_shown, start)
    layers += _levels(regression, start, end) if regression is not None else []
    main: AnyChart = alt.layer(*layers).properties(width=WIDTH, height=250)
    chart: AnyChart = main if strip is None else alt.vconcat(main, strip, spacing=6)
    return finish(
        chart,
        name="history",
        title=_title(series),
        subtitle=_subtitle(series, regression, merged),
        description=_description(series, regression),
    )


def _extent(series: Series) -> tuple[datetime, datetime]:
    buckets = max(len(series.values), 1)
    return series.start, series.start + timedelta(seconds=series.step_seconds * buckets)


def _points(series: Series) -> tuple[list[dict[str, Any]], int]:
    """One row a bucket (or a merged one), and how many buckets went into each."""
    width = max(1, -(-len(series.values) // MOST_POINTS))
    values = _merged(np.array(series.values, dtype=float), width, np.nanmedian)
    counts = None if series.counts is None else _merged(np.array(series.counts, dtype=float), width, np.nansum)
    smooth = _medians(values)
    table = []
    for index, value in enumerate(values):
        at = series.start + timedelta(seconds=series.step_seconds * width * index)
        row = {"time": iso(at), "at": when(at), "value": _number(value), "median": _number(smooth[index])}
        row["samples"] = None if counts is None else int(counts[index])
        table.append(row)
    return table, width


def _merged(values: np.ndarray[Any, Any], width: int, merge: Any) -> np.ndarray[Any, Any]:
    if width == 1:
        return values
    chunks = [values[at : at + width] for at in range(0, len(values), width)]
    return np.array([merge(chunk) if np.isfinite(chunk).any() else np.nan for chunk in chunks])


def _medians(values: np.ndarray[Any, Any]) -> list[float]:
    """Median of the six buckets around each; a missing bucket stays missing, so that gaps are seen as gaps."""
    half = MEDIAN_OF // 2
    medians = []
    for index, value in enumerate(values):
        near = values[max(0, index - half + 1) : index + half + 1]
        medians.append(float(np.nanmedian(near)) if np.isfinite(value) else float("nan"))
    return medians


def _number(value: float) -> float | None:
    return round(float(value), 6) if np.isfinite(value) else None


def _values(series: Series, table: list[dict[str, Any]], start: datetime) -> list[alt.Chart]:
    if all(row["value"] is None for row in table):
        note = [{"time": iso(start), "text": "no values in this window"}]
        return [alt.Chart(rows(note)).mark_text(align="left", **LABEL).encode(TIME, text="text:N")]
    form = _format(series)
    shown = [
        alt.Tooltip("at:N", title="bucket"),
        alt.Tooltip("value:Q", title=series.metric.name, format=form),
        alt.Tooltip("median:Q", title="median of 6", format=form),
        alt.Tooltip("samples:Q", title="samples", format=","),
    ]
    y = alt.Y("value:Q", scale=alt.Scale(zero=False), axis=alt.Axis(title=_unit(series), format=form, tickCount=6))
    dots = alt.Chart(rows(table)).mark_circle(size=14, opacity=0.4, color=NEUTRAL)
    line = alt.Chart(rows(table)).mark_line(strokeWidth=1.6, color=NEUTRAL, interpolate="monotone")
    return [dots.encode(TIME, y, tooltip=shown), line.encode(TIME, alt.Y("median:Q"))]


def _shades(regression: Regression | None, start: datetime, end: datetime) -> list[alt.Chart]:
    if regression is None:
        return []
    spans = [("baseline", regression.baseline, BEFORE), ("analysis", regression.analysis, _colour(regression))]
    layers = []
    for name, window, colour in spans:
        left, right = max(window.start, start), min(window.end, end)
        if left >= right:
            continue
        data = rows([{"time": iso(left), "end": iso(right), "name": f"{name} window"}])
        layers.append(alt.Chart(data).mark_rect(opacity=0.09, color=colour).encode(TIME, x2="end:T"))
        label = alt.Chart(data).mark_text(align="left", baseline="top", dx=5, color=colour, fontSize=11, fontWeight=600)
        layers.append(label.encode(TIME, y=alt.value(5), text="name:N"))
    return layers


def _levels(regression: Regression, start: datetime, end: datetime) -> list[alt.Chart]:
    change = regression.change_point.at
    rising = regression.after >= regression.before
    layers = []
    spans = [
        ("before", regression.before, regression.baseline.start, change, BEFORE),
        ("after", regression.after, change, regression.analysis.end, _colour(regression)),
    ]
    for name, level, left, right, colour in spans:
        left, right = max(left, start), min(right, end)  # noqa: PLW2901  # what of the level lies in the chart
        if left >= right:
            continue
        data = [{"time": iso(left), "end": iso(right), "level": level, "name": f"{name} {percent(level)}"}]
        data[0] |= {"low": regression.before + regression.low, "high": regression.before + regression.high}
        y = alt.Y("level:Q")
        if name == "after":
            band = alt.Chart(rows(data)).mark_rect(opacity=0.22, color=colour)
            layers.append(band.encode(TIME, alt.Y("low:Q"), x2="end:T", y2="high:Q"))
        layers.append(alt.Chart(rows(data)).mark_rule(strokeWidth=2.5, color=colour).encode(TIME, y, x2="end:T"))
        above = rising == (name == "after")
        text = alt.Chart(rows(data)).mark_text(
            align="left", baseline="bottom" if above else "top", dx=6, color=colour, fontSize=11.5, fontWeight=600
        )
        layers.append(text.encode(y=y, x=alt.value(WIDTH), text="name:N"))
    return layers + _change_point(regression, start, end)


def _change_point(regression: Regression, start: datetime, end: datetime) -> list[alt.Chart]:
    at = regression.change_point.at
    if not start <= at < end:
        return []
    data = rows([{"time": iso(at), "name": f"since {when(at)}"}])
    right_half = (at - start) > (end - start) * 0.7
    label = alt.Chart(data).mark_text(
        align="right" if right_half else "left", baseline="bottom", dx=-5 if right_half else 5, **LABEL
    )
    return [
        alt.Chart(data).mark_rule(strokeDash=[5, 4], strokeWidth=1.5, color=_colour(regression)).encode(TIME),
        label.encode(TIME, y=alt.value(245), text="name:N"),
    ]


def _arrivals(
    rollouts: Sequence[Rollout], changes: Sequence[Change], candidate: str | None, start: datetime, end: datetime
) -> AnyChart | None:
    table = [_rollout_row(rollout, candidate, end) for rollout in rollouts if start <= rollout.started_at < end]
    table += [
        _change_row(change, candidate) for change in changes if change.kind != "code" and start <= change.at < end
    ]
    if not table:
        return None
    lanes = list(dict.fromkeys(row["lane"] for row in table))
    kinds = [kind for kind in (SUSPECT, OTHER, SETTING) if any(row["kind"] == kind for row in table)]
    palette = {SUSPECT: WORSE, OTHER: NEUTRAL, SETTING: BEFORE}
    y = alt.Y("lane:N", sort=None, axis=alt.Axis(title=None, labelLimit=130, grid=True, ticks=False, domain=False))
    colour = alt.Color(
        "kind:N", scale=alt.Scale(domain=kinds, range=[palette[kind] for kind in kinds]), legend=alt.Legend(title=None)
    )
    shown = [
        alt.Tooltip("label:N", title="what"),
        alt.Tooltip("at:N", title="from"),
        alt.Tooltip("until:N", title="to"),
    ]
    base = alt.Chart(rows(table)).encode(TIME, y, colour, tooltip=shown)
    bars = base.mark_bar(height=7, cornerRadius=3, opacity=0.75).encode(x2="end:T")
    return alt.layer(
        time_frame(start, end), bars, base.mark_point(shape="diamond", filled=True, size=70, opacity=1)
    ).properties(width=WIDTH, height=20 * len(lanes))


def _rollout_row(rollout: Rollout, candidate: str | None, end: datetime) -> dict[str, Any]:
    until = min(rollout.finished_at or end, end)
    return {
        "time": iso(rollout.started_at),
        "end": iso(max(until, rollout.started_at)),
        "at": when(rollout.started_at),
        "until": when(rollout.finished_at) if rollout.finished_at else rollout.status,
        "lane": shorten(rollout.host_group, 24),
        "kind": SUSPECT if candidate is not None and rollout.version == candidate else OTHER,
        "label": shorten(f"version {short_id(rollout.version)} on {rollout.host_group}"),
    }


def _change_row(change: Change, candidate: str | None) -> dict[str, Any]:
    return {
        "time": iso(change.at),
        "end": iso(change.at),
        "at": when(change.at),
        "until": "",
        "lane": change.kind,
        "kind": SUSPECT if change.id == candidate else SETTING,
        "label": shorten(f"{change.id}: {change.title}"),
    }


def _colour(regression: Regression) -> str:
    return WORSE if regression.absolute_delta > 0 else BETTER


def _is_share(series: Series) -> bool:
    return "share" in series.metric.unit or series.metric.name == "gcpu"


def _format(series: Series) -> str:
    return ".3~%" if _is_share(series) else ".4~s"


def _unit(series: Series) -> str:
    return "percent of stack samples (gCPU)" if _is_share(series) else f"{series.metric.name} ({series.metric.unit})"


def _title(series: Series) -> str:
    function, service = series.labels.get("function"), series.labels.get("service")
    subject = short_name(function) if function else series.metric.name
    return f"{subject} in {shorten(service)}" if service else subject


def _subtitle(series: Series, regression: Regression | None, merged: int) -> list[str]:
    start, end = _extent(series)
    source = shorten(series.labels.get("source", "workspace store"))
    width = duration(series.step_seconds * merged)
    note = f" (median of {merged} buckets each)" if merged > 1 else ""
    first = f"{_unit(series)}, {width} buckets{note} · {span(start, end)} · source: {source}"
    return [first] if regression is None else [first, _verdict(regression)]


def _verdict(regression: Regression) -> str:
    interval = f"{points(regression.low)} … {points(regression.high)}"
    return (
        f"{percent(regression.before)} → {percent(regression.after)}: {points(regression.absolute_delta)}, "
        f"95 % interval {interval}"
    )


def _description(series: Series, regression: Regression | None) -> str:
    start, end = _extent(series)
    text = f"{_unit(series)} of {_title(series)}, {span(start, end)}"
    if regression is None:
        return f"{text}."
    return f"{text}. Changed at {when(regression.change_point.at)}: {_verdict(regression)}."
