"""One question as it is understood: what it names, what span it is about, and which calls have been made for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from effnb.agent._entities import Kind, Mention, Names, Reading
from effnb.agent._grounds import Ledger, Result
from effnb.domain import Regression, Window

TOP = 5
"""Rows of a listing that are told."""


class Declined(Exception):
    """The question cannot be answered, with the reason."""


class Unclear(Declined):
    """The question lacks what only the person can say."""


@dataclass
class Asked:
    """A question on its way to an answer.

    Args:
        question: As it was asked.
        reading: The names in it.
        meant: What its other words say.
        windows: Spans it names.
        names: All names here.
        ledger: Where calls and citations are noted.
        rest: Its words without names and times.
    """

    question: str
    reading: Reading
    meant: frozenset[str]
    windows: tuple[Window, ...]
    names: Names
    ledger: Ledger
    rest: str = ""
    chart: str = ""
    hints: list[str] = field(default_factory=list)

    def call(self, tool: str, **args: Any) -> Result:
        """The result of one call."""
        return self.ledger.call(tool, self.question, **args)

    def says(self, *meanings: str) -> bool:
        """Whether the question says any of these."""
        return bool(self.meant & set(meanings))

    def named(self, *kinds: Kind) -> str | None:
        """What the question names of these kinds; null when nothing."""
        mention = self.reading.of(*kinds)
        return mention.names[0] if mention is not None else None

    @property
    def window(self) -> Window:
        """The span asked about; everything that is stored when none was named."""
        if self.windows:
            return self.windows[0]
        return self.stored

    @property
    def stored(self) -> Window:
        """The span of the stored samples."""
        if self.names.data is None:
            raise Declined("nothing was ingested yet, so there is nothing to answer from")
        return self.names.data

    @property
    def span(self) -> dict[str, Any]:
        """The span as most tools take it."""
        return {"start": self.window.start, "end": self.window.end}

    @property
    def when(self) -> str:
        """The span in words."""
        return f"{self.window}" if self.windows else f"{self.window}, all that is stored"

    def service(self, function: str | None = None) -> str:
        """The service named, or the only one that what is named belongs to."""
        named = [one.names[0] for one in self.reading.mentions if one.kind == "SERVICE"]
        if len(named) > 1:
            raise Unclear(f"the question names several services: {', '.join(named)}; ask about one")
        if named:
            return named[0]
        endpoint = self.named("ENDPOINT")
        if endpoint is not None:
            return self.names.endpoints[endpoint][0]
        regression = self.named("REGRESSION")
        filed = next((one for one in self.names.filed if one.id == regression), None)
        if filed is not None:
            return filed.service
        if function is not None:
            return self._only_service(function)
        if len(self.names.services) == 1:
            return self.names.services[0]
        raise Unclear(f"which service? There are: {', '.join(self.names.services)}")

    @property
    def service_if_named(self) -> str | None:
        """The service named; null when none is."""
        return self.service() if self.reading.of("SERVICE", "ENDPOINT") is not None else None

    def function(self) -> str:
        """The one function the question is about; the handler where it names an endpoint."""
        mentions = [one for one in self.reading.mentions if one.kind == "FUNCTION"]
        if mentions and self.reading.of("ENDPOINT") is not None:
            raise Declined("the question names a function and an endpoint, and no call relates them; ask about one")
        if len(mentions) > 1:
            raise Declined(f"the question names {len(mentions)} functions, and no call compares them; ask about one")
        if mentions:
            return self._only(mentions[0])
        endpoint = self.named("ENDPOINT")
        if endpoint is not None:
            return self.names.endpoints[endpoint][1]
        regression = self.named("REGRESSION")
        filed = next((one for one in self.names.filed if one.id == regression), None)
        if filed is not None:
            return filed.function
        raise Unclear("which function? Give its name, e.g. module:qualname")

    def resolved(self, mention: Mention) -> str:
        """The function that is meant by one mention; the handler for an endpoint."""
        return self._only(mention) if mention.kind == "FUNCTION" else self.names.endpoints[mention.names[0]][1]

    def _only(self, mention: Mention) -> str:
        fits = mention.names
        service = self.named("SERVICE")
        if len(fits) > 1 and service is not None:
            fits = tuple(name for name in fits if name in self.names.sampled.get(service, ())) or fits
        if len(fits) > 1:
            raise Unclear(f"“{mention.said}” fits {', '.join(fits)}; which one?")
        return fits[0]

    def _only_service(self, function: str) -> str:
        services = self.names.services_of(function)
        if len(services) == 1:
            return services[0]
        if not services:
            raise Declined(f"no service has samples of {function}")
        raise Unclear(f"{function} runs in {', '.join(services)}; in which of them?")

    def filed(self, *kinds: str) -> Regression:
        """The filed change of cost that is meant: by its id, by its function, or the only one of the service."""
        wanted = kinds or ("regression", "planned", "improvement")
        every = [one for one in self.names.filed if one.kind in wanted]
        key = self.named("REGRESSION")
        if key is not None:
            found = [one for one in self.names.filed if one.id == key]
            if not found:
                raise Declined(f"nothing is filed under {key}")
            return found[0]
        service = self.service_if_named
        if service is not None:
            every = [one for one in every if one.service == service]
        if self.windows:
            every = [one for one in every if self.window.contains(one.change_point.at)]
        mention = self.reading.of("FUNCTION", "ENDPOINT")
        if mention is not None:
            names = mention.names if mention.kind == "FUNCTION" else (self.function(),)
            carried = [one for one in every if set(one.carriers) & set(names)]
            every = [one for one in every if one.function in names]
            if carried and not every:
                other = carried[0]
                raise Declined(
                    f"nothing is filed for {mention.said} itself; "
                    f"it carries the change of {other.function} ({other.id})"
                )
        where = self._where(mention, service)
        if not every:
            raise Declined(f"no such change of cost is filed{where}")
        if len(every) > 1:
            listed = ", ".join(f"{one.id} ({one.function})" for one in every[:TOP])
            raise Unclear(f"{len(every)} changes of cost are filed{where}: {listed}; which one?")
        return every[0]

    def _where(self, mention: Mention | None, service: str | None) -> str:
        parts = [f" for {mention.said}" if mention is not None else "", f" in {service}" if service else ""]
        return "".join(parts) + (f" within {self.window}" if self.windows else "")


Reader = Callable[[Asked], str]
