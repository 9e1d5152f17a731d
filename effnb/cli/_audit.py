"""``effnb audit``: check the log of every call, or write it out for others."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from effnb.cli._common import AsJson, print_json, session
from effnb.domain import AuditHead
from effnb.errors import ConfigError, StoreError


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="The log of every call: check it, or write it out.", no_args_is_help=True)
    group.command()(verify)
    group.command()(export)
    app.add_typer(group, name="audit")


def verify(
    anchor: Annotated[list[str] | None, typer.Option("--anchor", help="Head kept elsewhere, ROWS:HASH.")] = None,
    report: Annotated[
        list[Path] | None, typer.Option("--report", help="Report, or folder of reports, with a head in its foot.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check that no entry was edited, removed, swapped or put in, and that the log reaches the heads in its reports."""
    from effnb.report import heads_in

    workspace = session().workspace
    beside = workspace.root / "reports"
    places = report or ([beside] if beside.is_dir() else [])
    heads = [_head(text) for text in anchor or []] + [head for place in places for head in heads_in(_there(place))]
    check, head = workspace.audit.verify(heads), workspace.audit.head()
    if as_json:
        print_json(check.to_json() | {"head": str(head)})
    else:
        against = (
            f"compared with {check.anchors} heads kept elsewhere" if heads else "no head kept elsewhere to compare"
        )
        typer.echo(f"{check.rows:,} entries, {against}; head {head}")
    if check.problems:
        more = f" (and {len(check.problems) - 1} more)" if len(check.problems) > 1 else ""
        raise StoreError(f"the audit log does not hold: {check.problems[0]}{more}; restore .effnb from a backup")


def export(
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File to write; stdout when omitted.")] = None,
) -> None:
    """Write every entry as a line of JSON, with its hash and the one before it."""
    from effnb.store._files import write_text

    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in session().workspace.audit.rows())
    if output is None:
        sys.stdout.write(lines)
    else:
        write_text(output, lines)
        typer.echo(str(output))


def _head(text: str) -> AuditHead:
    rows, _, link = text.partition(":")
    if not rows.isdigit() or len(link) != 64:
        raise ConfigError(f"--anchor {text!r} is not ROWS:HASH; `effnb audit verify` prints one")
    return AuditHead(rows=int(rows), hash=link)


def _there(path: Path) -> Path:
    if not path.exists():
        raise ConfigError(f"no report {path}; give a file or folder that `effnb report` wrote")
    return path
