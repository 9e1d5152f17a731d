"""Steps of mitigate-logging-regression: SKILL.md as a function of the regression and of what the tools return."""

from __future__ import annotations

import re
from collections.abc import Generator
from datetime import timedelta
from typing import Any

from effnb.domain import (
    ChangeDetail,
    Listing,
    LogGroup,
    Noun,
    Owner,
    ProfileDiff,
    Proposal,
    Regression,
    Resolution,
    Series,
)
from effnb.skills import (
    Account,
    Call,
    Shift,
    cause_of,
    change_name,
    cite,
    deciders,
    mended,
    owner_of,
    patch_lines,
    percent,
    points,
    rise_of,
    share,
    shift_at,
)

LOGGING = "logging:"
MIN_PART = 0.5
"""Logging has to carry this part of the rise."""
LOG_CALL = re.compile(r"\b\w*(?:log|logger|logging|sampled)\w*\.(debug|info|warning|error|critical|exception)\(", re.I)
KEPT_LEVELS = {"WARNING", "ERROR", "CRITICAL", "EXCEPTION", "FATAL"}
MIN_RECORDS = 0.25
"""Records that surely rose by less than this part of what logging rose by are not why it rose."""
DIFF_ROWS = 100
SPAN = timedelta(days=1)


class Inputs(Noun):
    """What the mitigation starts from."""

    regression: str
    """Id of the regression."""
    fix: bool = False
    """Whether to have the fix written and proved as well, where one is described."""


def playbook(inputs: Inputs) -> Generator[Call, Any, Resolution]:
    """From a regression's id to the log call to sample."""
    account = Account()
    found = yield from rise_of(account, inputs.regression)
    if isinstance(found, Resolution):
        return found
    risen = yield from _is_logging(account, found)
    if isinstance(risen, Resolution):
        return risen
    cause = yield from cause_of(account, found)
    if isinstance(cause, Resolution):
        return cause
    detail = yield from account.ask(
        "change", "What did it do to the log calls?", "show_change", ChangeDetail, change_id=cause.change_id
    )
    calls = _log_calls(detail) if detail is not None else ((), ())
    if detail is None or not any(calls):
        name = change_name(cause.change_id)
        why = (
            "cannot be read"
            if detail is None
            else "edits no log call, so that something else makes them run more often"
        )
        summary = f"Logging carries the rise of {found.function}, and {name} {why}."
        return account.end(
            "needs_person", summary, "Read the change beside the callers of the log call.", cause=cause.change_id
        )
    ended = yield from _weigh(account, found, detail, calls, risen)
    if ended.status != "explained" or not inputs.fix:
        return ended
    return (yield from mended(account, ended, found.id))


def _is_logging(account: Account, found: Regression) -> Generator[Call, Any, Resolution | float]:
    """How much logging rose, relative to itself; the conclusion when it does not carry the rise, or nobody knows."""
    diff = yield from account.ask(
        "diff",
        "How much of the rise lies in logging?",
        "diff_profiles",
        ProfileDiff,
        service=found.service,
        before=found.baseline,
        after=found.analysis,
        function=found.function,
        limit=DIFF_ROWS,
    )
    if diff is None:
        summary = f"Whether logging carries the rise of {found.function} could not be seen."
        return account.end("needs_person", summary, "Compare the profiles of both windows by hand.")
    rows = [(i, row) for i, row in enumerate(diff.rows) if row.function.startswith(LOGGING)]
    place, most = max(rows, key=lambda one: one[1].delta, default=(0, None))
    part = most.delta / found.absolute_delta if most is not None else 0.0
    if most is None or most.low <= 0 or part < MIN_PART:
        if diff.rows:
            first = diff.rows[0]
            told = f"; most of it is {first.function} ({points(first.delta)})"
            account.claim(f"{first.function} moved most: {points(first.delta)}.", cite("diff", diff, "rows.0.delta"))
        else:
            told = ""
        summary = (
            f"Logging carries {100 * max(part, 0):.0f} % of the rise of {found.function}{told}: it is not what rose."
        )
        return account.end("not_found", summary, f"Run investigate-cpu-regression on {found.id}.")
    account.claim(
        f"{most.function} rose from {share(most.before)} to {share(most.after)}: {100 * part:.0f} % of the rise.",
        *(cite("diff", diff, f"rows.{place}.{name}") for name in ("before", "after", "low")),
    )
    return most.delta / max(most.before, 1e-6)


def _weigh(
    account: Account,
    found: Regression,
    detail: ChangeDetail,
    calls: tuple[tuple[str, ...], tuple[str, ...]],
    risen: float,
) -> Generator[Call, Any, Resolution]:
    """Records and owner, then the remedy or what speaks against it."""
    at = found.change_point.at
    records = yield from account.ask(
        "records",
        "Did the count of records rise as well?",
        "metric_range",
        Listing[Series],
        metric="log_records",
        start=at - 2 * SPAN,
        end=at + SPAN,
        labels={"service": found.service},
    )
    shift = _records_shift(account, found, records)
    groups = yield from account.ask(
        "groups",
        "Which logger, level and message?",
        "log_volume",
        Listing[LogGroup],
        service=found.service,
        start=found.analysis.start,
        end=found.analysis.end,
    )
    level = _level(calls)
    group = _group(account, found, level, groups)
    owner = yield from owner_of(account, found.function)
    cause, name = detail.change.id, change_name(detail.change.id)
    kept = [one for one in (level, group.level if group is not None else "") if one in KEPT_LEVELS]
    if kept:
        summary = f"{name} writes records of level {kept[0]} on a hot path; those are never sampled."
        return account.end("needs_person", summary, "Mend what they warn of, or correct their level.", cause=cause)
    if shift is not None and shift.high < MIN_RECORDS * risen:
        summary = (
            f"Logging became dearer and the records did not become more ({shift.words}): look at handlers and locks."
        )
        return account.end("needs_person", summary, "Compare the callees of logging in both windows.", cause=cause)
    return _remedy(account, found, detail, calls, group, level, owner)


def _remedy(
    account: Account,
    found: Regression,
    detail: ChangeDetail,
    calls: tuple[tuple[str, ...], tuple[str, ...]],
    group: LogGroup | None,
    level: str,
    owner: Owner | None,
) -> Resolution:
    removed, added = calls
    logger = group.logger if group is not None else found.function.partition(":")[0]
    lost = any("sampl" in line for line in removed)
    account.claim(
        f"{change_name(detail.change.id, detail.change.title)} {'replaces a sampled log call by' if lost else 'adds'} "
        f"`{(added or removed)[0]}`.",
        cite("change", detail, "change.id"),
        cite("change", detail, "diff"),
    )
    proposal = Proposal(
        what=f"Sample the {level} records of {logger} again",
        where=f"{found.function} (logger {logger})",
        current=(added or ("",))[0],
        proposed=removed[0] if lost else "the same call through a sampled logger, or a counter in its place",
        verify=(
            f"Profile {found.function} before and after the edit: its share goes back towards {share(found.before)}.",
            f"log_records of {found.service} per request fall within the hours of the rollout.",
            "Records at WARNING and above are the same in number.",
        ),
        revert="Take the edit back; the records are complete again from the next rollout on.",
    )
    return account.end(
        "explained",
        f"{level} records of {logger} cost {points(found.absolute_delta)} of {found.service}'s CPU since "
        f"{change_name(detail.change.id)} wrote each of them: sample them again.",
        f"Ask {detail.change.author} who needs complete records, and offer a counter in their place.",
        f"Agree with {deciders(detail.change.author, owner)}, edit, and verify by measurement.",
        cause=detail.change.id,
        proposal=proposal,
    )


def _log_calls(detail: ChangeDetail) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Log calls on removed and on added lines, tests left out."""
    lines = [
        (sign, text) for file, sign, text in patch_lines(detail.diff) if "test" not in file and LOG_CALL.search(text)
    ]
    return tuple(text for sign, text in lines if sign == "-"), tuple(text for sign, text in lines if sign == "+")


def _level(calls: tuple[tuple[str, ...], tuple[str, ...]]) -> str:
    """Level of the first added call, as the patch writes it."""
    match = LOG_CALL.search((calls[1] or calls[0])[0])
    return match.group(1).upper() if match else "INFO"


def _records_shift(account: Account, found: Regression, records: Listing[Series] | None) -> Shift | None:
    if records is not None and not records.rows:
        account.gaps.append(f"records: no series in {records.searched}")
    shift = shift_at(records.rows[0], found.change_point.at, SPAN) if records is not None and records.rows else None
    if shift is not None and records is not None:
        account.claim(
            f"Log records of {found.service} changed by {shift.words} against the same hours before.",
            *shift.cite("records", records, 0),
        )
    return shift


def _group(account: Account, found: Regression, level: str, groups: Listing[LogGroup] | None) -> LogGroup | None:
    """The largest group whose logger is the module of the function or one near it; of this level, if there is one."""
    module = found.function.partition(":")[0]
    rows = enumerate(groups or ())
    for place, one in sorted(rows, key=lambda row: row[1].level != level):
        if module == one.logger or module.startswith(f"{one.logger}.") or one.logger.startswith(f"{module}."):
            account.claim(
                f"{one.logger} writes {one.records} records at {one.level} like “{one.template}”, "
                f"{percent(one.share)[1:]} of the service's.",
                *(cite("groups", groups, f"rows.{place}.{name}") for name in ("logger", "level", "records", "share")),
            )
            return one
    if groups is not None:
        account.gaps.append(f"groups: no record of {module} in {groups.searched}")
    return None
