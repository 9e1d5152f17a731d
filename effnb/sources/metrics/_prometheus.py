"""Range queries against Prometheus, or anything that speaks its HTTP API (VictoriaMetrics, Mimir, Thanos).

Prometheus answers HTTP 400 to more than 11,000 steps a series, so long ranges are asked in pieces. It repeats the last
value for up to five minutes after a series ends: with a step shorter than the scrape interval values repeat as well.
"""

from __future__ import annotations

import json
import math
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.client import HTTPException, HTTPMessage
from typing import IO, Any, Literal

from effnb.domain import Metric, Series, Window
from effnb.errors import BadQuery, ConfigError, SourceDenied, SourceError, SourceUnavailable

MOST_STEPS = 11_000
Worse = Literal["more", "less"]
LARGEST_ANSWER = 256 << 20
BAD_QUERY = (400, 422)
DENIED = (401, 403)


class Prometheus:
    """A server, by the base URL in front of ``/api/v1``; ``token_env`` names the variable that holds a bearer token."""

    def __init__(self, url: str, token_env: str | None = None, timeout: float = 30.0) -> None:
        self.url = _checked(url)
        self.token_env = token_env
        self.timeout = timeout
        self._opener = urllib.request.build_opener(_SameHost())

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
        answer = self._load(f"{self.url}/api/v1/query_range?{urllib.parse.urlencode(asked)}", query)
        data = answer.get("data")
        if answer.get("status") != "success" or not isinstance(data, dict) or not isinstance(data.get("result"), list):
            raise SourceUnavailable(f"{self.url} did not answer as Prometheus does; check that the URL is its base")
        if data.get("resultType") != "matrix":
            raise BadQuery(f"query {query!r} returns a {data.get('resultType')}; ask for numbers over time")
        return [_object(entry, self.url) for entry in data["result"]]

    def _load(self, url: str, query: str) -> dict[str, Any]:
        try:
            with self._opener.open(self._request(url), timeout=self.timeout) as answer:
                body = answer.read(LARGEST_ANSWER + 1)
                unread = answer.length
        except urllib.error.HTTPError as error:
            raise self._refused(error, query) from error
        except TimeoutError as error:
            raise self._slow() from error
        except urllib.error.URLError as error:
            if isinstance(error.reason, TimeoutError):
                raise self._slow() from error
            raise SourceUnavailable(
                f"cannot reach {self.url}: {error.reason}; check the URL and that it runs"
            ) from error
        except (OSError, HTTPException) as error:
            raise SourceUnavailable(f"{self.url} broke off its answer ({error!r}); try again") from error
        if unread and len(body) <= LARGEST_ANSWER:
            raise SourceUnavailable(f"{self.url} broke off its answer after {len(body):,} bytes; try again")
        if len(body) > LARGEST_ANSWER:
            raise BadQuery(
                f"query {query!r} returns more than {LARGEST_ANSWER >> 20} MiB; aggregate it or raise the step"
            )
        return self._parsed(body)

    def _request(self, url: str) -> urllib.request.Request:
        headers = {"Accept": "application/json", "User-Agent": "effnb"}
        if self.token_env:
            token = os.environ.get(self.token_env, "").strip()
            if not token:
                raise ConfigError(f"the variable {self.token_env} for {self.url} is not set; export it with the token")
            headers["Authorization"] = f"Bearer {token}"
        return urllib.request.Request(url, headers=headers)  # noqa: S310  # http or https: checked in the constructor

    def _parsed(self, body: bytes) -> dict[str, Any]:
        try:
            return _object(json.loads(body), self.url)
        except (ValueError, RecursionError) as error:
            raise SourceUnavailable(f"{self.url} did not answer with JSON; check that the URL is its base") from error

    def _refused(self, error: urllib.error.HTTPError, query: str) -> SourceError:
        with error:
            said = _reason(error)
        if error.code in DENIED:
            how = f"check the token in {self.token_env}" if self.token_env else "name the token's variable in token_env"
            return SourceDenied(f"{self.url} answers HTTP {error.code}; {how}")
        if error.code in BAD_QUERY:
            return BadQuery(f"{self.url} refuses {query!r}: {said or f'HTTP {error.code}'}; correct the query")
        if error.code in _SameHost.codes:
            return SourceUnavailable(f"{self.url} redirects to another address; put its final URL into the settings")
        return SourceUnavailable(
            f"{self.url} answers HTTP {error.code} {said}".rstrip() + "; check the URL, then its log"
        )

    def _slow(self) -> SourceUnavailable:
        return SourceUnavailable(
            f"{self.url} gave no answer in {self.timeout:g} s; shorten the window or raise the timeout"
        )


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows a redirect only to the same scheme, host and port: the token must not travel."""

    codes = (301, 302, 303, 307, 308)

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        here, there = urllib.parse.urlsplit(req.full_url), urllib.parse.urlsplit(newurl)
        if (here.scheme, here.netloc) != (there.scheme, there.netloc):
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _checked(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    if parts.username or parts.password:
        raise ConfigError(
            f"the URL of {parts.hostname} holds a password; put a token into a variable and name it in token_env"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"{url!r} is no address of a Prometheus; write http://HOST:PORT or https://HOST")
    return url.rstrip("/")


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


def _object(value: object, url: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SourceUnavailable(f"{url} did not answer as Prometheus does; check that the URL is its base")
    return value


def _reason(error: urllib.error.HTTPError) -> str:
    """The server's own words, in one short line; empty when it gives none."""
    try:
        answer = json.loads(error.read(1 << 16))
    except (ValueError, OSError, HTTPException, RecursionError):
        return ""
    return " ".join(str(answer.get("error", "")).split())[:200] if isinstance(answer, dict) else ""
