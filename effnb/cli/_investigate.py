"""``effnb investigate`` and ``effnb report``: run the skill that fits, or a notebook as a report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from effnb.cli._common import AsJson, print_json, session, terminal
from effnb.domain import Mode
from effnb.errors import ConfigError

STOPPED = 3
"""Exit code of a run that waits and can be resumed."""

if TYPE_CHECKING:
    from effnb.agent import Run


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(investigate)
    app.command()(report)


def investigate(
    id: Annotated[str, typer.Argument(help="Regression, as listed by `effnb regressions`.")],  # noqa: A002
    mode: Annotated[
        str, typer.Option("--mode", help="Who decides: playbook (no language model), guided or free.")
    ] = "playbook",
    as_json: AsJson = False,
) -> None:
    """Run the skill that fits a regression, step by step, and say what explains it. By default no language model."""
    now = session()
    follow(now.investigate(now.regression(id), mode=checked_mode(mode)), as_json)


def checked_mode(text: str) -> Mode:
    """The mode of this name."""
    found: Mode | None = next((mode for mode in get_args(Mode) if mode == text), None)
    if found is None:
        raise ConfigError(f"no mode {text!r}; there are: {', '.join(get_args(Mode))}")
    return found


def follow(run: Run, as_json: bool) -> None:
    """Take a run to its end, telling each step, or its transcript as JSON; one that waits exits 3, a failed one 1."""
    steps = _Steps(len(run.transcript.calls))
    if not as_json:
        run.subscribe(steps)
    transcript = run.finish_blocking()
    if as_json:
        print_json(transcript.to_json())
    else:
        _show_conclusion(run)
    if transcript.state == "paused":
        typer.echo(f"effnb: {_what_it_waits_for(run)}", err=True)
        raise typer.Exit(STOPPED)
    if transcript.resolution is None:
        raise ConfigError(
            f"run {transcript.run_id} of {transcript.skill} ended without a conclusion: {transcript.error}; "
            "the same command with --json shows every step"
        )


def _what_it_waits_for(run: Run) -> str:
    """One line: what the run waits for, and the command that answers it."""
    key, pending = run.transcript.run_id, run.pending
    if pending is None:
        return f"run {key} waits: {run.transcript.error}; then: effnb resume {key}"
    arguments = ", ".join(f"{name}={value!r}" for name, value in pending.args.items())
    warning = f" ({pending.error})" if pending.error else ""
    return (
        f"run {key} waits before step {pending.step}: {pending.tool}({arguments}) needs a person's approval{warning}; "
        f"next: effnb approve {key}, or effnb deny {key} --reason …"
    )


class _Steps:
    """Prints each finished step once, as it happens."""

    def __init__(self, earlier: int) -> None:
        self._shown = earlier
        self._console = terminal()

    def __call__(self, run: Run) -> None:
        for number, call in enumerate(run.transcript.calls[self._shown :], self._shown + 1):
            told = call.why or call.reasoning or call.step
            line = f"{number}. {told}  [{call.tool}, {1000 * call.seconds:.0f} ms, {call.status}]"
            self._console.print(line, markup=False, highlight=False)
        self._shown = len(run.transcript.calls)


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
    for one in transcript.declared:
        if not one.ran:
            console.print(
                f"  declared by the skill and not made: {one.step} ({one.why})", markup=False, highlight=False
            )
    spent = f", {transcript.requests} requests, {transcript.tokens:,} tokens" if transcript.requests else ""
    spent += f", {transcript.cost:.4f} {transcript.currency}" if transcript.cost is not None else ""
    console.print(f"run {transcript.run_id}, {transcript.model}{spent}", markup=False, highlight=False)


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
