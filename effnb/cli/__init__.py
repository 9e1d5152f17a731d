"""The command line: one file per group of commands, none with logic of its own."""

from __future__ import annotations

import sys
from typing import Any, NoReturn

import typer

from effnb.cli import (
    _ask,
    _audit,
    _compare,
    _confirm,
    _demo,
    _doctor,
    _findings,
    _fix,
    _ingest,
    _init,
    _investigate,
    _mcp,
    _opportunities,
    _power,
    _record,
    _runs,
    _skill,
    _tool,
)
from effnb.errors import EffnbError

__all__ = ["app", "main"]

# Typer brings its own copy of click since 0.27 and used the package before: its base class is the same name in both.
UsageError: Any = typer.BadParameter.__base__

app = typer.Typer(
    name="effnb",
    help="Find what made a service dearer, show why, and keep the evidence.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for group in (
    _demo,
    _init,
    _doctor,
    _ingest,
    _findings,
    _fix,
    _investigate,
    _ask,
    _runs,
    _confirm,
    _mcp,
    _compare,
    _record,
    _opportunities,
    _power,
    _skill,
    _tool,
    _audit,
):
    group.register(app)


def main() -> NoReturn:
    """Run a command: exit 0 on success, 1 with one line on a mistake that somebody can mend."""
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except EffnbError as error:
        _fail(str(error))
    except UsageError as error:
        _fail(f"{error.format_message()} (try `effnb {' '.join(sys.argv[1:2])} --help`)")
    except (KeyboardInterrupt, typer.Abort):
        _fail("interrupted; what was finished is kept", 130)


def _fail(message: str, code: int = 1) -> NoReturn:
    typer.echo(f"effnb: {' '.join(message.split())}", err=True)
    sys.exit(code)
