"""What a question names: services, functions, endpoints, settings, changes, as this workspace knows them.

A name is taken only when it is one here; what looks like a name and is none is reported, never replaced by the nearest.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from effnb.domain import Regression, Window

if TYPE_CHECKING:
    from effnb.workspace import Workspace

Kind = Literal[
    "REGRESSION", "FIX", "OPPORTUNITY", "CHANGE", "FLAG", "KEY", "EXPERIMENT", "DOC", "FUNCTION", "ENDPOINT",
    "SERVICE", "METRIC", "STAGE", "GROUP", "PATTERN", "LEVEL", "PATH", "QUOTED",
]  # fmt: skip
METRIC_WORDS = {
    "latency_p95": (
        "p95 latency", "latency p95", "95th percentile latency", "95th percentile", "p95", "latency", "latencies",
        "response time", "response times",
    ),
    "memory_rss": ("resident memory", "memory use", "memory usage", "memory", "rss", "ram"),
    "errors": ("failed requests", "error count", "errors", "error", "failures"),
    "log_records": ("log records", "log volume", "log lines", "records logged", "lines logged"),
}  # fmt: skip
"""What people call the metrics that a workspace may have."""
STAGE_FORMS = ("stage {}", "{} stage", "as {}", "because of {}", "due to {}")
STAGE_WORDS = {
    "cost-shift": ("cost shift", "cost shifts", "moved cost"),
    "went-away": ("went away", "transient", "transients"),
}
SUBJECT = re.compile(r"\b(?:does|did|is|was|has|made|makes|calls?|owns?|function|method)\s*$", re.IGNORECASE)
BEFORE = re.compile(
    r"\b(?:of|by|into|on|to|for|in|about|below|under|beneath|underneath|inside|within|from)\s*$", re.IGNORECASE
)
IDS = {
    "REGRESSION": re.compile(r"\breg-[0-9a-f]{4,}\b"),
    "FIX": re.compile(r"\bfix-[0-9a-f]{4,}\b"),
    "OPPORTUNITY": re.compile(r"\bopp-[0-9a-f]{4,}\b"),
}
COMMIT = re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{7,40}\b")
IDENTIFIER = re.compile(r"[A-Za-z_][\w.]*:[\w.<>]+|\b\w+(?:[._/]\w+)+\b|\b\w+/\w[\w/]*|\b[a-z]+[A-Z]\w+\b|\b\w+\(\)")
QUOTED = re.compile(r"`([^`]+)`|“([^”]+)”|\"([^\"]+)\"|'([^']{2,})'(?!\w)")


@dataclass(frozen=True)
class Mention:
    """A name in a question."""

    kind: Kind
    """What it names."""
    names: tuple[str, ...]
    """The names here that fit; several when the question does not say which."""
    said: str
    """As the question has it."""
    at: int
    """Where in the text."""


@dataclass(frozen=True)
class Reading:
    """A question with its names taken out."""

    mentions: tuple[Mention, ...]
    """The names, in order."""
    rest: str
    """The question with each name replaced by its kind in capitals."""
    unknown: tuple[str, ...] = ()
    """What looks like a name and is none here."""

    def of(self, *kinds: Kind) -> Mention | None:
        """The first mention of these kinds."""
        return next((one for one in self.mentions if one.kind in kinds), None)


@dataclass
class Names:
    """All names of a workspace.

    Args:
        workspace: The workspace.
        words: Words that questions are made of; a function of that name is meant only where a name is due.
    """

    workspace: Workspace
    words: frozenset[str] = frozenset()
    _near: list[str] = field(default_factory=list)

    @cached_property
    def services(self) -> tuple[str, ...]:
        """Known services."""
        return tuple(sorted(self.workspace.known_services))

    @cached_property
    def sampled(self) -> dict[str, frozenset[str]]:
        """Functions of each service that has samples."""
        every = self.workspace.samples
        cubes = {name: every.cube(name) for name in every.services()}
        return {name: frozenset(cube.functions) for name, cube in cubes.items() if cube is not None}

    @cached_property
    def data(self) -> Window | None:
        """The span that samples are stored for; null without any."""
        cubes = [cube for name in self.sampled if (cube := self.workspace.samples.cube(name)) is not None]
        spans = [cube.window for cube in cubes if cube.n_buckets]
        return Window(start=min(s.start for s in spans), end=max(s.end for s in spans)) if spans else None

    @cached_property
    def logged(self) -> dict[str, Window]:
        """The span that log extracts cover, by service."""
        source = self.workspace.logs
        spans = {name: source.covered(name) for name in source.services()} if source is not None else {}
        return {name: span for name, span in spans.items() if span is not None}

    @cached_property
    def filed(self) -> tuple[Regression, ...]:
        """Filed changes of cost of every kind."""
        found = self.workspace.findings
        return tuple(one for kind in ("regression", "planned", "improvement") for one in found.regressions(kind))

    @cached_property
    def endpoints(self) -> dict[str, tuple[str, str]]:
        """Service and handler of each endpoint."""
        return {
            endpoint: (service, handler)
            for service in self.services
            for endpoint, handler in self.workspace.settings.service(service).endpoints.items()
        }

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """Metrics with series in the store or in the configured source."""
        live = self.workspace.metrics.metrics() if self.workspace.metrics is not None else ()
        return tuple(sorted({one.metric.name for one in self.workspace.series.all()} | set(live)))

    @cached_property
    def stages(self) -> frozenset[str]:
        """Stages that dropped a change point."""
        return frozenset(one.stage for one in self.workspace.findings.suppressed())

    def services_of(self, function: str) -> tuple[str, ...]:
        """Services whose samples hold a function."""
        return tuple(name for name, held in self.sampled.items() if function in held)

    def example(self, kind: Kind) -> str:
        """A name of a kind that questions can be put with; empty when there is none."""
        return next((meant for found, meant in self._plain.values() if found == kind), "")

    def read(self, text: str) -> Reading:
        """The names in a question, the longest at each place."""
        taken: list[Mention] = []
        text = re.sub(r"[‘’]", "'", text)
        for mention in self._candidates(text):
            first, last = mention.at, mention.at + len(mention.said)
            if not any(first < one.at + len(one.said) and one.at < last for one in taken):
                taken.append(mention)
        taken.sort(key=lambda one: one.at)
        rest = text
        for one in reversed(taken):
            rest = f"{rest[: one.at]} {one.kind} {rest[one.at + len(one.said) :]}"
        unknown = tuple(m[0] for m in IDENTIFIER.finditer(rest) if not m[0].isupper() and m[0] != "gCPU")
        quoted = [found for found in QUOTED.finditer(rest) if not re.search(r"\b[A-Z]{3,}\b", found[0])]
        for found in reversed(quoted):
            inner = next(filter(None, found.groups()))
            taken.append(Mention("QUOTED", (inner,), found[0], found.start()))
            rest = f"{rest[: found.start()]} QUOTED {rest[found.end() :]}"
            unknown = tuple(one for one in unknown if one not in inner)
        return Reading(tuple(taken), rest, unknown)

    def nearest(self, name: str) -> str | None:
        """The known name most like one that is none here; null when none is alike."""
        by_short = {name.split(":")[-1].lower(): name for held in self.sampled.values() for name in held}
        by_short |= {one.lower(): one for one in (*self.services, *self.endpoints, *self._plain)}
        near = difflib.get_close_matches(name.strip("()").split(":")[-1].lower(), by_short, n=1, cutoff=0.75)
        return by_short[near[0]] if near else None

    def _candidates(self, text: str) -> Iterator[Mention]:
        for kind, pattern in IDS.items():
            yield from (Mention(kind, (m[0],), m[0], m.start()) for m in pattern.finditer(text))  # type: ignore[arg-type]
        for m in re.finditer(r"\b[\w.]+:[\w.<>]+", text):
            found = self._functions(m[0])
            if found:
                yield Mention("FUNCTION", found, m[0], m.start())
        for name in sorted(self._plain, key=len, reverse=True):
            kind, meant = self._plain[name]
            for m in _found(name, text):
                if kind != "SERVICE" or _is_service(text, m):
                    yield Mention(kind, (meant,), m[0], m.start())
        for m in re.finditer(r"\b[A-Za-z_]\w*(?:\.\w+)*(?:\(\))?", text):
            word = m[0].removesuffix("()")
            found = self._functions(word)
            if found and (word.lower() not in self.words or m[0] != word or _named(text, m)):
                yield Mention("FUNCTION", found, m[0], m.start())
        yield from (Mention("CHANGE", (m[0],), m[0], m.start()) for m in COMMIT.finditer(text))
        yield from (Mention("PATH", (m[0],), m[0], m.start()) for m in re.finditer(r"\b[\w/]+\.py\b", text))

    @cached_property
    def _own(self) -> dict[str, tuple[str, ...]]:
        """Own functions by each tail of their name: ``rank``, ``ranking.rank``, ``ranking:rank``, in lower case."""
        own = self.workspace.settings.workspace.own_code
        names = {name for held in self.sampled.values() for name in held}
        chosen = [name for name in names if not own or name.split(":")[0].split(".")[0] in own]
        found: dict[str, set[str]] = {}
        for name in chosen:
            for tail in _tails(name):
                found.setdefault(tail, set()).add(name)
        return {tail: tuple(sorted(having)) for tail, having in found.items()}

    def _functions(self, said: str) -> tuple[str, ...]:
        exact = tuple(said for held in self.sampled.values() if said in held)[:1]
        return exact or self._own.get(said.lower().replace(":", "."), ())

    @cached_property
    def _plain(self) -> dict[str, tuple[Kind, str]]:
        """Every way to say the names that are not functions; of two that are said alike the first."""
        found: dict[str, tuple[Kind, str]] = {}
        for kind, meant, said in self._sayings():
            for one in said:
                found.setdefault(one, (kind, meant))
        return found

    def _sayings(self) -> Iterator[tuple[Kind, str, Iterable[str]]]:
        """Kind, name, and the ways to say it."""
        workspace = self.workspace
        # Requests are a column of the endpoints' table, which says more than the bare series.
        for metric in (one for one in self.metrics if one != "requests"):
            yield "METRIC", metric, (metric, *METRIC_WORDS.get(metric, ()))
        for one in workspace.experiments.fetch_experiments() if workspace.experiments is not None else ():
            yield "EXPERIMENT", one.experiment_id, (one.experiment_id, one.name)
            key = one.change_id.removeprefix("flag:")
            yield "FLAG", key, (one.change_id, key, key.replace("_", " "), f"flag {key}", f"{key} flag")
        for change in (c for source in workspace.settings_histories for c in source.fetch_changes()):
            key = change.key or change.id.partition(":")[2]
            said = (change.id, key, re.sub(r"[._]", " ", key), *_last_part(key))
            yield "FLAG" if change.kind == "flag" else "KEY", key, said
        for page in workspace.docs.fetch_pages() if workspace.docs is not None else ():
            yield "DOC", page.path, _page_names(page.path, page.title)
        for endpoint in self.endpoints:
            yield "ENDPOINT", endpoint, (endpoint, endpoint.replace("_", " "), endpoint.replace("_", "-"))
        yield from (("SERVICE", service, (service,)) for service in self.services)
        for stage in self.stages:
            lone = (stage,) if "-" in stage else ()
            said = tuple(form.format(stage) for form in STAGE_FORMS)
            yield "STAGE", stage, (*lone, *STAGE_WORDS.get(stage, ()), *said)
        yield from (("GROUP", group, (group,)) for group in self._groups)
        for pattern in {one.pattern for one in workspace.opportunities.standing()}:
            yield "PATTERN", pattern, (pattern, pattern.replace("-", " "))
        for level in ("debug", "info", "warning", "error"):
            plural = ("warnings",) if level == "warning" else ()
            yield "LEVEL", level.upper(), (f"{level} level", f"level {level}", *plural)

    @cached_property
    def _groups(self) -> frozenset[str]:
        rollouts = self.workspace.rollouts
        return frozenset(one.host_group for one in rollouts.fetch_rollouts()) if rollouts is not None else frozenset()


def _found(name: str, text: str) -> Iterable[re.Match[str]]:
    return re.finditer(rf"(?<![\w.:/-]){re.escape(name)}(?![\w:/]|-\w|\.\w)", text, re.IGNORECASE)


def _is_service(text: str, found: re.Match[str]) -> bool:
    """Whether a service's name is meant where it may be a verb: "search the docs"."""
    before, after = text[: found.start()].strip(), text[found.end() :].lstrip()
    verb = not before or re.search(r"\b(?:please|to|can you|could you)$", before, re.IGNORECASE)
    return not (verb and re.match(r"(?:the|for|in|our|all)\b", after, re.IGNORECASE))


NEVER = frozenset(["of", "all", "get", "add", "open", "short"])
"""Functions' names that are words of any sentence: meant only when more of the name is given."""


def _named(text: str, found: re.Match[str]) -> bool:
    """Whether a word stands where a function's name is due: after "of", or beside "function"."""
    after = text[found.end() :]
    if found[0].lower() in NEVER:
        return False
    if re.match(r"\s*['’]s\b|\s+(?:function|method)\b", after, re.IGNORECASE):
        return True
    if SUBJECT.search(text[: found.start()]):
        return True
    if not BEFORE.search(text[: found.start()]):
        return False
    return (
        re.match(
            r"\s*(?:[?.,!;]|$|(?:in|take|takes|cost|get|since|on|from|call|calls|use|spend|become|got|for|TIME|SERVICE)\b)",
            after,
        )
        is not None
    )


def _tails(name: str) -> Iterator[str]:
    module, _, qualname = name.partition(":")
    parts = [*module.split("."), *qualname.split(".")]
    yield from (".".join(parts[i:]).lower() for i in range(len(parts)))
    if qualname.count("_"):
        yield qualname.replace("_", " ").lower()


def _page_names(path: str, title: str) -> Iterator[str]:
    """Ways to say a page: path, title, file name, and ``web runbook`` for ``runbook-web``."""
    stem = re.sub(r"\.\w+$", "", path).split("/")[-1]
    plain = stem.replace("-", " ")
    yield from (path, title, stem, plain, f"{plain} page")
    kind, dash, subject = stem.partition("-")
    if dash and kind == "runbook":
        yield from (f"{kind} {form} {subject}" for form in ("of", "for", "of the", "for the"))
        yield from (f"{subject} {kind}", f"{subject} service {kind}", f"{subject} service's {kind}")
        yield from (f"{kind} {form} the {subject} service" for form in ("of", "for"))


def _last_part(key: str) -> tuple[str, ...]:
    """The end of a dotted key where it is a name by itself."""
    last = key.rsplit(".", 1)[-1]
    return (last, last.replace("_", " ")) if "." in key and "_" in last else ()
