"""Servers on loopback that answer as GitHub, Pyroscope and Prometheus publish it, with data the tests choose.

The Pyroscope one reads requests with ``protobuf`` from the published field numbers, not with our own writer.
"""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

Answer = tuple[int, dict[str, str], bytes]
TOKEN = "t0ken"


class Request:
    """What a client asked."""

    def __init__(self, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        parts = urllib.parse.urlsplit(target)
        self.method, self.path, self.headers, self.body = method, parts.path, headers, body
        self.query = {key: values[0] for key, values in urllib.parse.parse_qs(parts.query).items()}


@contextlib.contextmanager
def serve(respond: Callable[[Request], Answer]) -> Iterator[str]:
    """Base address of a server that lives as long as the block."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            request = Request(self.command, self.path, dict(self.headers), self.rfile.read(length))
            status, headers, body = respond(request)
            self.send_response(status)
            for key, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(key, value)
            self.end_headers()
            with contextlib.suppress(OSError):  # the client may have had enough
                self.wfile.write(body)

        do_GET = do_POST = answer  # noqa: N815  # the names http.server looks for

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def as_json(value: Any, status: int = 200) -> Answer:
    return status, {"Content-Type": "application/json"}, json.dumps(value).encode()


def is_allowed(request: Request) -> bool:
    return request.headers.get("Authorization") == f"Bearer {TOKEN}"


class GitHubServer:
    """Lists of rows by path below ``/repos/shop/web/``, paged and sorted as GitHub does it."""

    def __init__(self, rows: dict[str, list[dict[str, Any]]]) -> None:
        self.rows = rows
        self.seen: list[Request] = []

    def __call__(self, request: Request) -> Answer:
        self.seen.append(request)
        if not is_allowed(request):
            return as_json({"message": "Bad credentials"}, 401)
        path = request.path.removeprefix("/repos/shop/web/")
        if path not in self.rows:
            return as_json({"message": "Not Found"}, 404)
        rows = self.rows[path]
        # Deployments and their statuses come newest first; other lists as they are asked for.
        if path.startswith("deployments") or request.query.get("direction") == "desc":
            rows = sorted(rows, key=lambda row: row["created_at"], reverse=True)
        size, page = int(request.query["per_page"]), int(request.query["page"])
        return as_json(rows[size * (page - 1) : size * page])


class PrometheusServer:
    """One metric that is known at some times: ``load{host="a"}``."""

    def __init__(self, times: dict[int, float]) -> None:
        self.times = times

    def __call__(self, request: Request) -> Answer:
        if not is_allowed(request):
            return as_json({"error": "no"}, 403)
        asked = {key: request.query[key] for key in ("query", "start", "end", "step")}
        start, end, step = (round(float(asked[key])) for key in ("start", "end", "step"))
        values = [[at, str(self.times[at])] for at in range(start, end + 1, step) if at in self.times]
        result = [{"metric": {"__name__": "load", "host": "a"}, "values": values}] if values else []
        return as_json({"status": "success", "data": {"resultType": "matrix", "result": result}})


def _select_request() -> Any:
    """The message class of ``querier.v1.SelectMergeStacktracesRequest``, by its published field numbers."""
    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="querier.proto", package="querier.v1", syntax="proto3")
    message = file.message_type.add(name="SelectMergeStacktracesRequest")
    for number, (name, kind) in {
        1: ("profile_typeID", kinds.TYPE_STRING),
        2: ("label_selector", kinds.TYPE_STRING),
        3: ("start", kinds.TYPE_INT64),
        4: ("end", kinds.TYPE_INT64),
        6: ("format", kinds.TYPE_INT32),
    }.items():
        message.field.add(name=name, number=number, type=kind, label=kinds.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("querier.v1.SelectMergeStacktracesRequest"))


SelectRequest = _select_request()
METHOD = "/querier.v1.QuerierService/SelectMergeStacktraces"


class PyroscopeServer:
    """Profiles by label selector and time in seconds; a query merges what lies in its span, both ends included."""

    def __init__(self, profiles: dict[str, dict[int, bytes]]) -> None:
        self.profiles = profiles
        self.seen: list[Any] = []

    def __call__(self, request: Request) -> Answer:
        if not is_allowed(request):
            return as_json({"code": "unauthenticated", "message": "who are you"}, 401)
        kind, version = request.headers["Content-Type"], request.headers["Connect-Protocol-Version"]
        if (request.method, request.path, kind, version) != ("POST", METHOD, "application/proto", "1"):
            return as_json({"code": "unimplemented", "message": request.path}, 501)
        asked = SelectRequest.FromString(request.body)
        self.seen.append(asked)
        if asked.format != 4:
            return as_json({"code": "invalid_argument", "message": "only pprof here"}, 400)
        held = self.profiles.get(asked.label_selector, {})
        inside = [data for at, data in held.items() if asked.start <= at * 1000 <= asked.end]
        body = delimited(5, delimited(1, inside[0])) if inside else b""
        return 200, {"Content-Type": "application/proto"}, body


def delimited(number: int, data: bytes) -> bytes:
    """One length-delimited field."""
    size, out = len(data), bytearray([number << 3 | 2])
    while size > 0x7F:
        out.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([*out, size]) + data


def pprof(*stacks: tuple[str, int]) -> bytes:
    """A profile of CPU nanoseconds at 100 Hz: ``;``-joined stacks, root first, with their number of samples."""
    strings = ["", "cpu", "nanoseconds"]
    names = sorted({name for stack, _ in stacks for name in stack.split(";")})
    strings += names
    ids = {name: i + 1 for i, name in enumerate(names)}
    parts = [delimited(1, b"\x08\x01\x10\x02")]
    for stack, n in stacks:
        locations = bytes(ids[name] for name in reversed(stack.split(";")))
        parts.append(delimited(2, delimited(1, locations) + delimited(2, varint(n * 10_000_000))))
    for name, key in ids.items():
        parts.append(delimited(4, b"\x08" + varint(key) + delimited(4, b"\x08" + varint(key))))
        parts.append(delimited(5, b"\x08" + varint(key) + b"\x10" + varint(strings.index(name))))
    parts += [delimited(6, text.encode()) for text in strings]
    parts += [delimited(11, b"\x08\x01\x10\x02"), b"\x60" + varint(10_000_000)]
    return b"".join(parts)


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
