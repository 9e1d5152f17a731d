"""``effnb compare A B``: the ranked difference of two profiles, in any language, without a workspace."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from effnb.domain import FunctionDelta, ProfileDiff
from effnb.errors import ConfigError, NotFound
from effnb.report._diff import amount, headline, is_clear, percent, points, render_diff
from effnb.sources.profiles import profile_formats, read_profile

OTHER_COLUMNS = 52
LINE = re.compile(r":\d+\)$")
LINES_MOVED = (
    "note: names hold line numbers, so a function whose lines moved shows as one gone and one new; "
    "record by function (py-spy: --function)"
)
NARROWEST_NAME = 20
PIPE_WIDTH = 120


def register(app: typer.Typer) -> None:
    """Add the command ``compare``."""
    app.command(name="compare")(compare)


def compare(
    before: Annotated[Path, typer.Argument(help="Profile from before the change.")],
    after: Annotated[Path, typer.Argument(help="Profile from after it.")],
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Functions to show, largest change first.")] = 30,
    function: Annotated[str, typer.Option("--function", help="Only functions whose name contains this.")] = "",
    sample_type: Annotated[
        str | None, typer.Option("--sample-type", help="Which of a file's sample types, e.g. cpu or alloc_space/bytes.")
    ] = None,
    format: Annotated[  # noqa: A002  # the option's name
        str | None, typer.Option("--format", help=f"Format of both files; otherwise recognised: {profile_formats()}.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON value and nothing else.")] = False,
    html: Annotated[Path | None, typer.Option("--html", help="Also write the difference to this HTML file.")] = None,
) -> None:
    """Compare two profiles function by function: shares before and after, the change, and its interval.

    Reads folded stacks, pprof, speedscope and perf script, packed with gzip or not. Needs no workspace.
    """
    from effnb.detect import compare_profiles  # loads SciPy, which other commands and --help do not wait for

    profiles = [read_profile(path, format=format, sample_type=sample_type) for path in (before, after)]
    diff = compare_profiles(*profiles, before_name=str(before), after_name=str(after))
    if _lines_moved(diff):
        typer.echo(LINES_MOVED, err=True)
    diff = _matching(diff, function)
    sentence = headline(diff)  # of all rows: the largest rise may be cut off below larger falls
    shown = diff.model_copy(update={"rows": diff.rows[:limit]})
    if html is not None:
        _write_page(render_diff(shown, sentence), html)
    if as_json:
        typer.echo(json.dumps(shown.to_json()))
    else:
        _show(shown, sentence, _console())


def _console() -> Console:
    """The terminal as wide as it is; a pipe or file wide enough for most names."""
    console = Console()
    return console if console.is_terminal else Console(width=max(console.width, PIPE_WIDTH))


def _lines_moved(diff: ProfileDiff) -> bool:
    """Whether a function is gone and another new that differ in nothing but a line number."""
    gone = {LINE.sub("", row.function) for row in diff.rows if LINE.search(row.function) and not row.after}
    new = {LINE.sub("", row.function) for row in diff.rows if LINE.search(row.function) and not row.before}
    return bool(gone & new)


def _matching(diff: ProfileDiff, function: str) -> ProfileDiff:
    """Only the rows whose function contains the text, in any case."""
    wanted = function.casefold()
    rows = tuple(row for row in diff.rows if wanted in row.function.casefold())
    if function and not rows:
        raise NotFound(
            f"no function contains {function!r} among the {diff.functions:,} in {diff.before} and {diff.after}; "
            "try a shorter part of its name"
        )
    return diff.model_copy(update={"rows": rows})


def _write_page(page: str, path: Path) -> None:
    try:
        path.write_text(page, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}; check the folder and its permissions") from error
    typer.echo(f"wrote {path}", err=True)


def _show(diff: ProfileDiff, sentence: str, console: Console) -> None:
    """Headline, what was compared, and the table."""
    console.print(Text(printable(sentence), style="bold"))
    totals = f"{amount(diff.total_before, diff.unit)} → {amount(diff.total_after, diff.unit)}"
    console.print(Text(printable(f"{diff.before} → {diff.after}: {totals}"), style="dim"))
    if not diff.rows:
        return
    console.print(_table(diff.rows, max(NARROWEST_NAME, console.width - OTHER_COLUMNS)))
    if len(diff.rows) < diff.functions:
        console.print(Text(f"{len(diff.rows):,} of {diff.functions:,} functions; --limit shows more", style="dim"))


def _table(rows: tuple[FunctionDelta, ...], width: int) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("function", no_wrap=True)
    for title in ("before", "after", "change, points", "95 % interval"):
        table.add_column(title, justify="right", no_wrap=True)
    for row in rows:
        style = ("red" if row.delta > 0 else "green") if is_clear(row) else "dim"
        table.add_row(
            Text(tail(printable(row.function), width)),
            percent(row.before),
            percent(row.after),
            Text(points(row.delta), style=style),
            f"{points(row.low)} … {points(row.high)}",
        )
    return table


def tail(name: str, width: int) -> str:
    """The name, cut at its front when it is longer than ``width``: its end tells functions apart."""
    return name if len(name) <= width else "…" + name[len(name) - width + 1 :]


def printable(text: str) -> str:
    """The text without control and direction characters: a name from a file must not steer the terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
