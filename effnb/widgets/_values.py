"""Tool results as compact tables; every word of them is escaped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from pydantic import BaseModel

from effnb.charts import esc, percent, points, short_id, when
from effnb.domain import (
    Candidate,
    Change,
    FunctionDelta,
    Listing,
    ProfileDiff,
    Regression,
    Rollout,
    RootCause,
    Series,
    Suppressed,
    Window,
)

MOST_ROWS = 10
LONGEST_VALUE = 300
Columns = Mapping[str, Callable[[Any], object]]

COLUMNS: dict[type[BaseModel], Columns] = {
    Rollout: {
        "host group": lambda row: row.host_group,
        "version": lambda row: short_id(row.version),
        "from": lambda row: row.started_at,
        "to": lambda row: row.finished_at or row.status,
    },
    Change: {
        "change": lambda row: short_id(row.id),
        "kind": lambda row: row.kind,
        "title": lambda row: row.title,
        "author": lambda row: row.author,
        "at": lambda row: row.at,
    },
    Candidate: {
        "change": lambda row: short_id(row.change_id),
        "title": lambda row: row.title,
        "reached production": lambda row: row.reached_at,
        "attribution": lambda row: f"{row.attribution:.2f}",
        "timing": lambda row: f"{row.timing:.2f}",
        "score": lambda row: f"{row.score:.2f}",
        "for and against": lambda row: "; ".join(row.reasons),
    },
    Suppressed: {
        "function": lambda row: row.function,
        "at": lambda row: row.at,
        "change": lambda row: points(row.absolute_delta),
        "dropped by": lambda row: row.stage,
        "why": lambda row: row.reason,
    },
    FunctionDelta: {
        "function": lambda row: row.function,
        "before": lambda row: percent(row.before),
        "after": lambda row: percent(row.after),
        "change": lambda row: points(row.delta),
        "95 % interval": lambda row: f"{points(row.low)} … {points(row.high)}",
    },
}


def render_value(value: object) -> str:
    """The result as a small table, at most ten rows; says what was searched when there is nothing."""
    if value is None:
        return ""
    for kind, render in RENDERERS:
        if isinstance(value, kind):
            return render(value)
    return f"<p>{esc(show(value))}</p>"


def show(value: object) -> str:
    """One value as short plain text; not escaped."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return when(value)
        case float():
            return f"{value:.4g}"
        case BaseModel() if not isinstance(value, Window):
            text = value.model_dump_json()
        case list() | tuple():
            text = ", ".join(show(item) for item in value)
        case _:
            text = str(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _series(series: Series) -> dict[str, object]:
    known = sorted(value for value in series.values if value is not None)
    facts: dict[str, object] = {"metric": f"{series.metric.name} ({series.metric.unit})", **series.labels}
    facts["buckets"] = (
        f"{len(series.values):,} of {series.step_seconds} s, {len(series.values) - len(known):,} without value"
    )
    if series.counts is not None:
        facts["samples"] = f"{sum(series.counts):,}"
    if known:
        form = percent if "share" in series.metric.unit else show
        facts["lowest · median · highest"] = " · ".join(form(known[at]) for at in (0, len(known) // 2, -1))
        facts["window"] = series.window
    return facts


def _regression(found: Regression) -> dict[str, object]:
    facts: dict[str, object] = {
        "service": found.service,
        "function": found.function,
        "share of CPU": f"{percent(found.before)} → {percent(found.after)}",
        "change": f"{points(found.absolute_delta)}, 95 % interval {points(found.low)} … {points(found.high)}",
        "since": found.change_point.at,
        "baseline": found.baseline,
        "analysis": found.analysis,
    }
    if found.service_delta is not None:
        facts["service CPU per request"] = f"{found.service_delta * 100:+.1f} % at equal traffic mix"
    if found.carriers:
        facts["seen in its callers"] = found.carriers
    return facts


def _facts(facts: Mapping[str, object]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{esc(name)}</th><td>{esc(show(value))}</td></tr>' for name, value in facts.items()
    )
    return f'<div class="eff-result"><table><tbody>{rows}</tbody></table></div>'


def _rows(rows: Sequence[BaseModel], *, empty: str, total: int | None = None) -> str:
    if not rows:
        return f'<p class="eff-more">{esc(empty)}</p>'
    shown = rows[:MOST_ROWS]
    columns = COLUMNS.get(type(rows[0])) or _every_field(type(rows[0]))
    head = "".join(f'<th scope="col">{esc(name)}</th>' for name in columns)
    body = "".join(f"<tr>{_cells(columns.values(), row)}</tr>" for row in shown)
    every = max(total or 0, len(rows))
    more = f'<p class="eff-more">{len(shown)} of {every:,} shown</p>' if every > len(shown) else ""
    return f'<div class="eff-result"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{more}'


def _cells(columns: Iterable[Callable[[Any], object]], row: BaseModel) -> str:
    return "".join(f"<td>{esc(show(column(row)))}</td>" for column in columns)


def _every_field(kind: type[BaseModel]) -> Columns:
    return {name: attrgetter(name) for name in list(kind.model_fields)[:6]}


RENDERERS: tuple[tuple[type[Any], Callable[[Any], str]], ...] = (
    (Listing, lambda it: _rows(it.rows, total=it.total, empty=f"nothing found; searched: {it.searched}")),
    (RootCause, lambda it: f"<p>{esc(it.reason)}</p>" + _rows(it.candidates, empty="no candidate changes")),
    (ProfileDiff, lambda it: _rows(it.rows, total=it.functions, empty="neither profile has samples")),
    (Series, lambda it: _facts(_series(it))),
    (Regression, lambda it: _facts(_regression(it))),
    (BaseModel, lambda it: _facts({name: getattr(it, name) for name in type(it).model_fields})),
    (Mapping, lambda it: _facts({str(key): item for key, item in it.items()})),
)
