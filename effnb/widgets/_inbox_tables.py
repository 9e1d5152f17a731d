"""The tables of the inbox as HTML, the same in JupyterLab and in reports; every word from data is escaped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from effnb.charts import esc, percent, points, when
from effnb.domain import DetectionSummary, Impact, Regression, Suppressed
from effnb.tools.list_suppressed import by_stage
from effnb.tools.replay_detection import Replay
from effnb.widgets._style import STYLE
from effnb.widgets._values import show

BLOCKS = 8
MOST_ROWS = 100
UNCHANGED = "It would file exactly what is filed now."
Cell = tuple[str, str]
"""Class of a table cell, and its content as HTML."""


def boxed(*parts: str) -> str:
    """HTML in the inbox's frame, with its style sheet."""
    return f'<style>{STYLE}</style><div class="eff-inbox-box">{"".join(parts)}</div>'


def tiles(facts: Iterable[tuple[str, str]]) -> str:
    """A row of large figures, each with what it is."""
    cells = "".join(
        f'<div class="eff-tile"><b>{esc(value)}</b><span>{esc(label)}</span></div>' for value, label in facts
    )
    return f'<div class="eff-tiles">{cells}</div>'


def table(columns: Sequence[Cell], rows: Iterable[Sequence[Cell]]) -> str:
    """A table; the contents of its cells are HTML already, its headings are not."""
    head = "".join(f'<th scope="col" class="{esc(kind)}">{esc(name)}</th>' for kind, name in columns)
    body = "".join(
        f"<tr>{''.join(f'<td class={chr(34)}{esc(k)}{chr(34)}>{v}</td>' for k, v in row)}</tr>" for row in rows
    )
    return (
        f'<div class="eff-result eff-findings"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def ranked_table(
    rows: Sequence[Regression],
    impact: Callable[[Regression], Impact],
    owner: Callable[[Regression], str],
    *,
    searched: str,
) -> str:
    """Filed changes, dearest first: servers-equivalent, points with their interval, where, whose, since when."""
    if not rows:
        return note(f"Nothing needs you here: {searched}.")
    every, rows = len(rows), rows[:MOST_ROWS]
    costs = [impact(one) for one in rows]
    largest = max((abs(cost.servers or 0.0) for cost in costs), default=0.0)
    columns: list[Cell] = [("eff-number", "#"), ("eff-number", "servers"), ("eff-line", ""), ("eff-number", "points")]
    columns += [("", "function"), ("eff-line", "service, owner"), ("eff-line", "kind"), ("eff-line", "since (UTC), id")]
    body = [
        [
            ("eff-number eff-soft", f"{place}"),
            ("eff-number", _servers(cost)),
            ("eff-line", _bar(cost.servers, largest, one.kind)),
            ("eff-number", f"{_points(one.absolute_delta)}<br>{_small(_shares(one))}"),
            ("", function_cell(one.function)),
            ("eff-line", f"{esc(one.service)}<br>{_small(owner(one))}"),
            ("eff-line", badge(one.kind, one.kind)),
            ("eff-line", f"{since(one)}<br><code>{esc(one.id)}</code>"),
        ]
        for place, (one, cost) in enumerate(zip(rows, costs, strict=True), start=1)
    ]
    missing = sorted({one.service for one, cost in zip(rows, costs, strict=True) if cost.servers is None})
    hint = note(f"Without servers, ranked last: set servers under [services.{missing[0]}].") if missing else ""
    more = note(f"{len(rows)} of {every:,} shown, dearest first.") if every > len(rows) else ""
    return table(columns, body) + more + hint


def suppressed_table(rows: Sequence[Suppressed], *, total: int, searched: str) -> str:
    """Dropped change points, largest first: where, when, how much, which stage, why, and what would have kept it."""
    if not rows:
        return note(f"Nothing was let go here: {searched}.")
    columns: list[Cell] = [("eff-number", "points"), ("", "function"), ("eff-line", "service, at (UTC)")]
    columns += [("", "dropped by, and why"), ("", "what would keep it")]
    body = [
        [
            ("eff-number", _points(one.absolute_delta)),
            ("", function_cell(one.function)),
            ("eff-line", f"{esc(one.service)}<br>{_small(f'{one.at:%Y-%m-%d %H:%M}')}"),
            ("", f"{badge('stage', one.stage)} {esc(one.reason)}{_numbers(one)}"),
            ("", _setting(one.would_keep)),
        ]
        for one in rows
    ]
    more = note(f"{len(rows)} of {total:,} shown, largest first.") if total > len(rows) else ""
    return table(columns, body) + more


def replay_table(replay: Replay) -> str:
    """What a replay would change of what is filed: tiles, then every gained and lost change with its reason."""
    changed = ", ".join(f"{one.name} = {show(one.replayed)} (now {show(one.now)})" for one in replay.changed)
    head = tiles(
        [
            (f"{replay.kept.total:,}", "kept"),
            (f"{replay.gained.total:,}", "gained"),
            (f"{replay.lost.total:,}", "lost"),
            (f"{replay.suppressed:,}", "change points let go"),
        ]
    )
    said = f"<p>Replayed with {esc(changed or 'the settings of effnb.toml')}. <b>Nothing was filed.</b></p>"
    rows = [(word, one) for word, found in (("gained", replay.gained), ("lost", replay.lost)) for one in found]
    columns = [("eff-line", ""), ("eff-number", "points"), ("", "function"), ("eff-line", "service")]
    columns += [("eff-line", "since (UTC)"), ("eff-line", "kind"), ("", "on the other side")]
    body = table(columns, [_difference(word, one, replay) for word, one in rows]) if rows else note(UNCHANGED)
    every = replay.gained.total + replay.lost.total
    body += note(f"{len(rows)} of {every:,} shown, dearest first.") if every > len(rows) else ""
    if len(replay.kept):
        kept = table(columns[:-1], [_difference("kept", one, replay)[:-1] for one in replay.kept])
        body += f"<details><summary>{replay.kept.total:,} kept</summary>{kept}</details>"
    short = "".join(note(f"{name}: not enough data: {why}") for name, why in replay.not_enough_data.items())
    return said + head + body + short


def filed_note(summary: DetectionSummary, told: str) -> str:
    """What filing did, and for how long that holds."""
    return (
        f'<p role="status"><b>Filed</b> with {esc(told)}: {summary.regressions} regressions, {summary.improvements} '
        f"improvements, {summary.planned} planned; {summary.suppressed:,} change points let go. For this run only: "
        "<code>effnb.toml</code> is as it was, and the next <code>effnb detect</code> uses it.</p>"
    )


def let_go(rows: Sequence[Suppressed]) -> str:
    """How many change points each stage dropped."""
    return note(f"{len(rows):,} change points let go: {by_stage(rows)}.")


def function_cell(function: str) -> str:
    """The function's own name first, its module under it."""
    module, colon, name = function.rpartition(":")
    return f"<b>{esc(name)}</b><br>{_small(module)}" if colon else f"<b>{esc(function)}</b>"


def badge(kind: str, text: str) -> str:
    """A word in a frame."""
    return f'<span class="eff-badge eff-{esc(kind)}">{esc(text)}</span>'


def note(text: str) -> str:
    """A quiet sentence."""
    return f'<p class="eff-more">{esc(text)}</p>'


def since(one: Regression) -> str:
    """Day and minute of a change."""
    return esc(when(one.change_point.at).removesuffix(" UTC"))


def _difference(word: str, one: Regression, replay: Replay) -> list[Cell]:
    record = replay.dropped_by.get(one.id)
    other = f"{badge('stage', record.stage)} {esc(record.reason)}" if record else "no change point there"
    return [
        ("eff-line", badge(word, word)),
        ("eff-number", _points(one.absolute_delta)),
        ("", function_cell(one.function)),
        ("eff-line", esc(one.service)),
        ("eff-line", since(one)),
        ("eff-line", badge(one.kind, one.kind)),
        ("", other),
    ]


def _servers(cost: Impact) -> str:
    return "–" if cost.servers is None else esc(f"{cost.servers:+.2f}".replace("-", "\N{MINUS SIGN}"))


def _bar(servers: float | None, largest: float, kind: str) -> str:
    length = max(1, round(BLOCKS * abs(servers) / largest)) if servers and largest else 0
    return f'<span class="eff-bar eff-{esc(kind)}" aria-hidden="true">{"█" * length}</span>'


def _points(delta: float) -> str:
    return esc(points(delta).removesuffix(" points"))


def _shares(one: Regression) -> str:
    return f"{percent(one.before)} → {percent(one.after)}"


def _numbers(one: Suppressed) -> str:
    facts = "<br>".join(f"{esc(name.replace('_', ' '))}: {esc(show(value))}" for name, value in one.numbers.items())
    return f"<details><summary>numbers</summary>{facts}</details>" if facts else ""


def _setting(would_keep: str) -> str:
    setting = would_keep.removeprefix("[detect] ")
    return f"<code>{esc(setting)}</code>" if "=" in setting else _small(setting or "–")


def _small(text: str) -> str:
    return f'<small class="eff-soft">{esc(text)}</small>'
