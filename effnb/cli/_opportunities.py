"""``effnb scan`` and ``effnb opportunities``: code that could be cheaper, with or without a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from effnb.cli._common import AsJson, print_json, print_table, session
from effnb.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from effnb.domain import Opportunity
    from effnb.session import Session

EVERY = 1000
SHOWN = 40
Pattern = Annotated[str, typer.Option("--pattern", help="Only this pattern, e.g. list-membership.")]
Service = Annotated[str, typer.Option("--service", help="Only what was measured in this service.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(scan)
    group = typer.Typer(help="Code that could be cheaper: list, show, dismiss.", invoke_without_command=True)
    group.callback()(opportunities)
    group.command("show")(show)
    group.command("dismiss")(dismiss)
    app.add_typer(group, name="opportunities")


def scan(
    path: Annotated[
        Path | None, typer.Argument(help="Folder or file; the workspace's repository when omitted.")
    ] = None,
    *,
    service: Service = "",
    pattern: Pattern = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="Rows to show.")] = SHOWN,
    as_json: AsJson = False,
) -> None:
    """Find code that could be cheaper, ranked by what profiles say it costs.

    Inside a workspace's repository the result is filed and ranked; anywhere else it is only shown, and not ranked by
    cost. Findings are no error: the exit code is 0.
    """
    found, searched = _scan(path)
    found = [one for one in found if service in ("", one.service) and pattern in ("", one.pattern)]
    if as_json:
        print_json([row_of(one) for one in found])
        typer.echo(f"effnb: {searched}", err=True)
        return
    _print(found[:limit])
    if len(found) > limit:
        typer.echo(f"{len(found) - limit} more; --limit {len(found)} shows all")
    typer.echo(f"{'nothing found in' if not found else f'{len(found)} found in'} {searched}")


def _scan(path: Path | None) -> tuple[list[Opportunity], str]:
    """Opportunities, filed where the path belongs to a workspace's repository, and what was searched."""
    now, inside = _workspace_of(path)
    if now is not None:
        listing = now.tools.scan_code(path=inside, limit=EVERY)
        found = list(listing)
        while len(found) < listing.total:
            found += now.workspace.opportunities.standing()[len(found) :]
        return [one for one in found if one.dismissed is None], listing.searched
    from effnb.opportunities import Evidence, bundled_rules, rank, scan_folder

    rules = bundled_rules()
    result = scan_folder(path or Path.cwd(), rules)
    ranked = rank(result.opportunities, rules, Evidence(), result.sites)
    return ranked, f"{result.searched}; not ranked by cost: this is no workspace with samples"


def _workspace_of(path: Path | None) -> tuple[Session | None, str | None]:
    """The session whose repository a path lies in, with the path inside it; no session when there is none."""
    from effnb.tools._code import code_folder

    try:
        now = session()
        root = code_folder(now.workspace).resolve()
    except ConfigError:
        return None, None
    if path is None:
        return now, None
    target = path.resolve()
    if target.is_relative_to(root):
        return now, target.relative_to(root).as_posix()
    now.close()
    return None, None


def opportunities(
    context: typer.Context,
    *,
    service: Service = "",
    pattern: Pattern = "",
    dismissed: Annotated[bool, typer.Option("--dismissed", help="Those that were dismissed, with the reason.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=EVERY, help="Rows to show.")] = SHOWN,
    as_json: AsJson = False,
) -> None:
    """Code that could be cheaper, as the newest scan left it, the largest expected saving first."""
    if context.invoked_subcommand is not None:
        return
    listing = session().tools.list_opportunities(
        service=service or None, pattern=pattern or None, dismissed=dismissed, limit=EVERY if as_json else limit
    )
    if as_json:
        print_json([row_of(one) for one in listing])
    elif not listing.total:
        typer.echo(f"nothing found: {listing.searched}")
    else:
        _print(listing.rows)
        typer.echo(f"{listing.total} in {listing.searched}")
        typer.echo("next: effnb opportunities show ID")


def show(
    id: Annotated[str, typer.Argument(help="Identifier such as opp-1a2b3c4d.")],  # noqa: A002  # its name in --help
    as_json: AsJson = False,
) -> None:
    """One opportunity with everything that is known about it."""
    found = session().tools.describe_opportunity(id=id)
    if as_json:
        print_json(found.to_json())
        return
    rows = [(name, _text(value)) for name, value in found.to_json().items() if value not in (None, "", [])]
    print_table(("", found.title), rows)


def dismiss(
    id: Annotated[str, typer.Argument(help="Identifier such as opp-1a2b3c4d.")],  # noqa: A002  # its name in --help
    reason: Annotated[str, typer.Option("--reason", help="Why it stays as it is.", prompt=False)],
) -> None:
    """Let an opportunity stand, for a reason that later scans remember."""
    found = session().tools.dismiss_opportunity(id=id, reason=reason)
    typer.echo(f"{found.id} {found.function} stays as it is: {found.dismissed}")


def row_of(one: Opportunity) -> dict[str, Any]:
    """An opportunity as ``--json`` prints it: the questions people ask first, then the rest."""
    first = ("file", "function", "line", "pattern", "confidence", "cost", "expected_saving")
    values = one.to_json()
    return {name: values[name] for name in first} | {name: value for name, value in values.items() if name not in first}


def _print(rows: Sequence[Opportunity]) -> None:
    if not rows:
        return
    columns = ("id", "function", "pattern", "line", "service", "cost", "may save", "fix")
    cells = [
        (
            one.id,
            one.function,
            one.pattern,
            f"{one.file}:{one.line}",
            one.service or "",
            _percent(one.cost),
            _saving(one),
            _fix(one),
        )
        for one in rows
    ]
    print_table(columns, cells, right=("cost", "may save"))


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.2f} %"


def _saving(one: Opportunity) -> str:
    saving = one.expected_saving
    if saving is None:
        return ""
    return f"{100 * saving.value:.2f} [{100 * saving.low:.2f}, {100 * saving.high:.2f}] %"


def _fix(one: Opportunity) -> str:
    return f"{one.risk} risk" if one.fixable else f"none: {one.refusal}"


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {part:.4g}" for name, part in value.items())
    return f"{value:.4g}" if isinstance(value, float) else str(value)
