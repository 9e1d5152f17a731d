"""The difference of two profiles as one HTML page: no scripts, nothing loaded, every name escaped."""

from __future__ import annotations

from effnb.charts import esc
from effnb.domain import FunctionDelta, ProfileDiff

SHARE_BASIS = (
    "Share of {unit} in stacks that hold the function (gCPU); interval: 95 %, each function alone, from sampling."
)
CHECK_SUMS = "Shares are compared, so a fall may be the other side of a rise: check the totals."

STYLE = """
:root { color-scheme: light dark; --ink: #1a1d21; --soft: #5c636b; --line: #d9dde2; --paper: #fff;
  --rise: #b3361e; --fall: #16697a; --rest: #8a929b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --soft: #a6adb5; --line: #363c43; --paper: #15181c;
  --rise: #f0836b; --fall: #62bccd; --rest: #7c848d; } }
body { margin: 2rem auto; max-width: 76rem; padding: 0 1rem; background: var(--paper); color: var(--ink);
  font: 15px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.3rem; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; }
dt, .soft { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: .3rem .5rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; white-space: normal; overflow-wrap: anywhere;
  font-family: ui-monospace, monospace; font-size: .85rem; }
.bar { position: relative; width: 9rem; }
.bar i { position: absolute; top: calc(50% - .4rem); height: .8rem; background: var(--rest); }
.rise { color: var(--rise); } .fall { color: var(--fall); }
.bar .rise { background: var(--rise); } .bar .fall { background: var(--fall); }
@media (max-width: 48rem) { th:nth-child(n+6), td:nth-child(n+6) { display: none; } th, td { white-space: normal; } }
"""

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title><style>{style}</style></head><body>
<h1>{headline}</h1>
<dl><dt>before</dt><dd>{before} ({total_before})</dd><dt>after</dt><dd>{after} ({total_after})</dd>
<dt>functions</dt><dd>{shown}</dd></dl>
<p class="soft">{basis} {check}</p>
<table><thead><tr><th scope="col">function</th><th scope="col">before</th><th scope="col">after</th>
<th scope="col">change, points</th><th scope="col">95 % interval</th><th scope="col"></th>
<th scope="col">self before</th><th scope="col">self after</th></tr></thead>
<tbody>
{rows}
</tbody></table></body></html>
"""

ROW = (
    "<tr><td>{function}</td><td>{before}</td><td>{after}</td><td{side}>{delta}</td><td>{low} … {high}</td>"
    '<td class="bar" aria-hidden="true"><i{side} style="left:{left:.2f}%;width:{width:.2f}%"></i></td>'
    "<td>{self_before}</td><td>{self_after}</td></tr>"
)


def render_diff(diff: ProfileDiff, sentence: str | None = None) -> str:
    """A self-contained page: headline, both sources with totals and unit, and a row a function, in the order given.

    ``sentence`` is the headline of a longer difference that ``diff`` was cut from.
    """
    scale = max((abs(row.delta) for row in diff.rows), default=0.0)
    return PAGE.format(
        title=esc(f"{diff.before} → {diff.after}"),
        style=STYLE,
        headline=esc(headline(diff) if sentence is None else sentence),
        before=esc(diff.before),
        after=esc(diff.after),
        total_before=esc(amount(diff.total_before, diff.unit)),
        total_after=esc(amount(diff.total_after, diff.unit)),
        shown=esc(f"{len(diff.rows):,} shown of {diff.functions:,} compared, largest change first"),
        basis=esc(SHARE_BASIS.format(unit=diff.unit)),
        check=esc(CHECK_SUMS),
        rows="\n".join(_row(row, scale) for row in diff.rows),
    )


def headline(diff: ProfileDiff) -> str:
    """The largest rise among the rows in one sentence, or the largest fall when none rose."""
    if not diff.rows:
        return "Nothing to compare: no function in either profile." if not diff.functions else "No function shown."
    largest = max(diff.rows, key=lambda row: row.delta)
    word = "rise"
    if largest.delta <= 0:
        largest, word = min(diff.rows, key=lambda row: row.delta), "fall"
    if largest.delta == 0:
        return f"No difference: the share of each of the {len(diff.rows):,} functions is the same."
    noise = "" if is_clear(largest) else "; no more than sampling noise may explain it"
    return (
        f"Largest {word}: {largest.function}, {percent(largest.before)} → {percent(largest.after)} "
        f"({points(largest.delta)} points, 95 % interval {points(largest.low)} … {points(largest.high)}){noise}."
    )


def is_clear(row: FunctionDelta) -> bool:
    """Whether the 95 % interval of the change leaves zero out."""
    return row.low > 0 or row.high < 0


def percent(share: float) -> str:
    """A share as percent with two decimals."""
    return f"{share * 100:.2f} %"


def points(delta: float) -> str:
    """A difference of shares in percentage points, signed; zero has no sign."""
    return f"{delta * 100:+.2f}" if round(delta * 100, 2) else "0.00"


def amount(total: int, unit: str) -> str:
    """A total with its unit; nanoseconds as seconds, bytes as MiB."""
    if unit == "nanoseconds":
        return f"{total / 1e9:,.3f} s"
    if unit == "bytes":
        return f"{total / (1 << 20):,.2f} MiB"
    return f"{total:,} {unit}"


def _row(row: FunctionDelta, scale: float) -> str:
    """A table row; the bar grows from the middle, right for a rise, left for a fall."""
    width = 50 * abs(row.delta) / scale if scale else 0.0
    side = ("rise" if row.delta > 0 else "fall") if is_clear(row) else ""
    return ROW.format(
        function=esc(row.function),
        before=percent(row.before),
        after=percent(row.after),
        side=f' class="{side}"' if side else "",
        delta=points(row.delta),
        low=points(row.low),
        high=points(row.high),
        left=50.0 if row.delta > 0 else 50 - width,
        width=width,
        self_before=percent(row.self_before),
        self_after=percent(row.self_after),
    )
