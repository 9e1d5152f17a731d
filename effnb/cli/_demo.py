"""``effnb demo``: the whole story on a small real service."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from effnb.cli._common import AsJson, points, print_json, print_table

if TYPE_CHECKING:
    from effnb.demo import FixRow


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    folder: Annotated[
        Path, typer.Argument(help="Folder of the demo workspace; a former demo in it is replaced.")
    ] = Path("demo"),
    fixes: Annotated[
        bool, typer.Option("--fixes", help="Also mend what was found, prove each fix, and offer it in a local forge.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Build the demo workspace, find its regressions, investigate each, and write the reports."""
    from effnb.demo import run_demo

    bars = _bars()
    try:
        summary = run_demo(folder, fixes=fixes, tell=_Teller(bars))
    finally:
        if bars.tasks:  # a folder that is refused has none, and its message stands alone
            bars.stop()
    if as_json:
        print_json(summary.to_json())
        return
    _tell(folder)


def _tell_fixes(rows: tuple[FixRow, ...]) -> None:
    if not rows:
        return
    typer.echo("\nFixes")
    cells = [
        (
            row.function,
            row.title or "none",
            row.verdict.replace("_", " ") if row.verdict else "needs a person",
            _gain(row) or row.reason,
            f"pull request {row.pull}" if row.pull else "",
        )
        for row in rows
    ]
    print_table(("function", "fix", "verdict", "gain", "offered"), cells)
    if any(row.verdict == "not_run" for row in rows):
        typer.echo("Fixes were not run: there is no sandbox here; `effnb doctor` says what is missing.")


def _gain(row: FixRow) -> str:
    if row.verdict != "verified" or row.speedup is None:
        return ""
    share = f", {row.saved_share.value:.2%} of the service" if row.saved_share else ""
    return f"{row.speedup.value:.2f}× [{row.speedup.low:.2f}, {row.speedup.high:.2f}]{share}"


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
    _tell_fixes(summary.fixes)
    typer.echo(f"\n{summary.suppressed} change points were let go, each with its reason: effnb suppressed")
    typer.echo(now.workspace.settings.workspace.note)
    typer.echo(f"read on: {folder / 'reports' / 'index.html'}   next: cd {folder} && effnb lab")
