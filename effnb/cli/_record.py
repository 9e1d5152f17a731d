"""``effnb record``: profile a command at each revision of a git range."""

from __future__ import annotations

import json
import shlex
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from effnb.errors import BadQuery, SourceError

if TYPE_CHECKING:
    from rich.console import Console

    from effnb.sources.recorder import Recording

Repo = Annotated[Path, typer.Option("--repo", help="Git repository of the service.", metavar="DIR")]
Revisions = Annotated[
    str, typer.Option("--revisions", help="A..B (without A), one revision, or several separated by commas.")
]
Command = Annotated[str, typer.Option("--cmd", help="Command to profile; 'python' is the interpreter that runs effnb.")]
Service = Annotated[str, typer.Option("--service", help="Name of the service the command runs.")]
Out = Annotated[Path, typer.Option("--out", help="Folder of recordings; added to when it exists.", metavar="DIR")]
Workload = Annotated[str, typer.Option("--workload", help="Name of what the command makes the service do.")]
Variant = Annotated[str, typer.Option("--variant", help="What differs from the plain run, e.g. 'flag:new_cart'.")]
Suffix = Annotated[str, typer.Option("--arg-suffix", help="Arguments to append to the command, for a variant.")]
Env = Annotated[list[str] | None, typer.Option("--env", help="Environment variable NAME=VALUE; may be repeated.")]
With = Annotated[
    list[Path] | None,
    typer.Option("--with", exists=True, dir_okay=False, help="File to put into the checkout's root; may be repeated."),
]
Rate = Annotated[int, typer.Option("--rate", min=1, max=1000, help="Samples a second.")]
Seconds = Annotated[float, typer.Option("--seconds", min=1, help="Stop a command that has not ended by then.")]
Jobs = Annotated[int, typer.Option("--jobs", min=1, help="Revisions at a time; more than idle cores distorts them.")]
Force = Annotated[bool, typer.Option("--force/--resume", help="Record again what the folder already holds.")]
Arguments = Annotated[
    bool,
    typer.Option(
        "--arguments/--no-arguments", help="Run the newest revision once more and sample its hot functions' arguments."
    ),
]
Workloads = Annotated[
    Path | None, typer.Option("--workloads", help="Folder of these samples; by default OUT/workloads.", metavar="DIR")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON value on stdout and nothing else.")]


def record(
    repo: Repo,
    revisions: Revisions,
    cmd: Command,
    service: Service,
    out: Out,
    workload: Workload = "default",
    variant: Variant = "",
    arg_suffix: Suffix = "",
    env: Env = None,
    with_files: With = None,
    rate: Rate = 250,
    seconds: Seconds = 60,
    jobs: Jobs = 1,
    force: Force = False,
    arguments: Arguments = True,
    workloads: Workloads = None,
    as_json: AsJson = False,
) -> None:
    """Profile a command at each revision of a git range, each in a clean worktree.

    The newest one is run once more to sample the arguments of its hot functions: what a fix is later judged with.
    """
    from rich.console import Console

    from effnb.sources.recorder import list_revisions, record_range

    console = Console(stderr=True)
    commits = list_revisions(repo, revisions)
    signal.signal(signal.SIGTERM, _stop)
    recordings = record_range(
        repo,
        commits,
        shlex.split(cmd) + shlex.split(arg_suffix),
        service=service,
        out=out,
        workload=workload,
        variant=variant,
        env=_variables(env or []),
        files={path.name: path.read_text(encoding="utf-8") for path in with_files or []},
        rate=rate,
        seconds=seconds,
        jobs=jobs,
        force=force,
        on_done=_Progress(console, len(commits)),
    )
    if arguments and not variant:
        _sample_arguments(repo, recordings[-1], workloads or out / "workloads", seconds, force, console)
    if as_json:
        typer.echo(json.dumps([recording.to_json() for recording in recordings], ensure_ascii=False))
    else:
        total = sum(recording.samples for recording in recordings)
        typer.echo(f"recorded {service}: {total:,} samples at {len(recordings)} revisions, in {out}")


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("record")(record)


def _sample_arguments(
    repo: Path, recording: Recording, out: Path, seconds: float, force: bool, console: Console
) -> None:
    """Add the workload, and say what it holds; a command whose arguments cannot be had keeps its recordings."""
    from effnb.tools import has_workload, record_workload

    if has_workload(recording, out) and not force:
        return
    try:
        service, functions = record_workload(repo, recording, out, seconds=max(seconds, 60) * 5)
    except SourceError as error:
        said = f"no arguments recorded: {error}"
    else:
        left = len(service.not_replayable)
        said = f"arguments of {len(functions)} hot functions in {out / recording.service}, {left} not replayable"
    console.print(said, markup=False, highlight=False, soft_wrap=True)


class _Progress:
    """Writes one line for each finished revision."""

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self._total = total
        self._done = 0

    def __call__(self, recording: Recording, is_new: bool) -> None:
        self._done += 1
        what = f"{recording.samples:,} samples in {recording.seconds:.0f} s" if is_new else "already recorded"
        self._console.print(
            f"{self._done}/{self._total} {recording.revision[:12]} {what}", markup=False, highlight=False
        )


def _stop(*_: object) -> NoReturn:
    """Leave through the clean-up: a job that is cancelled must not leave a worktree and a running service behind."""
    raise SystemExit(128 + signal.SIGTERM)


def _variables(pairs: list[str]) -> dict[str, str]:
    split = [pair.partition("=") for pair in pairs]
    for name, equals, _ in split:
        if not (name and equals):
            raise BadQuery(f"cannot read --env {name!r}; write it as NAME=VALUE")
    return {name: value for name, _, value in split}
