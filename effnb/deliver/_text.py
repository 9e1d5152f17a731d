"""The text of a pull request: why, what was proved and how, what it is expected to save, and how to take it back."""

from __future__ import annotations

from collections.abc import Sequence

from effnb.domain import Fix, Interval, Verification

MAX_BODY = 60_000
"""Forges refuse longer texts (GitHub at 65,536 characters)."""


def quoted(text: object) -> str:
    """Text from data as inline code: no mention, link, image or HTML in it comes alive."""
    plain = " ".join(str(text).split()).replace("`", "'")
    return f"`{plain}`" if plain else "—"


def pull_request_body(fix: Fix, verification: Verification | None, evidence: Sequence[str], audit: str = "") -> str:
    """Markdown for reviewers.

    Args:
        fix: The fix.
        verification: What the gate found; without one the text says that nothing was proved.
        evidence: Lines about the cost and its cause, data already quoted.
        audit: Head of the audit log at this time.
    """
    parts = [
        _about(fix),
        _section("Why", [f"- {line}" for line in evidence]),
        *_proof(verification),
        _section("Narrowed on purpose", [quoted(fix.narrows)] if fix.narrows else []),
        _section(
            "To take it back", [f"`git revert` this branch's commit, or `effnb fix undo {fix.id}` before it is merged."]
        ),
        _foot(fix, audit),
    ]
    body = "\n\n".join(part for part in parts if part)
    return body if len(body) <= MAX_BODY else f"{body[:MAX_BODY]}\n\n(cut at {MAX_BODY} characters)"


def _about(fix: Fix) -> str:
    target = f"Target: {quoted(fix.function)}" + (f" in service {quoted(fix.service)}" if fix.service else "")
    return "\n\n".join(part for part in (fix.rationale, f"{target}. Risk: {fix.risk}.") if part)


def _proof(verification: Verification | None) -> list[str]:
    if verification is None:
        return ["## Proof\n\nNot verified: no gate was run on this change."]
    lines = [f"**{verification.verdict.replace('_', ' ')}**: {verification.reason}", "", *_gate_table(verification)]
    measured = [
        f"- CPU time of the target, old over new: {_ratio(verification.speedup)} (95 % interval)"
        if verification.speedup
        else "",
        f"- control, the old code against its own copy: {_ratio(verification.control)}" if verification.control else "",
        f"- expected saving: {_share(verification.saved_share)} of the service's CPU"
        if verification.saved_share
        else "",
        f"- compared on {verification.examples} distinct inputs; {verification.tests} tests cover the changed lines",
        f"- workload: {quoted(verification.workload)}" + _similar(verification) if verification.workload else "",
        f"- measured {verification.at:%Y-%m-%d %H:%M} UTC in {verification.sandbox or 'no sandbox'}",
    ]
    return [_section("Proof", lines), _section("Measured", [line for line in measured if line])]


def _gate_table(verification: Verification) -> list[str]:
    rows = [
        f"| {check.name} | {check.outcome.replace('_', ' ')} | {_cell(check.detail)} | {check.seconds:.1f} |"
        for check in verification.checks
    ]
    return ["| check | outcome | measured | s |", "|---|---|---|---|", *rows] if rows else []


def _cell(text: str) -> str:
    return quoted(text).replace("|", "\\|")


def _section(title: str, lines: Sequence[str]) -> str:
    return f"## {title}\n\n" + "\n".join(lines) if lines else ""


def _foot(fix: Fix, audit: str) -> str:
    made = f"Made by {quoted(fix.made_by)} for {quoted(fix.subject)} on base {quoted(fix.base[:12] or 'none')}"
    return f"---\n{made}" + (f"; audit log at {quoted(audit)}" if audit else "") + "."


def _similar(verification: Verification) -> str:
    return (
        ""
        if verification.similarity is None
        else f", its profile {verification.similarity:.3f} similar to the recorded one (cosine)"
    )


def _ratio(ratio: Interval | None) -> str:
    return "not measured" if ratio is None else f"{ratio.value:.3g}× [{ratio.low:.3g}, {ratio.high:.3g}]"


def _share(share: Interval | None) -> str:
    return "not measured" if share is None else f"{share.value:.2%} [{share.low:.2%}, {share.high:.2%}]"
