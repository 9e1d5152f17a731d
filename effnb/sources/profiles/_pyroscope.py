"""Profiles from a Pyroscope server, through its Connect RPC API (``querier.v1.QuerierService/SelectMergeStacktraces``).

The API has no selector "stacks that contain this function": one query a bucket and service brings all of them, as
pprof, and the store does the rest. Messages are written and read on the wire: four fields do not need generated code.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from effnb.domain import Profile, Window
from effnb.errors import BadQuery, SourceUnavailable
from effnb.sources._http import Server
from effnb.sources.profiles import _pprof
from effnb.sources.profiles._limits import FormatError, Limits
from effnb.sources.profiles._wire import fields

METHOD = "/querier.v1.QuerierService/SelectMergeStacktraces"
PPROF = 4
"""``ProfileFormat.PROFILE_FORMAT_PPROF``; a server that does not know it answers with a flame graph."""
FLAME_GRAPH_ANSWER, PPROF_ANSWER, PROFILE = 1, 5, 1
"""Field numbers of the answer, and of the profile inside its pprof message."""
PROTO = "application/proto"
DEFAULT_LIMITS = Limits()


class Pyroscope:
    """A server; ``selectors`` maps each service to its label selector, e.g. ``{service_name="web"}``."""

    def __init__(
        self,
        server: Server,
        selectors: Mapping[str, str],
        *,
        profile_type: str,
        step_seconds: int,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._server = server
        self._selectors = dict(selectors)
        self._type = profile_type
        self._step = step_seconds
        self._limits = limits
        self.place = f"{server.url} {profile_type}"

    def services(self) -> tuple[str, ...]:
        """Configured services, sorted."""
        return tuple(sorted(self._selectors))

    def fetch_profiles(self, service: str, window: Window) -> Iterator[Profile]:
        """One profile a bucket that starts inside the window, oldest first; buckets without samples are left out.

        Labels: ``service``, ``time`` (start of the bucket), ``duration_seconds``, and what the answer says of itself.
        """
        if service not in self._selectors:
            raise BadQuery(
                f"no selector for service {service!r} of {self._server.url}; configured: {', '.join(self.services())}"
            )
        first = math.ceil(window.start.timestamp() / self._step) * self._step
        for start in range(first, math.ceil(window.end.timestamp()), self._step):
            profile = self._merged(service, start)
            if profile is not None:
                yield profile

    def _merged(self, service: str, start: int) -> Profile | None:
        selector = self._selectors[service]
        # The API's end is inclusive and in milliseconds.
        request = _request(self._type, selector, start * 1000, (start + self._step) * 1000 - 1)
        headers = {"Content-Type": PROTO, "Connect-Protocol-Version": "1"}
        body = self._server.fetch(METHOD, asked=selector, accept=PROTO, body=request, headers=headers)
        try:
            pprof = self._pprof_in(body)
            found = _pprof.read(pprof, self._limits) if pprof else []
        except FormatError as error:
            raise SourceUnavailable(f"{self._server.url} did not answer with a profile: {error}") from error
        if not any(profile.samples for profile in found):
            return None
        if len(found) > 1:
            raise BadQuery(f"{self._server.url} answers {selector} with several sample types; name one in profile_type")
        labels = {"service": service, "time": datetime.fromtimestamp(start, tz=UTC).isoformat()}
        return found[0].model_copy(update={"labels": found[0].labels | labels | {"duration_seconds": str(self._step)}})

    def _pprof_in(self, body: bytes) -> bytes:
        """The pprof message of an answer; empty when nothing was sampled."""
        answer = dict(fields(body))
        wrapped = answer.get(PPROF_ANSWER)
        if isinstance(wrapped, bytes):
            profile = dict(fields(wrapped)).get(PROFILE, b"")
            return profile if isinstance(profile, bytes) else b""
        if answer.get(FLAME_GRAPH_ANSWER):
            raise SourceUnavailable(f"{self._server.url} cannot answer in pprof format; update Pyroscope")
        if body:
            raise self._server.not_itself()
        return b""


def _request(profile_type: str, selector: str, start_ms: int, end_ms: int) -> bytes:
    """``SelectMergeStacktracesRequest`` on the wire."""
    return _text(1, profile_type) + _text(2, selector) + _number(3, start_ms) + _number(4, end_ms) + _number(6, PPROF)


def _text(number: int, text: str) -> bytes:
    data = text.encode()
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
