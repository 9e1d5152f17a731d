"""``effnb ask``: one question in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from effnb.cli._common import AsJson, print_json, session, terminal

if TYPE_CHECKING:
    from effnb.domain import Answer

MOST_FIELDS = 6
"""Cited fields of a call that are listed; ``--json`` has all."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(ask)


def ask(
    question: Annotated[list[str], typer.Argument(help="The question; more than one is a conversation.")],
    as_json: AsJson = False,
) -> None:
    """Answer a question about costs, changes, owners, load or reports with numbers and their calls, or say why not.

    Without a language model in effnb.toml, questions are matched to calls; what fits none is declined.
    """
    now = session()
    answers = [now.ask(one) for one in question]
    if as_json:
        told = [one.to_json() for one in answers]
        print_json(told[0] if len(told) == 1 else told)
        return
    for one in answers:
        _show(one)


def _show(answer: Answer) -> None:
    console = terminal()

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False)

    say(answer.text)
    for call in answer.calls:
        arguments = ", ".join(f"{name}={value!r}" for name, value in call.args.items())
        fields = [one.field for one in answer.values if one.call in (call.id, call.step)]
        cited = f"{', '.join(fields[:MOST_FIELDS])}{' …' if len(fields) > MOST_FIELDS else ''}"
        say(f"  [{call.id}] {call.tool}({arguments}): {call.error or cited}")
    if answer.suggestions:
        say("Next:" if answer.status == "answered" else "What can be answered:")
    for suggestion in answer.suggestions:
        say(f"  · {suggestion}")
    say(f"({answer.status.replace('_', ' ')}, {answer.model}{f', run {answer.run_id}' if answer.run_id else ''})")
