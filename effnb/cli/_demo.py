"""``effnb demo``: the whole story on a small real service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from effnb.cli._common import AsJson, points, print_json, print_table


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    folder: Annotated[
        Path, typer.Argument(help="Folder of the demo workspace; a former demo in it is replaced.")
    ] = Path("demo"),
    as_json: AsJson = False,
) -> None:
    """Build the demo workspace, find its regressions, investigate each, and write the reports."""
    from effnb.demo import run_demo

    bars = _bars()
    try:
        summary = run_demo(folder, tell=_Teller(bars))
    finally:
        if bars.tasks:  # a folder that is refused has none, and its message stands alone
            bars.stop()
    if as_json:
        print_json(summary.to_json())
        return
    _tell(folder)


class _Teller:
    """One bar a stage."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage not in self._tasks:
            self._bars.start()
            self._tasks[stage] = self._bars.add_task(stage, total=total)
        self._bars.update(self._tasks[stage], completed=done, total=total)


def _bars() -> Progress:
    columns = (TextColumn("{task.description:<30}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True))


def _tell(folder: Path) -> None:
    from effnb.demo import cause_text, impact_text, load_summary
    from effnb.session import open_session

    summary, now = load_summary(folder), open_session(folder)
    columns = ("service", "function", "since (UTC)", "gCPU points", "costs", "because of")
    for title, rows in (
        ("What got worse", summary.regressions),
        ("Planned", summary.planned),
        ("What got better", summary.improvements),
    ):
        typer.echo(f"\n{title}")
        cells = [
            (
                row.service,
                row.function,
                f"{row.change_point:%m-%d %H:%M}",
                points(row.absolute_delta),
                impact_text(row.impact),
                cause_text(now, row),
            )
            for row in rows
        ]
        print_table(columns, cells, right=("gCPU points",))
    typer.echo(f"\n{summary.suppressed} change points were let go, each with its reason: effnb suppressed")
    typer.echo(now.workspace.settings.workspace.note)
    typer.echo(f"read on: {folder / 'reports' / 'index.html'}   next: cd {folder} && effnb lab")
