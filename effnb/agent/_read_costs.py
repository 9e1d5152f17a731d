"""Answers about cost and load: functions, callers, endpoints, histories and metrics."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from effnb.agent._asked import TOP, Asked, Declined, Unclear
from effnb.agent._grounds import Result, field_value
from effnb.agent._wording import amount, listing, number, percent, points, share

EVERY = 1000
COUNTED = frozenset({"errors", "log_records", "requests"})
"""Metrics whose buckets add up."""


def function_cost(asked: Asked) -> str:
    """One function's share of a service's CPU."""
    if sum(one.kind in ("FUNCTION", "ENDPOINT") for one in asked.reading.mentions) == 2:
        return related(asked)
    function = asked.function()
    service = asked.service(function)
    found = asked.call("top_functions", service=service, under=function, limit=EVERY, **asked.span)
    place = next((i for i, row in enumerate(found.rows) if row["function"] == function), None)
    if place is None:
        raise Declined(f"{function} has no samples in {service}, {asked.when}")
    gcpu, own = found.cite(f"rows.{place}.gcpu", share), found.cite(f"rows.{place}.self_share", share)
    samples = found.cite(f"rows.{place}.samples", number)
    if asked.says("selfshare"):
        told = f"itself takes {own} of {service}'s CPU, {gcpu} with its callees"
    else:
        told = f"takes {gcpu} of {service}'s CPU, callees included, {own} in its own code"
    return f"{function} {told} ({samples} samples), {asked.when}."


def top_functions(asked: Asked) -> str:
    """Where a service's CPU goes."""
    service = asked.service()
    under = asked.function() if asked.reading.of("FUNCTION", "ENDPOINT") is not None else None
    own = True if asked.says("functions") else None
    found = asked.call("top_functions", service=service, under=under, own_only=own, limit=EVERY, **asked.span)
    order = list(range(len(found.rows)))
    if asked.says("selfshare"):
        order.sort(key=lambda i: -found.rows[i]["self_share"])
    told = [
        f"{found.cite(f'rows.{i}.function')} {found.cite(f'rows.{i}.gcpu', share)} "
        f"({found.cite(f'rows.{i}.self_share', share)} its own code)"
        for i in order[:TOP]
    ]
    by = "own code" if asked.says("selfshare") else "gCPU, callees included"
    below = f" below {under}" if under else ""
    more = f" ({found.cite('total', number)} functions in all)" if found.data["total"] > TOP else ""
    return listing(f"{service}'s CPU{below} by {by}, {asked.when}{more}", told)


def related(asked: Asked) -> str:
    """What part of one function's cost is tied to another, which it calls or is called by."""
    first, second = (asked.resolved(one) for one in asked.reading.mentions if one.kind in ("FUNCTION", "ENDPOINT"))
    service = asked.service(first)
    found = asked.call("callers_callees", service=service, function=first, limit=EVERY, **asked.span)
    for side, how in (("callees", "goes into its call of"), ("callers", "is called by")):
        place = next((i for i, row in enumerate(found.data[side]) if row["function"] == second), None)
        if place is not None:
            part, whole = found.cite(f"{side}.{place}.part", share), found.cite(f"{side}.{place}.share", share)
            return f"{part} of {first} {how} {second}, which is {whole} of {service}'s CPU, {asked.when}."
    raise Declined(f"{first} and {second} do not call each other directly in the samples of {service}, {asked.when}")


def neighbours(asked: Asked) -> str:
    """Who calls a function, or what it calls."""
    if sum(one.kind in ("FUNCTION", "ENDPOINT") for one in asked.reading.mentions) == 2:
        return related(asked)
    function = asked.function()
    service = asked.service(function)
    found = asked.call("callers_callees", service=service, function=function, **asked.span)
    side = "callees" if asked.says("callee") else "callers"
    edges = found.data[side]
    gcpu = found.cite("gcpu", share)
    if not edges:
        found.cite(side, lambda _: "none")
        return f"{function} has no {side} in the samples of {service}, {asked.when}; it takes {gcpu} of the CPU."
    told = [
        f"{found.cite(f'{side}.{i}.function')} {found.cite(f'{side}.{i}.part', share)} of it "
        f"({found.cite(f'{side}.{i}.share', share)} of {service})"
        for i in range(min(TOP, len(edges)))
    ]
    return f"{side.capitalize()} of {function} ({gcpu} of {service}'s CPU), {asked.when}: {'; '.join(told)}."


def history(asked: Asked) -> str:
    """One function's share over time."""
    function = asked.function()
    service = asked.service(function)
    found = asked.call("function_history", service=service, function=function, **asked.span)
    asked.chart = found.call
    return f"gCPU of {function} in {service}, {asked.when}: {_course(found, '', share)}."


def compared(asked: Asked) -> str:
    """What differs between two spans."""
    if len(asked.windows) != 2:
        raise Unclear("which two spans? Name both, e.g. 8 October and 15 October")
    function = asked.function() if asked.reading.of("FUNCTION", "ENDPOINT") is not None else None
    service = asked.service(function)
    before, after = sorted(asked.windows, key=lambda one: one.start)
    found = asked.call("diff_profiles", service=service, before=before, after=after, function=function, limit=EVERY)
    asked.chart = found.call
    places = [i for i, row in enumerate(found.rows) if function in (None, row["function"])][:TOP]
    if not places:
        raise Declined(f"{function} has no samples in either span")
    told = [
        f"{found.cite(f'rows.{i}.function')} from {found.cite(f'rows.{i}.before', share)} to "
        f"{found.cite(f'rows.{i}.after', share)}, {found.cite(f'rows.{i}.delta', points)}"
        for i in places
    ]
    return f"gCPU in {service}, {before} against {after}: {'; '.join(told)}."


def endpoints(asked: Asked) -> str:
    """Traffic and cost of a service's endpoints."""
    service = asked.service()
    found = asked.call("top_endpoints", service=service, **asked.span)
    wanted = asked.named("ENDPOINT")
    order = [i for i, row in enumerate(found.rows) if wanted in (None, row["endpoint"])]
    if not order:
        raise Declined(f"{service} has no endpoint {wanted}")
    if wanted is None:
        key = _facet(asked)
        order.sort(key=lambda i: -(found.rows[i][key] or 0.0))
    told = [_endpoint(found, i) for i in order[:TOP]]
    total = ""
    if wanted is None and asked.says("count", "second"):
        total = (
            f"{found.cite('sum(rows.*.requests)', number)} requests in all, "
            f"{found.cite('sum(rows.*.per_second)', number)} a second; "
        )
    return f"{service}, {asked.when}: {total}{'; '.join(told)}."


def _facet(asked: Asked) -> str:
    if asked.says("perrequest"):
        return "relative_cost"
    return "requests" if asked.says("request", "trafficshare") and not asked.says("cost") else "gcpu"


def _endpoint(found: Result, i: int) -> str:
    row = found.rows[i]
    name, gcpu = found.cite(f"rows.{i}.endpoint"), found.cite(f"rows.{i}.gcpu", share)
    if row["requests"] is None:
        return f"{name} takes {gcpu} of the CPU; nobody counted its requests"
    return (
        f"{name} got {found.cite(f'rows.{i}.requests', number)} requests "
        f"({found.cite(f'rows.{i}.per_second', number)} a second, {found.cite(f'rows.{i}.traffic_share', share)} of "
        f"the traffic) and takes {gcpu} of the CPU, {found.cite(f'rows.{i}.relative_cost', number)} times the mean "
        f"per request"
    )


def metric(asked: Asked) -> str:
    """A metric's series in a span."""
    name = asked.named("METRIC")
    if name is None:
        raise Unclear(f"which metric? There are: {', '.join(asked.names.metrics)}")
    if asked.says("average") and name.endswith("_p95") and not re.search(r"p95|95", asked.question):
        raise Declined(f"a mean is not stored: {name} is a 95th percentile; ask for that")
    labels = {"service": asked.service()}
    if endpoint := asked.named("ENDPOINT"):
        labels["endpoint"] = endpoint
    found = asked.call("metric_range", metric=name, labels=labels, **asked.span)
    if not found.rows:
        raise Declined(f"no series of {name} has values for {', '.join(labels.values())}, {asked.when}")
    of = ", ".join(labels.values())
    order = sorted(range(len(found.rows)), key=lambda i: -(max(filter(None, found.rows[i]["values"]), default=0.0)))
    if len(order) == 1:
        asked.chart = found.call
    whole = ""
    if name in COUNTED and len(order) > 1:
        whole = f"{found.cite('sum(rows.*.values)', number)} in all; "
    told = [_series(found, i, endpoint or "") for i in order[:TOP]]
    return f"{name} of {of}, {asked.when}: {whole}{'; '.join(told)}."


def _series(found: Result, i: int, endpoint: str) -> str:
    row = found.rows[i]
    named = row["labels"].get("endpoint", "")
    lead = f"{found.cite(f'rows.{i}.labels.endpoint')}: " if named and named != endpoint else ""
    say = amount(row["metric"]["unit"])
    summed = f"{found.cite(f'sum(rows.{i}.values)', say)} in all, " if row["metric"]["name"] in COUNTED else ""
    every = f"{row['step_seconds'] / 60:g} min"
    return f"{lead}{summed}{_course(found, f'rows.{i}.', say)} (buckets of {every})"


def _course(found: Result, prefix: str, say: Callable[[Any], str]) -> str:
    """Mean, lowest, highest and newest value of a series."""
    values = field_value(found.data, f"{prefix}values")
    known = [i for i, value in enumerate(values) if value is not None]
    if not known:
        raise Declined("the series has no value in this span")
    highest, lowest = max(known, key=lambda i: values[i]), min(known, key=lambda i: values[i])
    cite = found.cite
    return (
        f"mean {cite(f'mean({prefix}values)', say)}, lowest {cite(f'{prefix}values.{lowest}', say)}, "
        f"highest {cite(f'{prefix}values.{highest}', say)}, newest {cite(f'{prefix}values.{known[-1]}', say)}"
    )


def power(asked: Asked) -> str:
    """The smallest rise that can be seen."""
    function = asked.function() if asked.reading.of("FUNCTION", "ENDPOINT") is not None else None
    service = asked.service(function)
    found = asked.call("power_plan", service=service, function=function, limit=EVERY)
    rows = found.data["fleets"][0]["functions"]
    places = [i for i, row in enumerate(rows) if function in (None, row["function"])][:TOP]
    if not places:
        raise Declined(f"nothing is known about the noise of {function or service}")
    hours, size = found.cite("terms.analysis_hours", number), found.cite("terms.size", points)
    told = []
    for i in places:
        at = f"fleets.0.functions.{i}"
        told.append(
            f"{found.cite(f'{at}.function')}: {found.cite(f'{at}.smallest_rise', points)} "
            f"({found.cite(f'{at}.smallest_relative', percent)}) within {hours} h; a rise of {size} after "
            f"{found.cite(f'{at}.hours_to_detect', number)} h"
        )
    return f"Smallest rise that can be seen in {service}: {'; '.join(told)}."
