"""Whether the evidence a conclusion cites is what the tools returned. Checked by code, whoever wrote the conclusion."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from effnb.domain import Evidence, Finding, Resolution, ToolCall
from effnb.errors import SkillError
from effnb.tools import plain

RELATIVE_TOLERANCE = 1e-9


def value_at(result: Any, field: str) -> Any:
    """The value at a path such as ``candidates.0.score`` in plain JSON; names that contain a dot cannot be reached.

    Raises:
        SkillError: Nothing lies at that path.
    """
    value = result
    for name in field.split(".") if field else []:
        try:
            value = value[int(name)] if isinstance(value, list) else value[name]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise SkillError(f"the result has no field {field!r}: nothing at {name!r}") from error
    return value


def is_equal(left: Any, right: Any) -> bool:
    """Whether two JSON values say the same; numbers to one part in 10⁹."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return math.isclose(left, right, rel_tol=RELATIVE_TOLERANCE)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(is_equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(is_equal(left[key], right[key]) for key in left)
    return type(left) is type(right) and bool(left == right)


def check_evidence(
    resolution: Resolution,
    calls: Iterable[ToolCall],
    *,
    load: Callable[[Any], Any] = lambda result: result,
    source: Callable[[str], str] = lambda tool: tool,
) -> Resolution:
    """The resolution with source, query and time of every piece of evidence filled in.

    Args:
        resolution: The conclusion, as its author wrote it.
        calls: The calls of the run.
        load: Turns the result kept in a call into the full JSON result.
        source: System that a tool's answers come from.

    Raises:
        SkillError: Evidence cites a call that did not succeed, or a value that the call did not return; or the
            conclusion names a cause that no evidence cites.
    """
    by_id = {name: call for call in calls for name in (call.id, call.step)}

    def checked(evidence: Evidence) -> Evidence:
        call = by_id.get(evidence.call)
        if call is None or call.status != "success":
            state = "did not run" if call is None else call.status
            raise SkillError(f"evidence cites step {evidence.call!r}, which {_ended(state)}; cite one with a result")
        found = value_at(load(call.result), evidence.field)
        if not is_equal(found, plain(evidence.value)):
            raise SkillError(
                f"evidence says {evidence.call}.{evidence.field or '*'} is {_short(evidence.value)}; "
                f"the tool returned {_short(found)}"
            )
        return evidence.model_copy(
            update={"source": source(call.tool), "query": query_of(call), "fetched_at": call.started_at}
        )

    findings = tuple(
        Finding(claim=finding.claim, evidence=tuple(checked(one) for one in finding.evidence))
        for finding in resolution.findings
    )
    cited = [evidence.value for finding in findings for evidence in finding.evidence]
    if resolution.cause is not None and resolution.cause not in cited:
        raise SkillError(f"the conclusion names {resolution.cause!r} as the cause, and no evidence cites it")
    return resolution.model_copy(update={"findings": findings})


def query_of(call: ToolCall) -> str:
    """The call as one would type it: ``tool(name=value, …)``."""
    return f"{call.tool}({', '.join(f'{name}={value!r}' for name, value in call.args.items())})"


def _ended(state: str) -> str:
    return {"failed": "failed", "denied": "was denied", "pending": "has not run yet"}.get(state, state)


def _short(value: Any, limit: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
