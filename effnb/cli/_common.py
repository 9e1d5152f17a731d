"""What the commands share."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from effnb.session import Session

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value and nothing else.")]
PIPE_WIDTH = 140


def session() -> Session:
    """The session of the workspace that holds the current folder."""
    from effnb.session import open_session

    return open_session()


def print_json(value: Any) -> None:
    """One JSON value on stdout."""
    typer.echo(json.dumps(value, ensure_ascii=False))


def terminal() -> Console:
    """Stdout as wide as it is; a pipe or file wide enough for most names."""
    console = Console()
    return console if console.is_terminal else Console(width=max(console.width, PIPE_WIDTH))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = ()) -> None:
    """Rows of text from data, shown as they are: square brackets mean nothing here."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    terminal().print(table)


def points(share: float) -> str:
    """A change of gCPU in points of per cent."""
    return f"{100 * share:+.2f}"
