"""What an answer stands on: calls made through the gate, and values cited from them and from nowhere else.

Readers say numbers only through ``Result.cite`` and its kin, so that each is evidence; ``grounded`` then checks every
piece against the calls, as the conclusions of skills are checked. A field may sum up values of one result, e.g.
``sum(rows.*.requests)``, and is computed again from the result when it is checked.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from effnb.domain import Actor, Evidence, ToolCall
from effnb.errors import SkillError, ToolFailed
from effnb.skills import is_equal, query_of, value_at
from effnb.tools import Origin, Toolbox, plain

SUMMED = re.compile(r"(sum|mean|count)\((.+)\)")
NAME = "ask"


@dataclass
class Ledger:
    """The calls of one question and what was cited from them.

    Args:
        toolbox: The tools, bound to the person who asks.
    """

    toolbox: Toolbox
    calls: list[ToolCall] = field(default_factory=list)
    values: list[Evidence] = field(default_factory=list)

    def __post_init__(self) -> None:
        person = self.toolbox.gate.actor
        agent = Actor(kind="agent", name=NAME, surface=person.surface, on_behalf=person.name)
        self.toolbox = self.toolbox.acting_as(person if person.kind == "mcp" else agent)

    def call(self, tool: str, why: str, /, **args: Any) -> Result:
        """The result of one call; arguments that are null are left out.

        Raises:
            ToolFailed: There is no result; the reason is kept with the call.
        """
        given = {name: value for name, value in args.items() if value is not None}
        key = f"c{len(self.calls) + 1}"
        begun, clock = datetime.now(UTC), time.perf_counter()
        made = ToolCall(id=key, step=key, tool=tool, args=plain(given), why=why, status="pending", started_at=begun)
        try:
            result = plain(self.toolbox.call(tool, given, Origin(call=key)))
        except ToolFailed as error:
            self.calls.append(made.model_copy(update={"status": "failed", "error": str(error)}))
            raise
        ended = {"status": "success", "result": result, "seconds": time.perf_counter() - clock}
        self.calls.append(made.model_copy(update=ended))
        return Result(key, result, self)


@dataclass(frozen=True)
class Result:
    """What one call returned, as plain JSON."""

    call: str
    """Its id."""
    data: Any
    """The result."""
    ledger: Ledger
    """Where citations are noted."""

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Rows of a listing."""
        found: list[dict[str, Any]] = self.data["rows"]
        return found

    def cite(self, path: str, say: Callable[[Any], str] = str) -> str:
        """The value at a path in words, noted as evidence."""
        value = field_value(self.data, path)
        self.ledger.values.append(Evidence(call=self.call, field=path, value=value))
        return "none" if value is None else say(value)


def field_value(result: Any, path: str) -> Any:
    """The value of a field: what lies at a path, or a sum, mean or count of what lies at several (nulls left out)."""
    summed = SUMMED.fullmatch(path)
    if summed is None:
        return value_at(result, path)
    values = [value for value in _spread(result, summed[2].split(".")) if value is not None]
    if summed[1] == "count":
        return len(values)
    if not values:
        return None
    return statistics.fmean(values) if summed[1] == "mean" else sum(values)


def _spread(value: Any, names: list[str]) -> Iterator[Any]:
    """Values at a path whose ``*`` stand for every position of a list, and ``name=value`` for rows that have it."""
    if not names:
        yield from value if isinstance(value, list) else [value]
    elif names[0] == "*":
        for one in value:
            yield from _spread(one, names[1:])
    elif "=" in names[0]:
        name, _, wanted = names[0].partition("=")
        for one in value:
            if str(one.get(name)) == wanted:
                yield from _spread(one, names[1:])
    else:
        yield from _spread(value_at(value, names[0]), names[1:])


def grounded(
    values: Sequence[Evidence], calls: Sequence[ToolCall], source: Callable[[str], str]
) -> tuple[Evidence, ...]:
    """The evidence, each piece once, with source, query and time of its call filled in.

    Raises:
        SkillError: A piece cites a call that did not succeed, or a value that the call did not return.
    """
    by_id = {call.id: call for call in calls if call.status == "success"}
    checked: dict[tuple[str, str], Evidence] = {}
    for one in values:
        call = by_id.get(one.call)
        if call is None:
            raise SkillError(f"evidence cites call {one.call!r}, which has no result; cite one that has")
        found = field_value(call.result, one.field)
        if not is_equal(found, one.value):
            raise SkillError(f"evidence says {one.call}.{one.field} is {one.value!r}; the tool returned {found!r}")
        told = {"source": source(call.tool), "query": query_of(call), "fetched_at": call.started_at}
        checked[one.call, one.field] = one.model_copy(update=told)
    return tuple(checked.values())
