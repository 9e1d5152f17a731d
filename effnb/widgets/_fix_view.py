"""A fix as a person reads it: what it is for, both texts side by side, and what the gate found out about it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from effnb.charts import esc, percent, shorten, when
from effnb.domain import Check, Delivery, Fix, Interval, PullRequest, Verification

VERDICTS = {
    "verified": "Verified",
    "gain_unproven": "Correct, gain unproven",
    "underpowered": "Not measured finely enough",
    "rejected": "Rejected",
    "refused": "Refused",
    "needs_review": "Faster, needs review",
    "infrastructure_failed": "The check itself broke",
    "not_run": "Not run",
}
KINDS = {"verified": "success", "rejected": "failed", "refused": "failed", "infrastructure_failed": "failed"}
OUTCOMES = {"passed": "success", "failed": "failed", "broken": "failed"}
MOST_LINES = 200
HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")
Row = tuple[int | None, str | None, int | None, str | None]
"""Line number and text before, line number and text after; null where a side has no such line."""


def render_fix(
    fix: Fix,
    verification: Verification | None = None,
    delivery: Delivery | None = None,
    pull: PullRequest | None = None,
    examples: Sequence[Fix] = (),
) -> str:
    """The fix as HTML: purpose, measured gain, side-by-side difference, table of checks, where it was delivered."""
    parts = [
        f'<div class="eff-step-head"><span class="eff-title">{esc(fix.title)}</span>{_verdict(verification)}'
        f'<span class="eff-took">{esc(fix.id)}</span></div>',
        f'<p class="eff-why">{esc(fix.rationale)}</p>' if fix.rationale else "",
        f"<p>{_facts(fix)}</p>",
        render_verification(verification),
        render_diff(fix.diff),
        f"<p><b>Narrowed on purpose:</b> {esc(fix.narrows)}</p>" if fix.narrows else "",
        _delivered(delivery, pull),
        _examples(examples),
    ]
    kind = KINDS.get(verification.verdict, "pending") if verification else "pending"
    return f'<section class="eff-step eff-fix eff-{kind}">{"".join(parts)}</section>'


def render_verification(verification: Verification | None) -> str:
    """What the gate found: the reason for its verdict, the measured gain, and one row a check."""
    if verification is None:
        return '<p class="eff-why">Nothing is proved yet: the gate has not been run on this fix.</p>'
    gain = [
        f"{_ratio(verification.speedup)} as fast (control {_ratio(verification.control)})"
        if verification.speedup
        else "",
        f"saves {_saved(verification.saved_share)} of the service's CPU" if verification.saved_share else "",
        f"workload {verification.workload}" if verification.workload else "",
        f"similarity of its profile {verification.similarity:.3f}" if verification.similarity is not None else "",
        f"{verification.examples} inputs compared, {verification.tests} tests" if verification.examples else "",
        f"in {verification.sandbox}" if verification.sandbox else "",
        f"measured {when(verification.at)} in {verification.seconds:.1f} s",
    ]
    told = " · ".join(esc(one) for one in gain if one)
    rows = "".join(map(_check, verification.checks))
    table = (
        '<div class="eff-result"><table class="eff-gate"><thead><tr><th>check</th><th>outcome</th><th>measured</th>'
        f"<th>s</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )
    return f"<p>{esc(verification.reason)}</p><p class='eff-more'>{told}</p>{table if rows else ''}"


def render_diff(diff: str) -> str:
    """A unified diff side by side, old left and new right, at most ``MOST_LINES`` rows; says what was left out."""
    parts, shown = [], 0
    for path, rows in _files(diff):
        kept = rows[: max(MOST_LINES - shown, 0)]
        shown += len(kept)
        left_out = f'<p class="eff-more">{len(rows) - len(kept)} more lines</p>' if len(rows) > len(kept) else ""
        body = "".join(map(_row, kept))
        parts.append(
            f'<div class="eff-result"><table class="eff-diff"><caption>{esc(path)}</caption>'
            "<thead><tr><th></th><th>before</th><th></th><th>after</th></tr></thead>"
            f"<tbody>{body}</tbody></table></div>{left_out}"
        )
    return "".join(parts)


def _files(diff: str) -> Iterator[tuple[str, list[Row]]]:
    for block in re.split(r"^(?=--- )", diff, flags=re.MULTILINE):
        lines = block.split("\n")
        if len(lines) > 2 and lines[0].startswith("--- "):
            path = lines[1].removeprefix("+++ ").removeprefix("b/").split("\t")[0]
            yield path.rstrip("\r"), list(_rows(lines[2:]))


def _rows(lines: Sequence[str]) -> Iterator[Row]:
    left = right = 0
    gone: list[tuple[int, str]] = []
    come: list[tuple[int, str]] = []
    for line in [*lines, ""]:
        mark, text = line[:1], line[1:].rstrip("\r")
        if mark == "-":
            gone.append((left, text))
            left += 1
            continue
        if mark == "+":
            come.append((right, text))
            right += 1
            continue
        for old, new in zip_longest(gone, come, fillvalue=(None, None)):
            yield (*old, *new)
        gone, come = [], []
        if (hunk := HUNK.match(line)) is not None:
            left, right = int(hunk[1]), int(hunk[2])
        elif mark == " " and left:
            yield left, text, right, text
            left, right = left + 1, right + 1


def _row(row: Row) -> str:
    left, before, right, after = row
    same = before == after
    return (
        f"<tr>{_side(left, before, '' if same else 'eff-gone')}{_side(right, after, '' if same else 'eff-come')}</tr>"
    )


def _side(number: int | None, text: str | None, kind: str) -> str:
    if text is None:
        return "<td></td><td></td>"
    return f'<td class="eff-line">{number}</td><td class="{kind}"><code>{esc(text)}</code></td>'


def _check(check: Check) -> str:
    detail = esc(shorten(check.detail, 200))
    if check.counter_example:
        detail += f"<br><code>{esc(shorten(check.counter_example, 200))}</code>"
    kind, told = OUTCOMES.get(check.outcome, "pending"), check.outcome.replace("_", " ")
    badge = f'<span class="eff-badge eff-{kind}">{esc(told)}</span>'
    return f"<tr><td>{esc(check.name)}</td><td>{badge}</td><td>{detail}</td><td>{check.seconds:.1f}</td></tr>"


def _verdict(verification: Verification | None) -> str:
    if verification is None:
        return '<span class="eff-badge eff-pending">not verified</span>'
    kind = KINDS.get(verification.verdict, "pending")
    return f'<span class="eff-badge eff-verdict eff-{kind}">{esc(VERDICTS[verification.verdict])}</span>'


def _facts(fix: Fix) -> str:
    facts = [
        f"<code>{esc(fix.function)}</code>" + (f" in service {esc(fix.service)}" if fix.service else ""),
        f"pattern {esc(fix.pattern)}",
        f"risk {esc(fix.risk)}",
        f"base {esc(fix.base[:12])}" if fix.base else "no version control",
        f"made by {esc(fix.made_by)}",
        f"for review by {esc(fix.reviewer)}" if fix.reviewer else "",
    ]
    return " · ".join(one for one in facts if one)


def _delivered(delivery: Delivery | None, pull: PullRequest | None) -> str:
    told = []
    if delivery is not None:
        files = ", ".join(one.path for one in delivery.files)
        told.append(f"{delivery.state} at {when(delivery.at)}: {files}")
    if pull is not None:
        told.append(f"pull request {pull.number} on branch {pull.branch}: {pull.url}")
    return "".join(f'<p class="eff-delivered">{esc(one)}</p>' for one in told)


def _examples(examples: Sequence[Fix]) -> str:
    if not examples:
        return ""
    items = "".join(f"<li>{esc(one.title)} ({esc(one.function)}, {esc(one.id)})</li>" for one in examples)
    return f"<details><summary>Resolved before by the same pattern: {len(examples)}</summary><ul>{items}</ul></details>"


def _ratio(ratio: Interval | None) -> str:
    return "not measured" if ratio is None else f"{ratio.value:.2f}× [{ratio.low:.2f}, {ratio.high:.2f}]"


def _saved(share: Interval) -> str:
    return f"{percent(share.value)} [{percent(share.low)}, {percent(share.high)}]"
