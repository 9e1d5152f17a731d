"""What stands behind a fix: its proof, and the evidence for the cost it removes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from effnb.deliver import quoted
from effnb.domain import Fix, FixRecord, Opportunity, Regression
from effnb.errors import DeliveryError
from effnb.tools._fixing import confirmation_of

if TYPE_CHECKING:
    from effnb.workspace import Workspace


def require_proof(record: FixRecord, *, unproved: bool) -> None:
    """``DeliveryError`` unless the gate verified the fix, or a person wants it unproved."""
    verdict = record.verification.verdict if record.verification else None
    if unproved or verdict == "verified":
        return
    key = record.fix.id
    if verdict is None or record.verification is None:
        raise DeliveryError(
            f"fix {key} is a draft: nothing is proved about it; run `effnb resolve {record.fix.subject}`"
        )
    why = f"{verdict.replace('_', ' ')}: {record.verification.reason}"
    raise DeliveryError(f"fix {key} is not verified but {why}; --unproved delivers it")


def evidence_of(workspace: Workspace, fix: Fix) -> list[str]:
    """Lines about the cost a fix removes and its cause, text from data in quotes."""
    regression = workspace.findings.regression(fix.subject)
    if regression is not None:
        return _of_regression(workspace, fix, regression)
    found = workspace.records.newest("opportunity", fix.subject, Opportunity)
    return _of_opportunity(found) if found is not None else []


def _of_regression(workspace: Workspace, fix: Fix, one: Regression) -> list[str]:
    lines = [
        f"{quoted(one.function)} in {quoted(one.service)} rose from {one.before:.2%} to {one.after:.2%} of the "
        f"service's CPU at {one.change_point.at:%Y-%m-%d %H:%M} UTC "
        f"(95 % interval of the rise {one.low:.2%} to {one.high:.2%})",
    ]
    if fix.cause and fix.kind == "code" and workspace.repository is not None:
        change = workspace.repository.commit(fix.cause)
        lines.append(f"cause: commit {quoted(change.id[:12])} {quoted(change.title)} by {quoted(change.author)}")
    elif fix.cause:
        lines.append(f"cause: {quoted(fix.cause)}")
    tried = confirmation_of(workspace, one, fix.cause) if fix.cause else None
    lines.append(f"replay of the cause: {tried.headline}" if tried else "the cause was not confirmed by a replay")
    return lines


def _of_opportunity(found: Opportunity) -> list[str]:
    lines = [f"{found.title} in {quoted(found.function)}, line {found.line}"]
    if found.cost is not None:
        lines.append(f"the function takes {found.cost:.2%} of the CPU of {quoted(found.service)}")
    if found.repeat_rate is not None:
        lines.append(f"{found.repeat_rate:.0%} of its recorded calls repeat arguments seen before")
    return lines
