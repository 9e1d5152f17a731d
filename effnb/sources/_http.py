"""Requests to one configured server, with every way they fail mapped to an error that says who can act.

Only http and https, only the configured host: a redirect or page link that leads elsewhere is not followed, so a token
never travels. Addresses that only a machine itself should ask (link-local ones, where clouds keep credentials) are
refused. An answer is bounded in bytes and in time, however slowly it drips.
"""

from __future__ import annotations

import ipaddress
import json
import os
import socket
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException, HTTPMessage, HTTPResponse
from typing import IO, Any

from effnb.errors import BadQuery, ConfigError, SourceDenied, SourceError, SourceUnavailable

LARGEST_ANSWER = 256 << 20
PIECE = 1 << 16
BAD_QUERY = (400, 422)
DENIED = (401, 403)
BUSY = 429


class Server:
    """A server by its base URL; ``token_env`` names the variable that holds a bearer token, never the token itself."""

    def __init__(
        self,
        url: str,
        *,
        product: str,
        token_env: str | None = None,
        timeout: float = 30.0,
        largest: int = LARGEST_ANSWER,
    ) -> None:
        self.url = _checked(url, product)
        self.product = product
        self.token_env = token_env
        self.timeout = timeout
        self.largest = largest
        self._opener = urllib.request.build_opener(_SameHost())

    def get_json(self, path: str, query: Mapping[str, str], *, asked: str) -> Any:
        """The JSON value at a path below the base; ``asked`` is the question as messages name it."""
        body = self.fetch(f"{path}?{urllib.parse.urlencode(query)}", asked=asked, accept="application/json")
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            raise SourceUnavailable(f"{self.url} did not answer with JSON; check that the URL is its base") from error

    def fetch(
        self,
        path: str,
        *,
        asked: str,
        accept: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """The bytes of an answer; with a body it is posted.

        Raises:
            ConfigError: the token's variable is not set, or the host is one that must not be asked.
            SourceUnavailable: the server cannot be reached, is too slow or busy, or breaks off.
            SourceDenied: it refuses the token.
            BadQuery: it refuses the question, or the answer is too large.
        """
        request = self._request(f"{self.url}{path}", body, {"Accept": accept, **(headers or {})})
        deadline = time.monotonic() + self.timeout
        try:
            with self._opener.open(request, timeout=self.timeout) as answer:
                return self._read(answer, deadline, asked)
        except urllib.error.HTTPError as error:
            raise self._refused(error, asked) from error
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

    def not_itself(self) -> SourceUnavailable:
        """The error for an answer that is well-formed and not this product's."""
        return SourceUnavailable(f"{self.url} did not answer as {self.product} does; check that the URL is its base")

    def _request(self, url: str, body: bytes | None, headers: dict[str, str]) -> urllib.request.Request:
        _refuse_local_services(urllib.parse.urlsplit(url).hostname or "")
        headers = {"User-Agent": "effnb", **headers}
        if self.token_env:
            token = os.environ.get(self.token_env, "").strip()
            if not token:
                raise ConfigError(f"the variable {self.token_env} for {self.url} is not set; export it with the token")
            headers["Authorization"] = f"Bearer {token}"
        return urllib.request.Request(url, data=body, headers=headers)  # noqa: S310  # http or https: checked above

    def _read(self, answer: HTTPResponse, deadline: float, asked: str) -> bytes:
        pieces, size = [], 0
        while piece := answer.read1(PIECE):
            pieces.append(piece)
            size += len(piece)
            if size > self.largest:
                raise BadQuery(f"{asked} returns more than {self.largest >> 20} MiB; ask for less at a time")
            if time.monotonic() > deadline:
                raise self._slow()
        announced = answer.headers.get("Content-Length", "")
        if announced.isdigit() and size < int(announced):
            raise SourceUnavailable(f"{self.url} broke off its answer after {size:,} bytes; try again")
        return b"".join(pieces)

    def _refused(self, error: urllib.error.HTTPError, asked: str) -> SourceError:
        with error:
            said = _reason(error)
        if error.code == BUSY or (error.code in DENIED and error.headers.get("x-ratelimit-remaining") == "0"):
            return SourceUnavailable(f"{self.url} asks to wait (HTTP {error.code} {said}); try again later".strip())
        if error.code in DENIED:
            how = f"check the token in {self.token_env}" if self.token_env else "name the token's variable in token_env"
            return SourceDenied(f"{self.url} answers HTTP {error.code}; {how}")
        if error.code in BAD_QUERY:
            return BadQuery(f"{self.url} refuses {asked}: {said or f'HTTP {error.code}'}; correct the query")
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


def _checked(url: str, product: str) -> str:
    parts = urllib.parse.urlsplit(url)
    if parts.username or parts.password:
        raise ConfigError(
            f"the URL of {parts.hostname} holds a password; put a token into a variable and name it in token_env"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"{url!r} is no address of a {product}; write http://HOST:PORT or https://HOST")
    return url.rstrip("/")


def _refuse_local_services(host: str) -> None:
    """Raises ConfigError for a host whose address is link-local, multicast or unspecified; unknown hosts pass."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return  # the request itself says that nobody answers to this name
    for entry in found:
        address = ipaddress.ip_address(str(entry[4][0]).partition("%")[0])
        if address.is_link_local or address.is_multicast or address.is_unspecified:
            raise ConfigError(f"{host} is {address}, an address of this machine's own services; name the server's host")


def _reason(error: urllib.error.HTTPError) -> str:
    """The server's own words, in one short line; empty when it gives none."""
    try:
        answer = json.loads(error.read(PIECE))
    except (ValueError, OSError, HTTPException, RecursionError):
        return ""
    said = (answer.get("error") or answer.get("message") or "") if isinstance(answer, dict) else ""
    return " ".join(str(said).split())[:200]
