"""``effnb confirm``: replay a service before and after the change that is suspected of a regression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from effnb.cli._common import AsJson, print_json, session

if TYPE_CHECKING:
    from effnb.domain import Confirmation, Interval


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(confirm)


def confirm(
    id: Annotated[str, typer.Argument(help="Regression, as listed by `effnb regressions`.")],  # noqa: A002
    as_json: AsJson = False,
) -> None:
    """Replay the recorded workload before and after the suspected change, in the sandbox, and say what it costs."""
    found: Confirmation = session().tools.confirm_cause(id=id)
    if as_json:
        print_json(found.to_json())
        return
    typer.echo(found.headline)
    if found.ratio is None:
        return
    typer.echo(f"{found.regression} in {found.service}, change {found.change}: {found.reason}")
    rows = (
        (f"function {found.function}" if found.function else "whole service", found.ratio),
        ("the same version again (A/A)", found.control),
        ("whole service", found.service_ratio),
    )
    for name, ratio in rows:
        if ratio is not None:
            typer.echo(f"  {name}: {_words(ratio)}")
    alike = "unknown" if found.similarity is None else f"{found.similarity:.3f}"
    typer.echo(f"  likeness of the replay to the recorded profile (cosine): {alike}")
    typer.echo(f"  {found.rounds} runs of each version in {found.sandbox}, {found.seconds:.0f} s: {found.workload}")


def _words(ratio: Interval) -> str:
    return f"{ratio.value:.2f}× [{ratio.low:.2f}, {ratio.high:.2f}]"
