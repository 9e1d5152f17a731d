"""``effnb investigate`` and ``effnb report``: run the skill that fits, or a notebook as a report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from effnb.cli._common import AsJson, print_json, session, terminal
from effnb.errors import ConfigError

if TYPE_CHECKING:
    from effnb.agent import Run


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(investigate)
    app.command()(report)


def investigate(
    id: Annotated[str, typer.Argument(help="Regression, as listed by `effnb regressions`.")],  # noqa: A002
    as_json: AsJson = False,
) -> None:
    """Run the skill that fits a regression, step by step, and say what explains it. Uses no language model."""
    now = session()
    follow(now.investigate(now.regression(id)), as_json)


def follow(run: Run, as_json: bool) -> None:
    """Take a run to its end, telling each step, or its transcript as JSON; a run without a conclusion is an error."""
    if not as_json:
        run.subscribe(_Steps())
    transcript = run.finish_blocking()
    if as_json:
        print_json(transcript.to_json())
    else:
        _show_conclusion(run)
    if transcript.resolution is None:
        raise ConfigError(
            f"run {transcript.run_id} of {transcript.skill} ended without a conclusion: {transcript.error}; "
            "the same command with --json shows every step"
        )


class _Steps:
    """Prints each finished step once, as it happens."""

    def __init__(self) -> None:
        self._shown: set[str] = set()
        self._console = terminal()

    def __call__(self, run: Run) -> None:
        for call in run.transcript.calls:
            if call.status != "pending" and call.id not in self._shown:
                self._shown.add(call.id)
                number = len(self._shown)
                line = f"{number}. {call.why}  [{call.tool}, {1000 * call.seconds:.0f} ms, {call.status}]"
                self._console.print(line, markup=False, highlight=False)


def _show_conclusion(run: Run) -> None:
    transcript, console = run.transcript, terminal()
    if (end := transcript.resolution) is None:
        return
    console.print(f"\n{end.status.replace('_', ' ')}: {end.summary}", markup=False, highlight=False)
    for finding in end.findings:
        console.print(f"  · {finding.claim}", markup=False, highlight=False)
    for gap in end.gaps:
        console.print(f"  not looked at: {gap}", markup=False, highlight=False)
    for step in end.next_steps:
        console.print(f"  next: {step}", markup=False, highlight=False)
    console.print(f"run {transcript.run_id}, {transcript.model}", markup=False, highlight=False)


def report(
    name: Annotated[str, typer.Argument(help="Notebook, e.g. 02_investigate_regression, or a path.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="HTML file to write.")],
    parameter: Annotated[list[str] | None, typer.Option("-p", help="Parameter NAME=VALUE; may be repeated.")] = None,
) -> None:
    """Run a notebook with parameters and write it as one self-contained HTML file."""
    from effnb.datasets import bundled
    from effnb.report import render_report

    path = Path(name) if name.endswith(".ipynb") else bundled("notebooks") / f"{name}.ipynb"
    if not path.is_file():
        known = ", ".join(sorted(one.stem for one in bundled("notebooks").glob("*.ipynb")))
        raise ConfigError(f"no notebook {name!r}; there are: {known}")
    parameters = dict(_parameter(text) for text in parameter or [])
    parameters.setdefault("workspace", str(session().workspace.root.resolve()))
    render_report(path, output, parameters)
    typer.echo(str(output))


def _parameter(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(f"-p {text!r} is not NAME=VALUE")
    return name, value
