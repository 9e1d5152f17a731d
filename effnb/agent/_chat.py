"""A conversation: questions in words, answers with numbers that cite their calls, or the reason why there is none.

Without a language model a router chooses among kinds of question that calls can answer; with one, the skill
``answer-efficiency-question`` is run freely. Both end in the same ``Answer``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from effnb.agent._asked import Asked, Declined, Unclear
from effnb.agent._entities import Kind, Mention, Names, Reading
from effnb.agent._grounds import Ledger, grounded
from effnb.agent._intents import Intent
from effnb.agent._lexicon import VOCABULARY, meanings
from effnb.agent._router import OFFERED, nearest, refusal, route
from effnb.agent._run import Run
from effnb.agent._time_words import TimeWords, read_time
from effnb.domain import Answer, Evidence, Mode, Transcript, Window
from effnb.errors import EffnbError
from effnb.tools import Toolbox
from effnb.workspace import Workspace

NO_MODEL = "no language model"
SKILL = "answer-efficiency-question"
INVESTIGATE, TRIAGE = "investigate-cpu-regression", "triage-regressions"
LONGEST_QUESTION = 2000
AGAIN = re.compile(r"^\s*(?:and|what about|how about|same for|the same for|now for|or|also)\b", re.IGNORECASE)
RIVALS: dict[str, set[str]] = {
    "FUNCTION": {"FUNCTION", "ENDPOINT", "REGRESSION"},
    "ENDPOINT": {"FUNCTION", "ENDPOINT", "REGRESSION"},
    "REGRESSION": {"FUNCTION", "ENDPOINT", "REGRESSION"},
    "FLAG": {"FLAG", "KEY", "EXPERIMENT", "CHANGE"},
    "KEY": {"FLAG", "KEY", "EXPERIMENT", "CHANGE"},
    "EXPERIMENT": {"FLAG", "KEY", "EXPERIMENT", "CHANGE"},
    "CHANGE": {"FLAG", "KEY", "EXPERIMENT", "CHANGE"},
}
"""Kinds of names of which a follow-up replaces one by another."""
SHOWN: tuple[Kind, ...] = ("KEY", "FLAG", "EXPERIMENT", "DOC", "STAGE", "GROUP")
StartSkill = Callable[[str, Mode, dict[str, Any]], Run]


@dataclass(frozen=True)
class Turn:
    """What a follow-up builds on."""

    intent: Intent
    mentions: tuple[Mention, ...]
    windows: tuple[Window, ...]
    meant: frozenset[str]
    rest: str


class Conversation:
    """Questions one after another; a follow-up takes from the one before what it does not say itself.

    Args:
        workspace: What is asked about.
        toolbox: The tools, bound to the person who asks.
        start: Starts a skill by name, mode and inputs.
        use_model: Whether the configured language model answers.
    """

    def __init__(self, workspace: Workspace, toolbox: Toolbox, start: StartSkill, *, use_model: bool = False) -> None:
        self._toolbox, self._start, self.use_model = toolbox, start, use_model
        self._names = Names(workspace, VOCABULARY)
        self._before: Turn | None = None
        self._told: list[Answer] = []

    @property
    def answers(self) -> tuple[Answer, ...]:
        """Everything that was answered, in order."""
        return tuple(self._told)

    def forget(self) -> None:
        """Leave what was said: the next question stands alone."""
        self._before, self._told = None, []

    def ask(self, question: str) -> Answer:
        """The answer to one question; errors of what it needs are told as the reason why there is none."""
        text = " ".join(question.split())[:LONGEST_QUESTION]
        answer = self._ask_model(text) if self.use_model else self._ask_router(text)
        self._told.append(answer)
        return answer

    def _ask_router(self, text: str) -> Answer:
        ledger = Ledger(self._toolbox)
        asked = Asked(text, Reading((), text), frozenset(), (), self._names, ledger)
        try:
            if not text:
                raise Unclear("nothing was asked")
            asked, intent = self._understand(text, ledger)
            if intent.read is None:
                return self._run_skill(asked, intent)
            told = intent.read(asked)
            self._before = Turn(intent, asked.reading.mentions, asked.windows, asked.meant, asked.rest)
        except Declined as reason:
            asked = self._partly(text, ledger)
            status = "needs_clarification" if isinstance(reason, Unclear) else "declined"
            return self._unanswered(asked, status, str(reason))
        except EffnbError as error:
            return self._unanswered(asked, "declined", str(error))
        return Answer(
            question=text,
            status="answered",
            text=told,
            values=self._checked(ledger),
            calls=tuple(ledger.calls),
            suggestions=tuple(asked.hints),
            chart=asked.chart,
            model=NO_MODEL,
        )

    def _understand(self, text: str, ledger: Ledger) -> tuple[Asked, Intent]:
        """The question as it is meant, and its kind."""
        if why := refusal(text):
            raise Declined(why)
        reading, time = self._read(text)
        follows = self._before is not None and bool(AGAIN.search(text))
        if time.problem:
            raise Declined(time.problem)
        if reading.unknown:
            raise Declined(self._no_such(reading.unknown))
        meant, unknown = meanings(reading.rest)
        asked = Asked(text, reading, meant, time.windows, self._names, ledger, reading.rest)
        if follows and self._before is not None:
            return self._followed(asked, self._before, unknown)
        intent = route(asked, unknown)
        if intent.name != "logs" and data_ends_before(self._names.data, time.windows):
            raise Declined(f"{time.windows[0]} lies outside of what is stored, {self._names.data}")
        return asked, intent

    def _read(self, text: str) -> tuple[Reading, TimeWords]:
        """Names first, so that the digits of an id are no time; then times."""
        data = self._names.data
        found = self._names.read(text)
        time = read_time(found.rest, data, self._logged()) if data is not None else TimeWords(rest=found.rest)
        return replace(found, rest=time.rest), time

    def _logged(self) -> list[Window]:
        """Whole days that log records are of, which may lie after the newest sample."""
        spans = self._names.logged.values()
        day = timedelta(days=1)
        return [Window(start=_midnight(one.start), end=_midnight(one.end) + day) for one in spans]

    def _followed(self, asked: Asked, before: Turn, unknown: tuple[str, ...]) -> tuple[Asked, Intent]:
        """A follow-up: the question before with what this one names in place of its own."""
        if unknown:
            raise Declined(f"I do not know what {', '.join(f'“{word}”' for word in unknown)} is here")
        new = asked.reading.mentions
        if not new and not asked.windows:
            return asked, route(asked, unknown)
        gone = {kind for one in new for kind in RIVALS.get(one.kind, {one.kind})}
        kept = tuple(one for one in before.mentions if one.kind not in gone)
        service = next((one.names[0] for one in new if one.kind == "SERVICE"), None)
        if service is not None:  # an endpoint of another service is not meant any more
            kept = tuple(
                one for one in kept if one.kind != "ENDPOINT" or self._names.endpoints[one.names[0]][0] == service
            )
        elif any(one.kind in ("ENDPOINT", "FUNCTION") for one in new) and not _fit(self._names, kept, new):
            kept = tuple(one for one in kept if one.kind != "SERVICE")
        mentions = (*kept, *new)
        kinds = {one.kind for one in before.mentions}
        meant = (before.meant - kinds) | {one.kind for one in mentions} | asked.meant
        whole = replace(
            asked,
            reading=Reading(mentions, before.rest),
            meant=meant,
            windows=asked.windows or before.windows,
            rest=before.rest,
        )
        only_names = asked.meant <= {one.kind for one in new} | {"TIME"}
        keeps = only_names and _usable(before.intent, mentions) and (before.intent.timed or not asked.windows)
        return whole, before.intent if keeps else route(whole, ())

    def _no_such(self, unknown: tuple[str, ...]) -> str:
        near = self._names.nearest(unknown[0])
        hint = f"; did you mean {near}?" if near else ""
        return f"there is no {', '.join(f'“{one}”' for one in unknown)} here{hint}"

    def _partly(self, text: str, ledger: Ledger) -> Asked:
        """As much of a question as can be understood, to find near ones."""
        reading, time = self._read(text)
        return Asked(text, reading, meanings(reading.rest)[0], time.windows, self._names, ledger, reading.rest)

    def _unanswered(self, asked: Asked, status: Any, reason: str) -> Answer:
        lead = "I need to know more" if status == "needs_clarification" else "I do not know"
        return Answer(
            question=asked.question,
            status=status,
            text=f"{lead}: {reason.rstrip('.')}.",
            calls=tuple(asked.ledger.calls),
            suggestions=tuple(offered(asked, self._names)),
            model=NO_MODEL,
        )

    def _checked(self, ledger: Ledger) -> tuple[Evidence, ...]:
        return grounded(ledger.values, ledger.calls, lambda tool: self._toolbox.get(tool).source)

    def _run_skill(self, asked: Asked, intent: Intent) -> Answer:
        """The end of a skill that the question starts."""
        if intent.name == "triage":
            service = asked.service_if_named
            run = self._start(TRIAGE, "playbook", {"service": service} if service else {})
        else:
            run = self._start(INVESTIGATE, "playbook", {"regression": asked.filed().id})
        return _of_run(asked.question, run.finish_blocking(), NO_MODEL)

    def _ask_model(self, text: str) -> Answer:
        """The answer of the configured language model, with the tools and the prose of the skill."""
        earlier = "".join(f"Asked before: {one.question}\nAnswered: {one.text}\n" for one in self._told[-3:])
        run = self._start(SKILL, "free", {"question": f"{earlier}{text}"})
        return _of_run(text, run.finish_blocking(), run.transcript.model)


def _of_run(question: str, done: Transcript, model: str) -> Answer:
    """A finished run as an answer."""
    end = done.resolution
    if end is None:
        text = f"The run {done.run_id} ended without a conclusion: {done.error or done.state}."
        return Answer(
            question=question, status="declined", text=text, calls=done.calls, model=model, run_id=done.run_id
        )
    status = (
        "declined"
        if end.status in ("not_found", "not_enough_data", "needs_person") and not end.findings
        else "answered"
    )
    return Answer(
        question=question,
        status=status,
        text=end.summary,
        values=tuple(piece for finding in end.findings for piece in finding.evidence),
        calls=done.calls,
        suggestions=end.next_steps,
        model=model,
        run_id=done.run_id,
    )


def data_ends_before(data: Window | None, windows: tuple[Window, ...]) -> bool:
    """Whether a span reaches past the samples."""
    return data is not None and any(one.end > data.end for one in windows)


def _midnight(when: datetime) -> datetime:
    return when.replace(hour=0, minute=0, second=0, microsecond=0)


def _fit(names: Names, kept: tuple[Mention, ...], new: tuple[Mention, ...]) -> bool:
    """Whether a function or endpoint that is named now belongs to the service that was named before."""
    service = next((one.names[0] for one in kept if one.kind == "SERVICE"), None)
    for one in new:
        if one.kind == "ENDPOINT" and names.endpoints[one.names[0]][0] != service:
            return False
        if one.kind == "FUNCTION" and not any(service in names.services_of(name) for name in one.names):
            return False
    return True


def _usable(intent: Intent, mentions: tuple[Mention, ...]) -> bool:
    return {one.kind for one in mentions} <= set(intent.takes)


def offered(asked: Asked, names: Names) -> list[str]:
    """The three nearest questions that can be answered, with names of this workspace in them."""
    filled = (_filled(intent.examples[0], asked, names) for intent in nearest(asked))
    return list(islice(filter(None, filled), OFFERED))


def _filled(example: str, asked: Asked, names: Names) -> str:
    """An example with names in place of their kinds; empty when the workspace has none to put there."""
    given = _examples(asked, names)
    text = example
    if names.data is not None:
        newest = names.data.end - timedelta(days=1)
        for day in (newest, names.data.start):
            text = text.replace("TIME", f"on {day:%Y-%m-%d}", 1)
    for kind, name in given.items():
        if name:
            text = re.sub(rf"\b{kind}\b", lambda _, put=name: put, text)  # type: ignore[misc]
    return "" if re.search(r"\b[A-Z]{4,}\b", text) else f"{text[0].upper()}{text[1:]}?"


def _examples(asked: Asked, names: Names) -> dict[str, str]:
    """Names to put questions with: those of the question, and others that go with them."""
    given: dict[str, str] = {one.kind: one.names[0] for one in asked.reading.mentions}
    if "SERVICE" not in given and "ENDPOINT" in given:
        given["SERVICE"] = names.endpoints[given["ENDPOINT"]][0]
    if "SERVICE" not in given and "FUNCTION" in given:
        given["SERVICE"] = next(iter(names.services_of(given["FUNCTION"])), "")
    filed = [one for one in names.filed if given.get("SERVICE") in (None, "", one.service)] or list(names.filed)
    if not given.get("SERVICE"):
        given["SERVICE"] = filed[0].service if filed else next(iter(names.services), "")
    service = given["SERVICE"]
    own = [one.function for one in filed if one.service == service] or sorted(names.sampled.get(service, ()))
    if given.get("FUNCTION") not in names.sampled.get(service, ()):
        given["FUNCTION"] = own[0] if own else ""
    mine = [name for name, (of, _) in names.endpoints.items() if of == service]
    if given.get("ENDPOINT") not in mine:
        given["ENDPOINT"] = mine[0] if mine else ""
    given.setdefault("REGRESSION", filed[0].id if filed else "")
    given.setdefault("METRIC", next((one for one in names.metrics if one != "requests"), ""))
    for kind in SHOWN:
        given.setdefault(kind, names.example(kind))
    return given
