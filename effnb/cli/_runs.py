"""``effnb runs``, ``resume``, ``approve`` and ``deny``: runs that were made, and answers to those that wait."""

from __future__ import annotations

from typing import Annotated

import typer

from effnb.cli._common import AsJson, print_json, print_table, session
from effnb.cli._investigate import follow

RunId = Annotated[str, typer.Argument(help="Run, as listed by `effnb runs`.")]
By = Annotated[str, typer.Option("--by", help="Who answers; you when omitted.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(runs)
    app.command()(resume)
    app.command()(approve)
    app.command()(deny)


def runs(
    state: Annotated[str, typer.Option("--state", help="Only runs in this state, e.g. paused.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the runs of this workspace, newest first."""
    listed = [one for one in session().runs() if state in ("", one.state)]
    if as_json:
        print_json([one.to_json() for one in listed])
        return
    rows = [
        (
            one.run_id,
            one.skill,
            one.state,
            f"{one.started_at:%Y-%m-%d %H:%M}",
            one.model,
            _ending(one.error, one.resolution),
        )
        for one in listed
    ]
    print_table(("run", "skill", "state", "started (UTC)", "decided by", "ended as"), rows)


def resume(run: RunId, as_json: AsJson = False) -> None:
    """Go on with a run that waits or whose process was killed; finished steps are not made again."""
    follow(session().resume(run), as_json)


def approve(
    run: RunId,
    step: Annotated[str | None, typer.Option("--step", help="Step that you mean, to be sure.")] = None,
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """Approve exactly the call that a run waits before, and go on with it."""
    waiting = session().resume(run)
    waiting.approve(step, by=by)
    follow(waiting, as_json)


def deny(
    run: RunId,
    reason: Annotated[str, typer.Option("--reason", help="Why not; the skill and the transcript get it.")],
    step: Annotated[str | None, typer.Option("--step", help="Step that you mean, to be sure.")] = None,
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """Leave out the call that a run waits before, and go on without it."""
    waiting = session().resume(run)
    waiting.deny(reason, step, by=by)
    follow(waiting, as_json)


def _ending(error: str | None, resolution: object) -> str:
    status = getattr(resolution, "status", "")
    return status.replace("_", " ") if status else (error or "")
