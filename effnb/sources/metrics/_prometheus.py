"""Range queries against Prometheus, or anything that speaks its HTTP API (VictoriaMetrics, Mimir, Thanos).

Prometheus answers HTTP 400 to more than 11,000 steps a series, so long ranges are asked in pieces. It repeats the last
value for up to five minutes after a series ends: with a step shorter than the scrape interval values repeat as well.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Literal

from effnb.domain import Metric, Series, Window
from effnb.errors import BadQuery, SourceUnavailable
from effnb.sources._http import Server

MOST_STEPS = 11_000
Worse = Literal["more", "less"]


class Prometheus:
    """A server, by the base URL in front of ``/api/v1``; ``token_env`` names the variable that holds a bearer token."""

    def __init__(self, url: str, token_env: str | None = None, timeout: float = 30.0) -> None:
        self._server = Server(url, product="Prometheus", token_env=token_env, timeout=timeout)
        self.url = self._server.url

    def query_range(
        self, query: str, window: Window, step_seconds: int, *, unit: str = "unknown", worse: Worse = "more"
    ) -> list[Series]:
        """A series for each label set the query returns, sorted by labels; empty when nothing matched.

        The value at bucket ``t`` is the query's at the instant ``t``, so ``rate(x[5m])`` there covers the five minutes
        *before* ``t``. All series span the whole window; NaN, infinity and missing points are null. Choose the scrape
        interval or a multiple of it as step.

        Raises:
            SourceUnavailable: the server cannot be reached, is too slow, or does not answer as Prometheus.
            SourceDenied: it refuses the token.
            BadQuery: it refuses the query, or the answer is not a number a time.
        """
        if step_seconds < 1:
            raise BadQuery(f"cannot query every {step_seconds} s; give a step of one second or more")
        length = math.ceil(window.length.total_seconds() / step_seconds)
        found: dict[tuple[tuple[str, str], ...], list[float | None]] = {}
        for first, count in _pieces(length):
            start = window.start + timedelta(seconds=first * step_seconds)
            for entry in self._fetch(query, start, step_seconds, count):
                values = found.setdefault(_labels_of(entry, query), [None] * length)
                _place(entry, query, values, window.start, step_seconds)
        blank = Metric(name=query, unit=unit, worse=worse)
        return [
            _series(labels, blank, start=window.start, step_seconds=step_seconds, values=tuple(values))
            for labels, values in sorted(found.items())
        ]

    def _fetch(self, query: str, start: datetime, step: int, count: int) -> list[dict[str, Any]]:
        last = start + timedelta(seconds=step * (count - 1))
        asked = {"query": query, "start": _stamp(start), "end": _stamp(last), "step": str(step)}
        answer = self._server.get_json("/api/v1/query_range", asked, asked=repr(query))
        data = answer.get("data") if isinstance(answer, dict) else None
        entries = data.get("result") if isinstance(data, dict) and answer.get("status") == "success" else None
        if not isinstance(data, dict) or not isinstance(entries, list):
            raise self._server.not_itself()
        if data.get("resultType") != "matrix":
            raise BadQuery(f"query {query!r} returns a {data.get('resultType')}; ask for numbers over time")
        if not all(isinstance(entry, dict) for entry in entries):
            raise self._server.not_itself()
        return entries


def _pieces(length: int) -> Iterator[tuple[int, int]]:
    """First point and number of points of each request."""
    for first in range(0, length, MOST_STEPS):
        yield first, min(MOST_STEPS, length - first)


def _labels_of(entry: dict[str, Any], query: str) -> tuple[tuple[str, str], ...]:
    metric = entry.get("metric")
    if not isinstance(metric, dict) or "values" not in entry:
        raise BadQuery(
            f"query {query!r} returns histograms or no values; ask for numbers, e.g. with histogram_quantile"
        )
    return tuple(sorted((str(key), str(value)) for key, value in metric.items()))


def _place(entry: dict[str, Any], query: str, values: list[float | None], start: datetime, step: int) -> None:
    """Put each returned point into its bucket."""
    origin = start.timestamp()
    try:
        for at, text in entry["values"]:
            number = float(text)
            bucket = round((float(at) - origin) / step)
            if math.isfinite(number) and 0 <= bucket < len(values):
                values[bucket] = number
    except (TypeError, ValueError, OverflowError) as error:
        raise SourceUnavailable(
            f"the answer to {query!r} holds a point that is no number ({error}); check the server"
        ) from error


def _series(labels: tuple[tuple[str, str], ...], blank: Metric, **grid: Any) -> Series:
    """The series of one label set, under the metric's own name where the answer still has it."""
    rest = dict(labels)
    name = rest.pop("__name__", blank.name)
    return Series(metric=blank.model_copy(update={"name": name}), labels=rest, **grid)


def _stamp(when: datetime) -> str:
    return f"{when.timestamp():.3f}"
