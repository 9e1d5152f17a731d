"""Steps of answer-efficiency-question: the kind of a question chooses one tool, whose numbers are the answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from effnb.domain import (
    CallNeighbours,
    Change,
    DocHit,
    EndpointLoad,
    Experiment,
    ExperimentResult,
    FunctionCost,
    FunctionSource,
    Listing,
    LogGroup,
    Message,
    Noun,
    Owner,
    PowerPlan,
    Regression,
    Resolution,
    Rollout,
    Series,
    Suppressed,
    Utc,
    Window,
)
from effnb.skills import Account, Call, StepFailed, arrived, cite, points, share, use, when

TOP = 5
NAME = r"\b[A-Za-z]\w*(?:[_.:]\w+)+\b"
Asked = Generator[Call, Any, Resolution]


class Inputs(Noun):
    """A question, with what its words refer to."""

    question: str
    """As it was asked."""
    service: str = ""
    """Service it is about; empty when none was named."""
    function: str | None = None
    """Function it is about, ``module:qualname``."""
    start: Utc | None = None
    """From when on."""
    end: Utc | None = None
    """Until when."""


@dataclass
class Question:
    """The question with what has been found out."""

    asked: Inputs
    account: Account = field(default_factory=Account)

    @property
    def window(self) -> Window:
        """The span asked about; only for kinds that need one."""
        if self.asked.start is None or self.asked.end is None:
            raise ValueError("the kind of question does not say that it needs a time")
        return Window(start=self.asked.start, end=self.asked.end)

    @property
    def span(self) -> dict[str, Any]:
        """The span as most tools take it."""
        return {"service": self.asked.service, "start": self.asked.start, "end": self.asked.end}

    @property
    def names(self) -> tuple[str, ...]:
        """Words of the question that look like names of code, flags or settings, beyond service and function."""
        resolved = f"{self.asked.service} {self.asked.function or ''}"
        return tuple(name for name in re.findall(NAME, self.asked.question) if name not in resolved)

    @property
    def subject(self) -> str:
        """The function, else a name in the question that nobody resolved; empty when it is about all of them."""
        return self.asked.function or next(iter(self.names), "")

    def rows(
        self, step: str, tool: str, row: type[BaseModel], say: Callable[[Any], tuple[str, Sequence[str]]], **args: Any
    ) -> Asked:
        """The rows a tool returns as the answer, the first five told; ``say`` gives words and cited fields of one."""
        found = yield from self.account.ask(step, self.asked.question, tool, Listing[row], **args)  # type: ignore[valid-type]
        if found is None:
            return self.failed()
        for place, one in enumerate(found.rows[:TOP]):
            told, names = say(one)
            self.account.claim(told, *(cite(step, found, f"rows.{place}.{name}") for name in names))
        return self.listed(step, found)

    def listed(self, step: str, found: Listing[Any]) -> Resolution:
        """The conclusion of a listing, empty or not."""
        self.account.claim(f"{found.total} found in: {found.searched}.", cite(step, found, "total"))
        if not found.rows:
            return self.account.end("not_found", f"Nothing was found in: {found.searched}.")
        more = f" ({found.total} in all)" if found.total > TOP else ""
        told = " · ".join(one.claim.rstrip(".") for one in self.account.findings[:-1][:TOP])
        return self.account.end("explained", f"{told}{more}.")

    def failed(self) -> Resolution:
        """The conclusion when the tool gave no answer."""
        summary = f"It could not be looked up: {self.account.gaps[-1]}"
        return self.account.end("needs_person", summary, "Mend what the reason says, then ask again.")


def playbook(inputs: Inputs) -> Asked:
    """From a question to its answer."""
    question = Question(inputs)
    kind = next((one for one in KINDS if re.search(one.words, inputs.question, re.IGNORECASE)), None)
    if kind is None or kind.answer is None:
        why = "a forecast, a decision, or about money" if kind is not None else "of a kind that no tool answers"
        summary = f"I do not know: the question is {why}."
        return question.account.end("needs_person", summary, *NEAREST)
    missing = [WORDS[name] for name in kind.needs if not getattr(inputs, name)]
    if missing:
        summary = f"The question lacks {' and '.join(dict.fromkeys(missing))}."
        return question.account.end("not_enough_data", summary, "Ask again with it.")
    return (yield from kind.answer(question))


def _why(question: Question) -> Asked:
    """The investigation of the one filed rise that fits."""
    asked, account = question.asked, question.account
    found = yield from account.ask(
        "filed",
        "Is such a rise filed?",
        "list_regressions",
        Listing[Regression],
        service=asked.service,
        function=question.subject,
    )
    if found is None:
        return question.failed()
    fits = [i for i, one in enumerate(found.rows) if _inside(asked, one)]
    account.claim(f"{len(fits)} filed rises fit, of: {found.searched}.", cite("filed", found, "total"))
    if not fits:
        return account.end("not_found", "No rise that fits is filed, so there is nothing to explain.")
    for place in fits[:TOP]:
        told, names = _rise(found.rows[place])
        account.claim(told, *(cite("filed", found, f"rows.{place}.{name}") for name in names))
    if len(fits) > 1:
        listed = ", ".join(found.rows[place].id for place in fits[:TOP])
        return account.end("needs_person", f"Several filed rises fit: {listed}. Ask about one of them.")
    return (yield from _investigated(question, found.rows[fits[0]]))


def _investigated(question: Question, one: Regression) -> Asked:
    """The conclusion of the rise's own investigation; where records are built, with what a schema has to do with it."""
    account = question.account
    try:
        ended: Resolution = yield from use("investigate-cpu-regression", "cpu", regression=one.id)
        account.findings.extend(ended.findings)
        account.gaps.extend(ended.gaps)
        told = ended.summary
        if ended.status == "explained" and re.search(RECORDS, " ".join((one.function, *one.carriers))):
            schema: Resolution = yield from use("check-schema-change", "schema", regression=one.id)
            account.findings.extend(schema.findings)
            account.gaps.extend(schema.gaps)
            told = f"{told} {schema.summary}"
    except StepFailed as gap:
        account.gaps.append(f"{gap.step} ({gap.outcome}): {gap.reason}")
        return question.failed()
    return account.end(ended.status, told, *ended.next_steps, cause=ended.cause)


def _inside(asked: Inputs, one: Regression) -> bool:
    at = one.change_point.at
    return (asked.start is None or at >= asked.start) and (asked.end is None or at < asked.end)


def _owner(question: Question) -> Asked:
    asked, account = question.asked, question.account
    target = question.subject or asked.service
    if not target:
        return account.end("not_enough_data", "The question lacks a function, file or service.", "Ask again with it.")
    found = yield from account.ask("owner", asked.question, "who_owns", Owner, target=target)
    if found is None:
        return question.failed()
    account.claim(f"{found.said_by or 'Owners'} was searched for {target}.", cite("owner", found, "said_by"))
    if found.owner is None:
        return account.end("not_found", f"Nobody is on record for {target}: {found.said_by}.")
    contact = f" ({found.contact})" if found.contact else ""
    account.claim(f"{found.owner}{contact}.", cite("owner", found, "owner"), cite("owner", found, "contact"))
    return account.end("explained", f"{found.owner}{contact} answers for {target}, by {found.said_by}.")


def _dropped(question: Question) -> Asked:
    asked = question.asked
    return (
        yield from question.rows(
            "dropped",
            "list_suppressed",
            Suppressed,
            lambda one: (
                f"{one.function} in {one.service} at {when(one.at)}, {points(one.absolute_delta)}, dropped as "
                f"{one.stage}: {one.reason}",
                ("function", "at", "absolute_delta", "stage", "reason"),
            ),
            service=asked.service,
            function=question.subject,
            since=asked.start,
            until=asked.end,
            limit=TOP,
        )
    )


def _rise(one: Regression) -> tuple[str, Sequence[str]]:
    moved = f"changed by {points(one.absolute_delta)} at {when(one.change_point.at)}"
    return f"{one.id}: {one.function} in {one.service} {moved}", ("id", "absolute_delta", "change_point.at")


def _improvements(question: Question) -> Asked:
    asked = question.asked
    given = {"service": asked.service, "function": question.subject, "kind": "improvement"}
    return (yield from question.rows("filed", "list_regressions", Regression, _rise, **given))


def _regressions(question: Question) -> Asked:
    asked = question.asked
    given = {"service": asked.service, "function": question.subject}
    return (yield from question.rows("filed", "list_regressions", Regression, _rise, **given))


def _experiments(question: Question) -> Asked:
    account, service = question.account, question.asked.service or None
    found = yield from account.ask(
        "experiments", question.asked.question, "list_experiments", Listing[Experiment], service=service
    )
    if found is None:
        return question.failed()
    for number, one in enumerate(found.rows[:TOP], start=1):
        result = yield from account.ask(
            f"result-{number}",
            "What does it cost?",
            "experiment_result",
            ExperimentResult,
            experiment_id=one.experiment_id,
        )
        if result is not None:
            names = ("verdict", "measured_cost", "experiment.planned_cost", "experiment.owner")
            account.claim(
                f"{one.experiment_id} “{one.name}” ({one.owner}): {result.verdict}",
                *(cite(f"result-{number}", result, name) for name in names),
            )
    return question.listed("experiments", found)


def _settings(question: Question) -> Asked:
    key = next(iter(question.names), None)
    given = {**question.span} if key is None else {**question.span, "key": key}
    return (
        yield from question.rows(
            "settings",
            "config_history",
            Change,
            lambda one: (
                f"{one.key} from {one.old} to {one.new} at {when(one.at)} by {one.author}: “{one.title}”",
                ("key", "old", "new", "at", "author"),
            ),
            **given,
        )
    )


def _rollouts(question: Question) -> Asked:
    return (
        yield from question.rows(
            "rollouts",
            "rollout_status",
            Rollout,
            lambda one: (
                f"{one.version[:12]} on {one.host_group} at {when(one.started_at)}, {one.status}",
                ("version", "host_group", "started_at", "status"),
            ),
            **question.span,
        )
    )


def _changes(question: Question) -> Asked:
    return (
        yield from question.rows(
            "changes", "list_changes", Change, lambda one: (arrived(one), ("id", "title", "author")), **question.span
        )
    )


def _docs(question: Question) -> Asked:
    return (
        yield from question.rows(
            "docs",
            "search_docs",
            DocHit,
            lambda one: (
                f"{one.path}, {one.section or one.title}: “{' '.join(one.text.split())[:200]}”",
                ("path", "text"),
            ),
            text=question.asked.question[:400],
        )
    )


def _said(question: Question) -> Asked:
    return (
        yield from question.rows(
            "discussion",
            "search_discussions",
            Message,
            lambda one: (f"{one.author} in {one.channel} at {when(one.at)}: “{one.text}”", ("author", "at", "text")),
            text=question.asked.question[:400],
            start=question.asked.start,
            end=question.asked.end,
        )
    )


def _callers(question: Question) -> Asked:
    account, function = question.account, question.asked.function
    found = yield from account.ask(
        "callers", question.asked.question, "callers_callees", CallNeighbours, function=function, **question.span
    )
    if found is None:
        return question.failed()
    told = []
    for side in ("callers", "callees"):
        edges = getattr(found, side)[:TOP]
        told.append(f"{side}: {', '.join(f'{one.function} {100 * one.part:.0f} %' for one in edges) or 'none'}")
        evidence = [
            cite("callers", found, f"{side}.{i}.{name}") for i in range(len(edges)) for name in ("function", "part")
        ]
        account.claim(f"{told[-1]}.", *(evidence or [cite("callers", found, side)]))
    summary = f"{function}, {share(found.gcpu)} of {found.service}'s CPU in {found.window}; {'; '.join(told)}."
    account.claim(f"Its gCPU is {share(found.gcpu)}.", cite("callers", found, "gcpu"))
    return account.end("explained", summary)


def _source(question: Question) -> Asked:
    account, function = question.account, question.asked.function
    found = yield from account.ask(
        "source", question.asked.question, "read_function", FunctionSource, function=function
    )
    if found is None:
        return question.failed()
    told = f"{function} is in {found.file}, lines {found.first_line} to {found.last_line}, at {found.revision[:12]}."
    account.claim(told, *(cite("source", found, name) for name in ("file", "first_line", "last_line", "source")))
    return account.end("explained", told)


def _logs(question: Question) -> Asked:
    """Who writes most; how many records, where extracts do not cover the window."""
    account = question.account
    found = yield from account.ask(
        "logs", question.asked.question, "log_volume", Listing[LogGroup], limit=TOP, **question.span
    )
    if found is None:
        return question.failed()
    if not found.rows:
        account.gaps.append(f"logs: no record in {found.searched}")
        return (yield from _metric(question, "log_records"))
    for place, one in enumerate(found.rows[:TOP]):
        account.claim(
            f"{one.logger} at {one.level}: {one.records} records, {share(one.share)} of all, like “{one.template}”",
            *(
                cite("logs", found, f"rows.{place}.{name}")
                for name in ("logger", "level", "records", "share", "template")
            ),
        )
    return question.listed("logs", found)


def _series(question: Question) -> Asked:
    words = question.asked.question
    return (
        yield from _metric(
            question, next(name for sign, name in METRICS.items() if re.search(sign, words, re.IGNORECASE))
        )
    )


def _metric(question: Question, metric: str) -> Asked:
    """Mean of each series of a metric; of counted things the sum as well."""
    asked, account = question.asked, question.account
    found = yield from account.ask(
        "series",
        asked.question,
        "metric_range",
        Listing[Series],
        metric=metric,
        start=asked.start,
        end=asked.end,
        labels={"service": asked.service},
    )
    if found is None:
        return question.failed()
    for place, one in enumerate(found.rows[:TOP]):
        known = [i for i, value in enumerate(one.values) if value is not None]
        if known:
            total = sum(one.values[i] or 0.0 for i in known)
            mean, unit = total / len(known), one.metric.unit
            counted = f"{total:,.0f} in all, " if metric in COUNTED else ""
            account.claim(
                f"{metric} of {one.labels.get('endpoint', asked.service)}: {counted}{mean:.4g} {unit} on average of "
                f"buckets of {one.step_seconds / 60:g} min in {one.window}",
                cite("series", found, f"rows.{place}.values.{known[0]}"),
                cite("series", found, f"rows.{place}.values.{known[-1]}"),
            )
    return question.listed("series", found)


def _requests(question: Question) -> Asked:
    return (
        yield from question.rows(
            "requests",
            "top_endpoints",
            EndpointLoad,
            lambda one: (
                f"{one.endpoint}: {one.requests or 0:,.0f} requests ({one.per_second or 0:.1f} a second, "
                f"{share(one.traffic_share or 0)} of traffic), {share(one.gcpu)} of CPU",
                ("endpoint", "requests", "per_second", "gcpu"),
            ),
            **question.span,
        )
    )


def _cost(question: Question) -> Asked:
    asked, account = question.asked, question.account
    if asked.function is None and question.names:
        return (yield from _cost_of_a_name(question, question.names[0]))
    if asked.function is None:
        say: Callable[[FunctionCost], tuple[str, Sequence[str]]] = lambda one: (  # noqa: E731  # one expression
            f"{one.function}: {share(one.gcpu)} of {asked.service}'s CPU in {question.window}, own code "
            f"{share(one.self_share)}",
            ("function", "gcpu", "self_share"),
        )
        given = {**question.span, "own_only": True, "limit": TOP}
        return (yield from question.rows("cost", "top_functions", FunctionCost, say, **given))
    found = yield from account.ask(
        "history", asked.question, "function_history", Series, function=asked.function, **question.span
    )
    if found is None:
        return question.failed()
    known = [i for i, value in enumerate(found.values) if value is not None]
    if not known:
        return account.end("not_found", f"{asked.function} has no samples in {question.window}.")
    weights = [found.counts[i] if found.counts else 1 for i in known]
    mean = sum(w * (found.values[i] or 0.0) for i, w in zip(known, weights, strict=True)) / max(sum(weights), 1)
    told = f"{asked.function} takes {share(mean)} of {asked.service}'s CPU in {found.window}, callees included."
    account.claim(told, *(cite("history", found, f"values.{i}") for i in (known[0], known[-1])))
    return account.end("explained", told)


def _cost_of_a_name(question: Question, name: str) -> Asked:
    """What an experiment of that name costs; a name that nobody resolved is not answered with something else's cost."""
    account = question.account
    found = yield from account.ask(
        "experiments", "Is it an experiment?", "list_experiments", Listing[Experiment], service=question.asked.service
    )
    if found is None:
        return question.failed()
    one = next((row for row in found if name in (row.experiment_id, row.change_id.partition(":")[2])), None)
    if one is None:
        account.claim(f"{name} is none of {found.total} experiments.", cite("experiments", found, "total"))
        return account.end("not_enough_data", f"I do not know what {name} is.", "Give a function as `module:qualname`.")
    result = yield from account.ask(
        "result", "What does it cost?", "experiment_result", ExperimentResult, experiment_id=one.experiment_id
    )
    if result is None:
        return question.failed()
    told = f"{one.experiment_id} “{one.name}” ({one.owner}): {result.verdict}"
    account.claim(
        told, *(cite("result", result, field) for field in ("verdict", "measured_cost", "experiment.planned_cost"))
    )
    return account.end("explained", f"{told}.")


def _fleet(question: Question) -> Asked:
    account, service = question.account, question.asked.service
    found = yield from account.ask("fleet", question.asked.question, "power_plan", PowerPlan, service=service, limit=1)
    if found is None:
        return question.failed()
    known = [(i, one.fleet) for i, one in enumerate(found.fleets) if one.fleet.servers is not None]
    for place, one in known:
        account.claim(f"{one.name} has {one.servers:g} servers", cite("fleet", found, f"fleets.{place}.fleet.servers"))
    if not known:
        return account.end(
            "not_found", f"The number of servers of {service or 'any service'} is not set in effnb.toml."
        )
    return account.end("explained", f"{' · '.join(one.claim for one in account.findings)}.")


@dataclass(frozen=True)
class Kind:
    """A kind of question."""

    words: str
    """Any of these makes a question one of this kind."""
    answer: Callable[[Question], Asked] | None
    """What answers it; null for kinds that no tool answers."""
    needs: tuple[str, ...] = ()
    """Inputs without which there is no answer."""


SPAN = ("service", "start", "end")
WORDS = {"service": "a service", "function": "a function", "start": "a time", "end": "a time"}
METRICS = {
    r"latency|slow|p95|response time": "latency_p95",
    r"memory|\brss\b": "memory_rss",
    r"errors?\b|failures?\b": "errors",
}
RECORDS = r"\b(?:copy|json|pickle):|serial|record"
"""Functions that copy, encode or build records."""
COUNTED = ("errors", "log_records", "requests")
"""Metrics whose values are counts a bucket."""
KINDS = (
    Kind(r"\bwill\b|next (?:week|month|year)|forecast|predict|\bshould\b|worth", None),
    Kind(r"\bmoney\b|dollars?\b|euros?\b|\bkwh\b|\bwatts?\b|energy|carbon", None),
    Kind(r"\bdropped|suppress|\bignor|let go|not (?:filed|reported)", _dropped),
    Kind(r"\bwhy\b|\bcaused?\b|\breason", _why, ("service",)),
    Kind(r"\bowns?\b|\bowners?\b|responsible|which team|maintain", _owner),
    Kind(r"\bimprove|\bbetter\b|\bcheaper", _improvements),
    Kind(r"experiment|\bramp|\blaunch", _experiments),
    Kind(r"\bsettings?\b|\bconfig|\bflags?\b|\bset to\b|\bvalue of\b", _settings, SPAN),
    Kind(r"roll(?:ed)?[- ]?outs?\b|rolled out|deploy|\breleases?\b|\bversions?\b", _rollouts, SPAN),
    Kind(r"runbook|\bdocs?\b|documentation|\brules?\b|\bpolicy|how do (?:we|i)\b", _docs),
    Kind(r"\bsaid\b|\bsay\b|announce|discuss", _said),
    Kind(r"\bcalls\b|\bcallers?\b|\bcallees?\b|called by", _callers, ("function", *SPAN)),
    Kind(r"\bsource\b|\bcode of\b|show me the code", _source, ("function",)),
    Kind(r"\blogs?\b|\bloggers?\b|log (?:volume|records|lines)", _logs, SPAN),
    Kind("|".join(METRICS), _series, SPAN),
    Kind(r"\brequests?\b|\btraffic\b|endpoints?\b", _requests, SPAN),
    Kind(r"how many servers|fleet", _fleet),
    Kind(r"regress|\bworse|\brose\b|\brisen?\b|went up|\bdearer|increased", _regressions),
    Kind(r"\bchang(?:e|es|ed)\b|\bcommits?\b|\bmerged", _changes, SPAN),
    Kind(r"\bcosts?\b|expensive|\bcpu\b|\btop\b|\bmost\b|\bhot(?:test)?\b|\btrend\b|over time", _cost, SPAN),
)
NEAREST = (
    "I can tell what costs most in a service, and what changed in it, in a window.",
    "I can tell what got worse or better, what was dropped and why, and who owns it.",
    "I can tell requests, latency, memory, errors and log volume of a service in a window.",
)
