"""``effnb resolve`` and ``effnb fix``: make a fix, prove it, and bring it where it belongs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from effnb.cli._common import AsJson, print_json, print_table, session, terminal

if TYPE_CHECKING:
    from effnb.domain import FixRecord, Verification

FixId = Annotated[str, typer.Argument(help="Fix, as listed by `effnb fix list`.")]
Unproved = Annotated[bool, typer.Option("--unproved", help="Deliver it although the gate did not verify it.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(resolve)
    group = typer.Typer(
        help="List fixes, show one, apply it, take it back, or open its pull request.", no_args_is_help=True
    )
    for command in (list_, show, apply, undo, pr):
        group.command(name=command.__name__.rstrip("_"))(command)
    app.add_typer(group, name="fix")


def resolve(
    subject: Annotated[str, typer.Argument(help="Opportunity or regression.")],
    revert: Annotated[bool, typer.Option("--revert", help="Take the cause of a regression back whole.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make the fix of an opportunity or a regression and prove it in the sandbox; no file of yours is changed."""
    record = session().resolve(subject, revert=revert)
    if as_json:
        print_json(record.to_json())
        return
    _show(record)
    verified = record.verification is not None and record.verification.verdict == "verified"
    typer.echo(f"next: effnb fix {'apply' if verified else 'show'} {record.fix.id}")


def list_(
    subject: Annotated[str, typer.Option("--for", help="Only fixes for this opportunity or regression.")] = "",
    as_json: AsJson = False,
) -> None:
    """The fixes that were made in this workspace, newest first."""
    now = session()
    found = now.tools.list_fixes(subject=subject, limit=1000)
    records = [now.fix_record(one.id) for one in found]
    if as_json:
        print_json([one.to_json() for one in records])
    elif not records:
        typer.echo("no fixes yet; `effnb resolve ID` makes one for an opportunity or a regression")
    else:
        rows = [
            (one.fix.id, _verdict(one.verification), one.fix.title, one.fix.function, _where(one)) for one in records
        ]
        print_table(("fix", "verdict", "what", "function", "delivered"), rows)


def show(fix: FixId, as_json: AsJson = False) -> None:
    """A fix: its diff, what the gate found, where it was delivered."""
    record = session().fix_record(fix)
    print_json(record.to_json()) if as_json else _show(record)


def apply(fix: FixId, unproved: Unproved = False, as_json: AsJson = False) -> None:
    """Write a fix into the working copy, whole or not at all."""
    _tell(session().apply_fix(fix, unproved=unproved), as_json, f"next: effnb fix undo {fix} takes it back")


def undo(fix: FixId, as_json: AsJson = False) -> None:
    """Take an applied fix out of the working copy again."""
    _tell(session().undo_fix(fix), as_json, "")


def pr(fix: FixId, unproved: Unproved = False, as_json: AsJson = False) -> None:
    """Push a fix to a branch of its own and open a pull request with its evidence."""
    _tell(session().open_pull_request(fix, unproved=unproved), as_json, "")


def _tell(record: FixRecord, as_json: bool, then: str) -> None:
    if as_json:
        print_json(record.to_json())
        return
    typer.echo(f"{record.fix.id}: {_where(record)}")
    if then:
        typer.echo(then)


def _show(record: FixRecord) -> None:
    fix, console = record.fix, terminal()
    for line in (
        f"{fix.id}: {fix.title}",
        f"target {fix.function}, pattern {fix.pattern}, risk {fix.risk}",
        fix.rationale,
    ):
        console.print(line, markup=False, highlight=False)
    if fix.narrows:
        console.print(f"narrowed on purpose: {fix.narrows}", markup=False, highlight=False)
    console.print(f"\n{fix.diff}", markup=False, highlight=False)
    if (proof := record.verification) is not None:
        rows = [(one.name, one.outcome.replace("_", " "), one.detail, f"{one.seconds:.1f}") for one in proof.checks]
        print_table(("check", "outcome", "measured", "s"), rows, right=("s",))
        console.print(f"\n{_verdict(proof)}: {proof.reason}", markup=False, highlight=False)
    for one in record.examples:
        console.print(f"resolved before: {one.id} {one.title}", markup=False, highlight=False)
    if where := _where(record):
        console.print(where, markup=False, highlight=False)


def _verdict(verification: Verification | None) -> str:
    return verification.verdict.replace("_", " ") if verification else "not verified"


def _where(record: FixRecord) -> str:
    applied = record.delivery.state if record.delivery else ""
    pull = f"pull request {record.pull.number}: {record.pull.url}" if record.pull else ""
    return ", ".join(part for part in (applied, pull) if part)
