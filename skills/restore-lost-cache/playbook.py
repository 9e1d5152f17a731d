"""Steps of restore-lost-cache: SKILL.md as a function of the regression and of what the tools return."""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Any

from effnb.domain import ChangeDetail, FunctionSource, Noun, ProfileDiff, Proposal, Regression, Resolution
from effnb.skills import (
    CACHE,
    Account,
    Call,
    cause_of,
    change_name,
    cite,
    deciders,
    doubt_of,
    interval,
    is_cached,
    mended,
    owner_of,
    patch_lines,
    points,
    rise_of,
    share,
)

MEMO = re.compile(r"\b(\w*(?:cache|memo)\w*)\s*(?:\[|\.\w|=|\()", re.IGNORECASE)
DEF = re.compile(r"^\s*(?:async )?def (\w+)")
DIFF_ROWS = 50


class Inputs(Noun):
    """What the mitigation starts from."""

    regression: str
    """Id of the regression."""
    fix: bool = False
    """Whether to have the fix written and proved as well, where one is described."""


def playbook(inputs: Inputs) -> Generator[Call, Any, Resolution]:
    """From a regression's id to the cache that was lost."""
    account = Account()
    found = yield from rise_of(account, inputs.regression)
    if isinstance(found, Resolution):
        return found
    cause = yield from cause_of(account, found)
    if isinstance(cause, Resolution):
        return cause
    detail = yield from account.ask(
        "change", "Did it take a cache away?", "show_change", ChangeDetail, change_id=cause.change_id
    )
    if detail is None:
        summary = f"{change_name(cause.change_id)} stands out and could not be read."
        return account.end("needs_person", summary, "Read its patch by hand.", cause=cause.change_id)
    removed, added = (_caches(detail, sign) for sign in "-+")
    # The deepest function carries the rise; the cache may have been lost by one that calls it.
    function = next(
        (one for one in (found.function, *reversed(found.carriers)) if _name(one) in removed), found.function
    )
    if (early := _not_lost(account, found, detail, function, removed, added)) is not None:
        return early
    decorator = removed[_name(function)]
    account.claim(
        f"{change_name(detail.change.id, detail.change.title)} takes `{decorator}` from {_name(function)}.",
        cite("change", detail, "change.id"),
        cite("change", detail, "diff"),
    )
    ended = yield from _restore(account, found, detail, function, decorator)
    if ended.status != "explained" or not inputs.fix:
        return ended
    return (yield from mended(account, ended, found.id))


def _not_lost(
    account: Account,
    found: Regression,
    detail: ChangeDetail,
    function: str,
    removed: dict[str, str],
    added: dict[str, str],
) -> Resolution | None:
    """The conclusion when the patch does not take a cache from the function."""
    name, change = _name(function), change_name(detail.change.id)
    if name not in removed:
        if (memo := _memo(detail)) is not None:
            account.claim(
                f"{change} removes `{memo}`.", cite("change", detail, "change.id"), cite("change", detail, "diff")
            )
            summary = (
                f"{change} takes no cache decorator from {name}, and removes `{memo}`, which looks like a memo by hand."
            )
            return account.end("needs_person", summary, "Read the patch with its author.", cause=detail.change.id)
        if detail.truncated:
            summary = f"The patch of {change} was cut, and what is shown takes no cache from {name}."
            return account.end(
                "not_enough_data", summary, "Read the rest of the patch: show_change with more characters."
            )
        others = f"; it takes one from {', '.join(removed)}" if removed else ""
        summary = f"{change} takes no cache from {name}{others}."
        return account.end("not_found", summary, f"Run investigate-cpu-regression on {found.id}.")
    if added.get(name) == removed[name]:
        summary = f"{change} moves {name} with its cache `{removed[name]}`; none was lost."
        return account.end("not_found", summary, f"Run investigate-cpu-regression on {found.id}.")
    if name in added:
        account.claim(
            f"{change} replaces `{removed[name]}` of {name} by `{added[name]}`.",
            cite("change", detail, "change.id"),
            cite("change", detail, "diff"),
        )
        summary = f"{name} is cached otherwise since {change}: `{added[name]}` instead of `{removed[name]}`."
        steps = "Count distinct arguments against the size, and ask the author why it changed."
        return account.end("needs_person", summary, steps, cause=detail.change.id)
    return None


def _restore(
    account: Account, found: Regression, detail: ChangeDetail, target: str, decorator: str
) -> Generator[Call, Any, Resolution]:
    source = yield from account.ask(
        "source", "Is it still gone, and may it come back?", "read_function", FunctionSource, function=target
    )
    if source is None:
        summary = f"{change_name(detail.change.id)} took `{decorator}`; whether it may come back could not be read."
        return account.end("needs_person", summary, "Read the function as it is now.", cause=detail.change.id)
    if is_cached(source):
        summary = f"{target} has a cache again at {source.revision[:12]}; nothing is left to restore."
        return account.end("not_found", summary, "See that the share fell when that revision reached the hosts.")
    diff = yield from account.ask(
        "diff",
        "Did its own work rise?",
        "diff_profiles",
        ProfileDiff,
        service=found.service,
        before=found.baseline,
        after=found.analysis,
        function=found.function,
        limit=DIFF_ROWS,
    )
    _own_work(account, found, diff)
    owner = yield from owner_of(account, target)
    asked = deciders(detail.change.author, owner)
    if (doubt := doubt_of(source)) is not None:
        account.claim(f"{target} {doubt}.", cite("source", source, "source"))
        summary = f"{change_name(detail.change.id)} took `{decorator}` from {target}, which {doubt}."
        step = f"Ask {asked} whether a cache may stand here, with that as part of its key or an expiry."
        return account.end("needs_person", summary, step, cause=detail.change.id)
    account.claim(
        f"At {source.revision[:12]} {target} has no cache and reads nothing but its arguments.",
        cite("source", source, "source"),
        cite("source", source, "revision"),
    )
    return account.end(
        "explained",
        f"{change_name(detail.change.id)} left `{decorator}` behind when it touched {_name(target)}; computing "
        f"again costs {points(found.absolute_delta)} of {found.service}'s CPU.",
        f"Agree with {asked}, put it back, and verify on recorded calls.",
        "Add a test that counts computations for repeated arguments.",
        cause=detail.change.id,
        proposal=_proposal(found, source, decorator),
    )


def _proposal(found: Regression, source: FunctionSource, decorator: str) -> Proposal:
    return Proposal(
        what=f"Put `{decorator}` back above {_name(source.function)}",
        where=f"{source.file}:{source.first_line} ({source.function})",
        current=source.source.splitlines()[0].strip(),
        proposed=f"{decorator}\n{source.source.splitlines()[0].strip()}",
        verify=(
            "Same results and exceptions for recorded arguments, and for a second call.",
            "A result that its caller changes does not come back changed.",
            f"gCPU of {found.function} goes back towards {share(found.before)}.",
            "Memory at the full size of the cache.",
        ),
        revert="Remove the decorator again.",
    )


def _own_work(account: Account, found: Regression, diff: ProfileDiff | None) -> None:
    rows = [(i, row) for i, row in enumerate(diff.rows if diff else ()) if row.function == found.function]
    for place, row in rows:
        account.claim(
            f"Its own code went from {share(row.self_before)} to {share(row.self_after)} of the service's samples, "
            f"with its callees by {points(row.delta)} ({interval(row.low, row.high)}).",
            *(cite("diff", diff, f"rows.{place}.{name}") for name in ("self_before", "self_after", "delta")),
        )
    if diff is not None and not rows:
        account.gaps.append(f"diff: {found.function} is not among the functions that differ")


def _caches(detail: ChangeDetail, sign: str) -> dict[str, str]:
    """Cache decorators on lines of one sign, by the function they stand above."""
    found: dict[str, str] = {}
    above = ""
    for _, mark, text in patch_lines(detail.diff):
        if mark not in (sign, " "):
            continue
        if mark == sign and CACHE.match(text):
            above = text.strip()
        elif above and (match := DEF.match(text)):
            found[match.group(1)] = above
            above = ""
        elif not text.lstrip().startswith("@"):
            above = ""
    return found


def _memo(detail: ChangeDetail) -> str | None:
    """The first removed line that names a memo or cache which no added line names; imports and tests left out."""
    lines = [
        (sign, text.strip())
        for file, sign, text in patch_lines(detail.diff)
        if "test" not in file and MEMO.search(text) and "import" not in text and not CACHE.match(text)
    ]
    kept = {name for sign, text in lines if sign != "-" for name in MEMO.findall(text)}
    return next((text for sign, text in lines if sign == "-" and not kept & set(MEMO.findall(text))), None)


def _name(function: str) -> str:
    return function.rpartition(":")[2].rpartition(".")[2]
