"""Answers about what got dearer or cheaper, why, what was dropped, and what could be cheaper."""

from __future__ import annotations

import re

from effnb.agent._asked import TOP, Asked, Declined
from effnb.agent._wording import listing, number, percent, points, quoted, share, short, when

KINDS = {"regression": "rise", "improvement": "fall", "planned": "announced rise"}


def filed_changes(asked: Asked) -> str:
    """Filed regressions, improvements or planned rises."""
    kind = "improvement" if asked.says("fall") else "planned" if asked.says("planned") else "regression"
    service = asked.service_if_named
    found = asked.call("list_regressions", service=service, kind=kind)
    order = list(range(len(found.rows)))
    if asked.windows:
        spans = asked.window
        order = [
            i
            for i in order
            if spans.start.isoformat() <= _utc(found.rows[i]["change_point"]["at"]) < spans.end.isoformat()
        ]
    plural = "" if found.data["total"] == 1 else "s"
    head = f"{found.cite('total', number)} filed {kind}{plural}{f' in {service}' if service else ''}"
    if asked.windows:
        head += f", {len(order) or 'none'} of them within {asked.window}"
    told = [
        f"{found.cite(f'rows.{i}.id')}: {found.cite(f'rows.{i}.function')} in {found.cite(f'rows.{i}.service')}, "
        f"{found.cite(f'rows.{i}.absolute_delta', points)} of gCPU since "
        f"{found.cite(f'rows.{i}.change_point.at', when)}"
        for i in order[:TOP]
    ]
    return listing(head, told, found.data["searched"])


def _utc(at: str) -> str:
    return at.replace("Z", "+00:00")


def regression(asked: Asked) -> str:
    """One filed change of cost: how much, since when."""
    one = asked.filed()
    _agree(asked, one.kind)
    found = asked.call("describe_regression", id=one.id)
    relative = found.data["relative_delta"]
    service = found.data["service_delta"]
    told = [
        f"{found.cite('id')}: {found.cite('function')} in {found.cite('service')} went from "
        f"{found.cite('before', share)} "
        f"to {found.cite('after', share)} of the CPU at {found.cite('change_point.at', when)}",
        f"{found.cite('absolute_delta', points)} of gCPU (95 % interval {found.cite('low', points)} to "
        f"{found.cite('high', points)})",
    ]
    told += [f"{found.cite('relative_delta', percent)} relative to before"] if relative is not None else []
    told += [f"CPU per request of the service {found.cite('service_delta', percent)}"] if service is not None else []
    told += [f"announced by {found.cite('planned_by')}"] if found.data["planned_by"] else []
    asked.hints += [f"Which change caused {one.id}?", f"Investigate {one.id}"]
    return f"{'; '.join(told)}. It is filed as {found.cite('kind')}."


def _agree(asked: Asked, kind: str) -> None:
    if asked.says("fall") and not asked.says("rise") and kind != "improvement":
        raise Declined(f"it did not get cheaper: what is filed for it is a {KINDS[kind]}")
    if asked.says("rise") and kind == "improvement":
        raise Declined("it did not get dearer: what is filed for it is an improvement")


def cause(asked: Asked) -> str:
    """Which change stands behind a filed change of cost."""
    one = asked.filed()
    _agree(asked, one.kind)
    found = asked.call("rank_causes", id=one.id)
    asked.chart = found.call
    named = found.cite("change_id", short)
    place = next(
        (i for i, row in enumerate(found.data["candidates"]) if row["change_id"] == found.data["change_id"]), None
    )
    asked.hints.append(f"Investigate {one.id}")
    if place is None:
        return (
            f"No change stands out as the cause of {one.id} ({one.function} in {one.service}): {found.data['reason']}."
        )
    at = f"candidates.{place}"
    return (
        f"{named}, a {found.cite(f'{at}.kind')} change by {found.cite(f'{at}.author')}, "
        f"{found.cite(f'{at}.title', quoted)}, stands out as the cause of {one.id} ({one.function} in {one.service}): "
        f"{found.cite(f'{at}.attribution', share)} of the rise lies in stacks it acts on, it reached the hosts at "
        f"{found.cite(f'{at}.reached_at', when)}, score {found.cite(f'{at}.score', number)}."
    )


def dropped(asked: Asked) -> str:
    """Change points that were dropped, with the reason."""
    if asked.reading.of("REGRESSION") is not None or asked.says("near"):
        found = asked.call("suppressed_near", id=asked.filed().id)
    else:
        function = asked.function() if asked.reading.of("FUNCTION") is not None else None
        span = {"since": asked.window.start, "until": asked.window.end} if asked.windows else {}
        found = asked.call(
            "list_suppressed", service=asked.service_if_named, stage=_stage(asked), function=function, **span
        )
    told = [
        f"{found.cite(f'rows.{i}.function')} in {found.cite(f'rows.{i}.service')} at "
        f"{found.cite(f'rows.{i}.at', when)}, "
        f"{found.cite(f'rows.{i}.absolute_delta', points)}, dropped as {found.cite(f'rows.{i}.stage')}: "
        f"{found.cite(f'rows.{i}.reason')}"
        for i in range(min(TOP, len(found.rows)))
    ]
    return listing(f"{found.cite('total', number)} change points were dropped", told, found.data["searched"])


def _stage(asked: Asked) -> str | None:
    """The stage that is named, with or without saying that it is one."""
    said = set(re.findall(r"[a-z-]+", asked.rest.lower()))
    return asked.named("STAGE") or next((one for one in asked.names.stages if one in said), None)


def opportunities(asked: Asked) -> str:
    """Code that could be cheaper."""
    key = asked.named("OPPORTUNITY")
    if key is not None:
        one = asked.call("describe_opportunity", id=key)
        return f"{one.cite('id')}: {one.cite('function')}, {one.cite('pattern')}."
    found = asked.call("list_opportunities", service=asked.service_if_named, pattern=asked.named("PATTERN"))
    told = [
        f"{found.cite(f'rows.{i}.id')}: {found.cite(f'rows.{i}.function')}, {found.cite(f'rows.{i}.pattern')}"
        for i in range(min(TOP, len(found.rows)))
    ]
    return listing(f"{found.cite('total', number)} opportunities", told, found.data["searched"])


def fixes(asked: Asked) -> str:
    """Fixes that were made here."""
    key = asked.named("FIX")
    if key is not None:
        one = asked.call("show_fix", fix=key)
        return f"{one.cite('fix.id')} for {one.cite('fix.subject')}: {one.cite('fix.title')}."
    subject = asked.named("REGRESSION", "OPPORTUNITY")
    if subject is None and asked.reading.of("FUNCTION") is not None:
        subject = asked.filed().id
    found = asked.call("list_fixes", subject=subject)
    told = [
        f"{found.cite(f'rows.{i}.id')} for {found.cite(f'rows.{i}.subject')}" for i in range(min(TOP, len(found.rows)))
    ]
    return listing(f"{found.cite('total', number)} fixes", told, found.data["searched"])
