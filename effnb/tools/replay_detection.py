"""Tool: what detection would file with other settings, compared with what is filed now. It files nothing."""

from __future__ import annotations

import copy
import difflib
import math
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, JsonValue, ValidationError

from effnb.domain import Listing, Noun, Regression, Suppressed
from effnb.errors import AnalysisError
from effnb.settings import DetectSettings
from effnb.tools._registry import tool
from effnb.tools.list_regressions import KINDS, ranked
from effnb.tools.run_detection import detect_services

if TYPE_CHECKING:
    from effnb.workspace import Workspace

EXAMPLE = "threshold=0.005"


class SettingChange(Noun):
    """A setting of detection and what a replay made of it."""

    name: str
    """Key in ``[detect]``."""
    now: JsonValue
    """Value of the workspace."""
    replayed: JsonValue
    """Value of the replay."""


class Replay(Noun):
    """What detection would file with other settings; nothing was filed."""

    changed: tuple[SettingChange, ...]
    """Settings that differ from the workspace's; empty when it was replayed as it is."""
    kept: Listing[Regression]
    """Filed now and in the replay, of every kind, as the replay measures them, dearest first."""
    gained: Listing[Regression]
    """In the replay only."""
    lost: Listing[Regression]
    """Filed now only."""
    dropped_by: dict[str, Suppressed] = Field(default_factory=dict)
    """By id of a gained or lost change: the record of its being dropped on the other side, where there is one."""
    suppressed: int = Field(ge=0)
    """Change points the replay drops."""
    funnel: dict[str, dict[str, int]]
    """Service → stage → change points left after it, in the replay."""
    not_enough_data: dict[str, str] = Field(default_factory=dict)
    """Services that could not be scanned, and why."""


@tool(tier="read", timeout=600, source="stack samples")
def replay_detection(
    workspace: Workspace,
    settings: dict[str, JsonValue] | None = None,
    limit: Annotated[int, Field(ge=1)] = 50,
) -> Replay:
    """What detection would keep, gain and lose with other settings, compared with what is filed now; files nothing.

    Without settings it replays those of the workspace: what a new detection would change.

    Args:
        settings: Keys of ``[detect]`` and their values, e.g. ``{"threshold": 0.005}``; the rest stays as it is.
        limit: How many kept, gained and lost changes to return of each.
    """
    now, then = workspace.settings.detect, detect_settings(workspace.settings.detect, settings or {})
    filed = [one for kind in KINDS for one in workspace.findings.regressions(kind)]
    replayed = detect_services(with_detect_settings(workspace, settings or {}))
    found, dropped, funnel = replayed.regressions, replayed.suppressed, replayed.funnel
    hours = timedelta(hours=min(max(now.merge_hours, then.merge_hours), 24 * 365))
    pairs = _pair(filed, found, hours)
    met = {one.id for one in pairs.values()}
    told = f"{len(filed)} changes filed now and {len(found)} of the replay over {', '.join(funnel) or 'no service'}"

    def listing(rows: list[Regression]) -> Listing[Regression]:
        return Listing[Regression](rows=tuple(ranked(workspace, rows)[:limit]), searched=told, total=len(rows))

    gained = listing([one for one in found if one.id not in met])
    lost = listing([one for one in filed if one.id not in pairs])
    return Replay(
        changed=_changed(now, then),
        kept=listing([one for one in found if one.id in met]),
        gained=gained,
        lost=lost,
        dropped_by=_records(gained, workspace.findings.suppressed(), hours) | _records(lost, dropped, hours),
        suppressed=len(dropped),
        funnel=funnel,
        not_enough_data=replayed.not_enough_data,
    )


def detect_settings(current: DetectSettings, changes: Mapping[str, JsonValue]) -> DetectSettings:
    """The settings with some of them changed.

    Raises:
        AnalysisError: a key is unknown, with the nearest known one, or a value is out of range.
    """
    known = sorted(DetectSettings.model_fields)
    for name, value in changes.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
            raise AnalysisError(f"no setting {name!r} of detection; did you mean {near!r}? known: {', '.join(known)}")
        if isinstance(value, float) and not math.isfinite(value):
            raise AnalysisError(f"{name} = {value!r} cannot be replayed: give a finite number")
    try:
        return DetectSettings.model_validate({**current.model_dump(exclude_unset=True), **changes})
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in problem["loc"]) or ", ".join(changes)
        raise AnalysisError(f"{where} = {problem['input']!r} cannot be replayed: {problem['msg']}") from error


def with_detect_settings(workspace: Workspace, changes: Mapping[str, JsonValue]) -> Workspace:
    """The same store and sources under other detection settings, e.g. to file with them once.

    Neither ``effnb.toml`` nor the given workspace changes. The store belongs to both: close one of them.
    """
    detect = detect_settings(workspace.settings.detect, changes)
    workspace.findings  # noqa: B018  # opened before the copy, so that both go through one connection
    other = copy.copy(workspace)
    services = {
        name: one.model_copy(update={"detect": detect_settings(one.detect, changes)}) if one.detect else one
        for name, one in workspace.settings.services.items()
    }
    other.settings = workspace.settings.model_copy(update={"detect": detect, "services": services})
    return other


def read_settings(assignments: Iterable[str]) -> dict[str, JsonValue]:
    """Settings from ``NAME=VALUE``, also as ``Suppressed.would_keep`` writes them: ``[detect] threshold = 0.004``."""
    found: dict[str, JsonValue] = {}
    for text in assignments:
        name, equals, value = text.partition("=")
        name, value = name.strip().removeprefix("[detect]").strip(), value.strip().strip("\"'")
        if not (name and equals and value):
            raise AnalysisError(f"{text.strip()!r} is no setting; write it as NAME=VALUE, like {EXAMPLE}")
        found[name] = _number(value)
    return found


def _number(text: str) -> JsonValue:
    try:
        return float(text)
    except ValueError:
        return text


def _pair(filed: list[Regression], found: list[Regression], near: timedelta) -> dict[str, Regression]:
    """Id of a filed change → the same change in the replay; each is used once, equal ids first, then the nearest."""
    free = {one.id: one for one in found}
    pairs = {one.id: free.pop(one.id) for one in filed if one.id in free}
    for one in filed:
        alike = [] if one.id in pairs else [other for other in free.values() if _same(one, other, near)]
        if alike:
            best = min(alike, key=lambda other: abs(other.change_point.at - one.change_point.at))
            pairs[one.id] = free.pop(best.id)
    return pairs


def _same(one: Regression, other: Regression, near: timedelta) -> bool:
    if one.service != other.service or one.absolute_delta * other.absolute_delta <= 0:
        return False
    if one.planned_by is not None and one.planned_by == other.planned_by:  # one ramp, whichever function names it
        return True
    related = one.function == other.function or one.function in other.carriers or other.function in one.carriers
    return related and abs(one.change_point.at - other.change_point.at) <= near


def _records(rows: Iterable[Regression], dropped: list[Suppressed], near: timedelta) -> dict[str, Suppressed]:
    """By id of a change: the dropped change point it was on the other side, where there is one."""
    return {one.id: record for one in rows if (record := _record(one, dropped, near)) is not None}


def _record(one: Regression, dropped: Iterable[Suppressed], near: timedelta) -> Suppressed | None:
    """The dropped change point a change was, nearest first; its own function before those that carry it."""
    at, names = one.change_point.at, {one.function, *one.carriers}
    alike = [
        row
        for row in dropped
        if row.service == one.service
        and row.function in names
        and abs(row.at - at) <= near
        and row.absolute_delta * one.absolute_delta > 0
    ]
    return min(alike, key=lambda row: (row.function != one.function, abs(row.at - at)), default=None)


def _changed(now: DetectSettings, then: DetectSettings) -> tuple[SettingChange, ...]:
    old: dict[str, Any] = now.model_dump(mode="json")
    new: dict[str, Any] = then.model_dump(mode="json")
    return tuple(SettingChange(name=name, now=old[name], replayed=new[name]) for name in new if new[name] != old[name])
