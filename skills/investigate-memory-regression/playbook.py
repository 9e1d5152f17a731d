"""Steps of investigate-memory-regression: SKILL.md as a function of a service, a time, and what the tools return."""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta
from statistics import fmean
from typing import Any

from effnb.domain import Change, ChangeDetail, Listing, Noun, Resolution, Rollout, Series, Utc
from effnb.skills import Account, Call, Shift, arrived, cite, percent, shift_at, when

SPAN = timedelta(days=1)
REACH = timedelta(hours=3)
"""A change that reached the hosts this long before a step may be behind it."""
MIN_RISE = 0.05
GROWS = 0.5
"""The last third of the day lies above the first by this part of the rise when memory keeps growing."""
LOAD_PART = 0.5
"""Requests that rose by this part of what memory rose by explain it."""


class Inputs(Noun):
    """What is asked about."""

    service: str
    """Service."""
    at: Utc
    """About when memory rose."""
    metric: str = "memory_rss"
    """Name of the memory series."""


def playbook(inputs: Inputs) -> Generator[Call, Any, Resolution]:
    """From a service and a time to step, growth, load, or nothing."""
    account = Account()
    found = yield from _series(account, inputs, "memory", inputs.metric, "Did it rise, and in which shape?")
    if found is None:
        summary = f"The memory of {inputs.service} could not be read, so nothing was looked at."
        return account.end("needs_person", summary, "See why the metric source does not answer.")
    shifts = [(i, shift) for i, one in enumerate(found.rows) if (shift := shift_at(one, inputs.at, SPAN)) is not None]
    if not shifts:
        summary = f"There is no level of {inputs.metric} before and after {when(inputs.at)} ({found.searched})."
        return account.end("not_enough_data", summary, "Check name and labels of the series, or wait for more of it.")
    place, shift = max(shifts, key=lambda one: one[1].low)
    account.claim(
        f"{inputs.metric} of {inputs.service} went from {_size(shift.before)} to {_size(shift.after)}: {shift.words} "
        f"from {when(inputs.at)} on.",
        *shift.cite("memory", found, place),
    )
    if not (_rose(shift) or _rose(shift_at(found.rows[place], inputs.at + 2 * SPAN / 3, SPAN / 3))):
        summary = f"Memory of {inputs.service} did not rise at {when(inputs.at)}: {shift.words}."
        return account.end("not_found", summary, f"A rise below {100 * MIN_RISE:.0f} % would not be seen here.")
    return (yield from _which(account, inputs, shift, _growth(found.rows[place], shift)))


def _series(
    account: Account, inputs: Inputs, step_id: str, metric: str, why: str
) -> Generator[Call, Any, Listing[Series] | None]:
    return (
        yield from account.ask(
            step_id,
            why,
            "metric_range",
            Listing[Series],
            metric=metric,
            start=inputs.at - 2 * SPAN,
            end=inputs.at + SPAN,
            labels={"service": inputs.service},
        )
    )


def _which(account: Account, inputs: Inputs, shift: Shift, growth: float) -> Generator[Call, Any, Resolution]:
    """Load, growth or a step, and what reached the hosts."""
    load = yield from _load(account, inputs)
    rollouts = yield from account.ask(
        "rollouts",
        "Were processes restarted?",
        "rollout_status",
        Listing[Rollout],
        service=inputs.service,
        start=inputs.at - REACH,
        end=inputs.at + REACH,
    )
    if rollouts is not None:
        account.claim(f"{rollouts.total} rollouts began near that time.", cite("rollouts", rollouts, "total"))
    changes = yield from account.ask(
        "changes",
        "What reached the hosts before it?",
        "list_changes",
        Listing[Change],
        service=inputs.service,
        start=inputs.at - REACH,
        end=inputs.at + timedelta(minutes=30),
    )
    for place, one in enumerate(changes or ()):
        account.claim(f"{arrived(one)} reached the hosts.", cite("changes", changes, f"rows.{place}.id"))
    told = f"Memory of {inputs.service} rose by {shift.words} since {when(inputs.at)}"
    if load is not None and load.low > 0 and load.relative >= LOAD_PART * shift.relative:
        summary = f"{told} as requests rose by {load.words}: it looks like load."
        return account.end("needs_person", summary, "Compare with the next quiet night.")
    if growth >= GROWS:
        summary = f"{told} and keeps growing: the last third of the day lies {percent(growth * shift.relative)} higher."
        return account.end(
            "needs_person", summary, "Take a heap snapshot now and one in some hours, and compare them by type."
        )
    if changes is None:
        summary = f"{told} as a step; what reached the hosts before it could not be listed."
        return account.end("needs_person", summary, "Ask what was deployed or set.")
    if len(changes.rows) != 1:
        many = f"{len(changes.rows)} changes are in reach" if changes.rows else "no change is on record"
        summary = f"{told} as a step; {many} ({changes.searched})."
        return account.end("needs_person", summary, "Undo one at a time on one host, and watch its memory.")
    return (yield from _only(account, changes, told))


def _only(account: Account, changes: Listing[Change], told: str) -> Generator[Call, Any, Resolution]:
    """The one change in reach: named, with time as the only evidence."""
    one = changes.rows[0]
    detail = yield from account.ask("change", "What does it touch?", "show_change", ChangeDetail, change_id=one.id)
    values = f" ({one.old} to {one.new})" if one.old is not None and one.new is not None else ""
    if detail is not None and detail.touched:
        account.claim(
            f"It touches {', '.join(row.function for row in detail.touched)}.",
            *(cite("change", detail, f"touched.{i}.function") for i in range(len(detail.touched))),
        )
    account.claim(
        f"It is the only change that reached the hosts in the {REACH / timedelta(hours=1):.0f} hours before.",
        cite("changes", changes, "total"),
        cite("changes", changes, "rows.0.id"),
        *(cite("changes", changes, f"rows.0.{name}") for name in ("old", "new") if values),
    )
    return account.end(
        "explained",
        f"{told} as a step; the only change in reach is {arrived(one)}{values}. Time is the only evidence.",
        f"Undo it on one host and watch that host's memory, before {one.author} is asked for more.",
        cause=one.id,
    )


def _load(account: Account, inputs: Inputs) -> Generator[Call, Any, Shift | None]:
    """How the sum of requests over all endpoints changed."""
    found = yield from _series(account, inputs, "requests", "requests", "Did load rise?")
    if found is None:
        return None
    shift = shift_at(_sum(found.rows), inputs.at, SPAN) if found.rows else None
    if shift is None:
        account.gaps.append(f"requests: no level before and after in {found.searched}")
        return None
    # The sum itself was not returned by any tool; its parts are cited.
    parts = [one for place in range(len(found.rows)) for one in shift.cite("requests", found, place)]
    account.claim(f"Requests of {inputs.service}, all endpoints together, changed by {shift.words}.", *parts)
    return shift


def _sum(rows: tuple[Series, ...]) -> Series:
    """Series of one grid added up; a bucket that one of them lacks has no sum."""
    columns = zip(*(one.values for one in rows), strict=True)
    values = tuple(None if None in column else sum(filter(None, column)) for column in columns)
    return rows[0].model_copy(update={"values": values, "counts": None})


def _growth(series: Series, shift: Shift) -> float:
    """How far the last third after the time lies above the first, as a part of the rise."""
    after = [value for value in series.values[shift.places[2] : shift.places[3] + 1] if value is not None]
    third = max(1, len(after) // 3)
    return (fmean(after[-third:]) - fmean(after[:third])) / max(shift.after - shift.before, 1e-12)


def _rose(shift: Shift | None) -> bool:
    """Surely, and by enough. A slope is too uncertain as a mean of the day, and plain in the day's last third."""
    return shift is not None and shift.low > 0 and shift.relative >= MIN_RISE


def _size(value: float) -> str:
    return f"{value / 1e6:.0f} MB"
