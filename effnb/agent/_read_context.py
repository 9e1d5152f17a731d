"""Answers about what surrounds a cost: changes, rollouts, settings, experiments, owners, code, words and logs."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from effnb.agent._asked import TOP, Asked, Declined, Unclear
from effnb.agent._grounds import Result
from effnb.agent._lexicon import content
from effnb.agent._wording import listing, number, percent, quoted, share, short, when
from effnb.sources._ranking import words

MOST = 1000
STEM = 5
"""Letters by which long words are taken for forms of one."""
HELD = 0.6
"""Share of the words asked about that a page or message has to hold before it is an answer."""


def changes(asked: Asked) -> str:
    """What changed for a service."""
    service = asked.service()
    found = asked.call("list_changes", service=service, limit=MOST, **asked.span)
    order = list(range(len(found.rows)))
    head = f"{found.cite('total', number)} changes reached {service}, {asked.when}"
    if asked.says("commit"):
        order = [i for i in order if found.rows[i]["kind"] == "code"]
        head += f", {found.cite('count(rows.kind=code.id)', number)} of them commits"
    told = [_change(found, f"rows.{i}") for i in order[-TOP:]]
    last = f"; the last {len(told)}: " if len(order) > TOP else ": " if told else ""
    return f"{head}{last}{'; '.join(told)}."


def _change(found: Result, at: str) -> str:
    return f"{found.cite(f'{at}.id', short)} {found.cite(f'{at}.title', quoted)} by {found.cite(f'{at}.author')}"


def change(asked: Asked) -> str:
    """One change: who, what, what it touches, when it arrived."""
    found = asked.call("show_change", change_id=_change_id(asked), max_chars=0)
    told = [f"{_change(found, 'change')}, made at {found.cite('change.at', when)}"]
    touched = found.data["touched"]
    if touched:
        named = ", ".join(found.cite(f"touched.{i}.function") for i in range(min(2 * TOP, len(touched))))
        how = "read it" if found.data["change"]["key"] else "touched"
        told.append(f"{found.cite('count(touched)', number)} functions {how}: {named}")
    arrivals = found.data["arrivals"]
    group = asked.named("GROUP")
    service = asked.named("SERVICE")
    places = [
        i for i, row in enumerate(arrivals) if group in (None, row["host_group"]) and service in (None, row["service"])
    ]
    if group is not None and not places:
        raise Declined(f"no rollout brought it to {group}")
    if places:
        shown = places if len(places) <= TOP else [places[0], places[-1]]
        told.append(
            "it arrived: "
            + ", ".join(
                f"{found.cite(f'arrivals.{i}.service')} {found.cite(f'arrivals.{i}.host_group')} at "
                f"{found.cite(f'arrivals.{i}.started_at', when)}"
                for i in shown
            )
            + (f" (first and last of {len(places)})" if len(places) > TOP else "")
        )
    return f"{'; '.join(told)}."


def _change_id(asked: Asked) -> str:
    commit = asked.named("CHANGE")
    if commit is not None:
        return commit
    mention = asked.reading.of("KEY", "FLAG")
    if mention is None:
        raise Unclear("which change? Give its commit id, config key or flag")
    return f"{'flag' if mention.kind == 'FLAG' else 'config'}:{mention.names[0]}"


def rollouts(asked: Asked) -> str:
    """Rollouts of a service."""
    service = asked.service()
    found = asked.call("rollout_status", service=service, limit=MOST, **asked.span)
    group = asked.named("GROUP")
    order = [i for i, row in enumerate(found.rows) if group in (None, row["host_group"])]
    head = f"{found.cite('total', number)} rollouts of {service}, {asked.when}"
    if group is not None:
        head += f", {found.cite(f'count(rows.host_group={group}.id)', number)} of them on {group}"
    told = [
        f"{found.cite(f'rows.{i}.version', short)} on {found.cite(f'rows.{i}.host_group')} at "
        f"{found.cite(f'rows.{i}.started_at', when)}, {found.cite(f'rows.{i}.status')}"
        for i in order[-TOP:]
    ]
    last = f"; the last {len(told)}: " if len(order) > TOP else ": " if told else ""
    return f"{head}{last}{'; '.join(told)}."


def settings(asked: Asked) -> str:
    """How a setting or flag changed, or which did."""
    key = asked.named("KEY", "FLAG")
    service = asked.service_if_named or _service_of_key(asked, key) or asked.service()
    found = asked.call("config_history", service=service, key=key, **asked.span)
    if key is not None and not found.rows:
        return f"{found.cite('total', number)} changes of {key} are on record, {asked.when}."
    told = [
        f"{found.cite(f'rows.{i}.key')} from {found.cite(f'rows.{i}.old')} to {found.cite(f'rows.{i}.new')} at "
        f"{found.cite(f'rows.{i}.at', when)} by {found.cite(f'rows.{i}.author')}, "
        f"{found.cite(f'rows.{i}.title', quoted)}"
        for i in range(min(2 * TOP, len(found.rows)))
    ]
    of = key or f"settings of {service}"
    return f"{found.cite('total', number)} changes of {of}, {asked.when}{': ' if told else ''}{'; '.join(told)}."


def _service_of_key(asked: Asked, key: str | None) -> str | None:
    histories = asked.names.workspace.settings_histories
    every = (one for source in histories for one in source.fetch_changes() if one.key == key)
    return next((one.service or next(iter(asked.names.services)) for one in every), None) if key else None


def experiments(asked: Asked) -> str:
    """Experiments and launches."""
    service = asked.service_if_named
    found = asked.call("list_experiments", service=service)
    wanted = asked.named("EXPERIMENT", "FLAG")
    order = [
        i
        for i, row in enumerate(found.rows)
        if wanted in (None, row["experiment_id"], row["change_id"].removeprefix("flag:"))
    ]
    if wanted is not None and not order:
        raise Declined(f"no experiment {wanted} is on record")
    told = [_experiment(found, i) for i in order[:TOP]]
    head = (
        f"{found.cite('total', number)} experiments{f' in {service}' if service else ''}"
        if wanted is None
        else "Experiment"
    )
    return f"{head}: {'; '.join(told)}." if told else f"{head}. Searched: {found.data['searched']}."


def _experiment(found: Result, i: int) -> str:
    at = f"rows.{i}"
    steps = found.rows[i]["steps"]
    planned = (
        "" if found.rows[i]["planned_cost"] is None else f", announced {found.cite(f'{at}.planned_cost', percent)}"
    )
    ramp = ", ".join(
        f"{found.cite(f'{at}.steps.{n}.fraction', share)} from {found.cite(f'{at}.steps.{n}.at', when)}"
        for n in range(len(steps))
    )
    return (
        f"{found.cite(f'{at}.experiment_id')} {found.cite(f'{at}.name', quoted)} ({found.cite(f'{at}.change_id')}) in "
        f"{found.cite(f'{at}.service')} by {found.cite(f'{at}.owner')}{planned}; ramp: {ramp or 'none'}"
    )


def experiment(asked: Asked) -> str:
    """What an experiment costs."""
    key = asked.named("EXPERIMENT") or f"flag:{asked.named('FLAG')}"
    found = asked.call("experiment_result", experiment_id=key)
    told = [f"{found.cite('experiment.experiment_id')} by {found.cite('experiment.owner')}: {found.cite('verdict')}"]
    if found.data["measured_cost"] is not None:
        told.append(f"measured {found.cite('measured_cost', percent)}")
    if found.data["experiment"]["planned_cost"] is not None:
        told.append(f"announced {found.cite('experiment.planned_cost', percent)}")
    return f"{'; '.join(told)}."


def owner(asked: Asked) -> str:
    """Who answers for something."""
    mention = asked.reading.of("FUNCTION", "ENDPOINT", "PATH", "FLAG", "EXPERIMENT", "REGRESSION", "SERVICE")
    if mention is None:
        raise Unclear("whose owner? Name a function, file, service or experiment")
    target = mention.names[0]
    if mention.kind in ("FUNCTION", "ENDPOINT", "REGRESSION"):
        target = asked.function()
    elif mention.kind == "FLAG":
        target = f"flag:{target}"
    found = asked.call("who_owns", target=target)
    if found.data["owner"] is None:
        found.cite("owner")
        return f"Nobody alone is on record for {target}: {found.cite('said_by')}."
    contact = f" ({found.cite('contact')})" if found.data["contact"] else ""
    return f"{found.cite('owner')}{contact} answers for {target}, by {found.cite('said_by')}."


def source(asked: Asked) -> str:
    """Where a function is, and its code."""
    found = asked.call("read_function", function=asked.function())
    lines = f"lines {found.cite('first_line', str)} to {found.cite('last_line', str)}"
    place = f"{found.cite('function')} is in {found.cite('file')}, {lines}, at {found.cite('revision', short)}"
    return f"{place}:\n{found.cite('source')}"


def occurrences(asked: Asked) -> str:
    """Lines of code that hold a text."""
    mention = asked.reading.of("QUOTED", "KEY", "FLAG")
    if mention is None:
        raise Unclear("which text? Put it in quotes")
    found = asked.call("search_code", text=mention.names[0], limit=MOST)
    told = [
        f"{found.cite(f'rows.{i}.file')}:{found.cite(f'rows.{i}.line', str)}"
        + (f" in {found.cite(f'rows.{i}.function')}" if found.rows[i]["function"] else "")
        for i in range(min(2 * TOP, len(found.rows)))
    ]
    return (
        f"{found.cite('total', number)} lines hold {quoted(mention.names[0])}{': ' if told else ''}{', '.join(told)}."
    )


def documents(asked: Asked) -> str:
    """What the documentation says."""
    text = _subject(asked)
    page = asked.named("DOC")
    mention = asked.reading.of("DOC")
    if mention is not None and text and not re.search(r"\.md|runbook|page|guide|note", mention.said, re.IGNORECASE):
        page, text = None, f"{mention.said} {text}"  # a page's title that may just be what is looked for
    if page is not None and not text:
        found = asked.call("read_doc", path=page)
        return f"{found.cite('path')} ({found.cite('title')}): {found.cite('text', lambda t: quoted(t, 2000))}"
    if not text:
        raise Unclear("what should the documentation say something about?")
    found = asked.call("search_docs", text=text[:400], limit=50)
    order = [i for i, row in enumerate(found.rows) if page in (None, row["path"])]
    order = [i for i in order if _holds(found.rows[i], text, "title", "section", "text")][:3]
    if not order:
        raise Declined(
            f"no page{f' {page}' if page else ''} has all of {quoted(text)}; searched: {found.data['searched']}"
        )
    told = [
        f"{found.cite(f'rows.{i}.path')}, line {found.cite(f'rows.{i}.line', str)}, {found.cite(f'rows.{i}.title')} / "
        f"{found.cite(f'rows.{i}.section')}: {found.cite(f'rows.{i}.text', lambda t: quoted(t, 900))}"
        for i in order
    ]
    return "; ".join(told)


def discussions(asked: Asked) -> str:
    """What people said."""
    mentioned = [one.said for one in asked.reading.mentions if one.kind not in ("QUOTED",)]
    text = " ".join([*mentioned, _subject(asked)]).strip()
    span = asked.span if asked.windows else {}
    if not text and not asked.windows:
        raise Unclear("what should somebody have said something about?")
    found = asked.call("search_discussions", text=text[:400], **span)
    order = [i for i, row in enumerate(found.rows) if not text or _holds(row, text, "channel", "author", "text")][:TOP]
    if not order and text:
        raise Declined(f"no message has all of {quoted(text)}; searched: {found.data['searched']}")
    told = [
        f"{found.cite(f'rows.{i}.author')} in {found.cite(f'rows.{i}.channel')} at {found.cite(f'rows.{i}.at', when)}: "
        f"{found.cite(f'rows.{i}.text', quoted)}"
        for i in order
    ]
    return f"{found.cite('total', number)} messages fit{': ' if told else ''}{'; '.join(told)}"


NOT_SUBJECT = frozenset(
    words("doc docs documentation documented runbook runbooks guide page pages policy handbook manual note notes "
          "say says said explain explains cover covers describes section find "
          "announced discuss discussed discussion discussions message messages chat channel mention talk talked wrote "
          "write written people anybody anyone according does tell know team rule rules where describe documents")
)  # fmt: skip


def _subject(asked: Asked) -> str:
    """The words a search is for: all that are no name of a page and do not merely ask."""
    named = (
        [one.said for one in asked.reading.mentions if one.kind != "DOC"]
        if asked.reading.of("DOC")
        else [one.said for one in asked.reading.mentions]
    )
    said = [one for one in content(asked.rest) if one.lower() not in NOT_SUBJECT and not set(words(one)) <= NOT_SUBJECT]
    if asked.says("said") and not asked.says("doc"):
        return " ".join(said)
    return " ".join([*named, *said])


def _holds(row: dict[str, Any], text: str, *fields: str) -> bool:
    wanted = set(words(text))
    held = set(words(" ".join(str(row[name]) for name in fields)))
    found = [
        word for word in wanted if word in held or any(one[:STEM] == word[:STEM] for one in held if len(word) > STEM)
    ]
    return bool(wanted) and len(found) >= HELD * len(wanted)


def logs(asked: Asked) -> str:
    """Who writes a service's log."""
    service = asked.service()
    covered = asked.names.logged.get(service)
    span = asked.span
    if not asked.windows:
        if covered is None:
            raise Declined(f"no log records of {service} are at hand")
        hour = covered.start.replace(minute=0, second=0, microsecond=0)
        span = {"start": hour, "end": datetime.fromtimestamp(covered.end.timestamp() + 3600, tz=UTC)}
    level = asked.named("LEVEL")
    if level is not None:
        lines = asked.call("sample_logs", service=service, level=level, limit=MOST, **span)
        shown = [
            f"{lines.cite(f'rows.{i}.at', when)} {lines.cite(f'rows.{i}.message', quoted)}"
            for i in range(min(TOP, len(lines.rows)))
        ]
        head = f"{lines.cite('total', number)} records of level {level} in {service}"
        return listing(head, shown, lines.data["searched"])
    found = asked.call("log_volume", service=service, limit=MOST, **span)
    if not found.rows:
        raise Declined(f"no log record is at hand: {found.data['searched']}")
    told = [
        f"{found.cite(f'rows.{i}.logger')} at {found.cite(f'rows.{i}.level')}: "
        f"{found.cite(f'rows.{i}.records', number)} records, {found.cite(f'rows.{i}.share', share)} of all, "
        f"{found.cite(f'rows.{i}.per_second', number)} a second, "
        f"like {found.cite(f'rows.{i}.template', quoted)}"
        for i in range(min(TOP, len(found.rows)))
    ]
    return listing(f"{found.cite('total', number)} kinds of log message in {service}", told, found.data["searched"])
