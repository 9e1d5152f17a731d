"""Servers that speak the OpenAI, Anthropic and Ollama APIs on loopback, each driven by a policy function.

A policy is given what the client sent, in one form for all three, and returns what the model says, or a fault.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Kind = Literal["openai", "anthropic", "ollama"]
PATHS = {"openai": "/v1/chat/completions", "ollama": "/v1/chat/completions", "anthropic": "/v1/messages"}


@dataclass
class Asked:
    """What a client sent: tools by name, and every text the model would read, in order."""

    tools: dict[str, dict[str, Any]]
    texts: list[tuple[str, str]]
    model: str
    stream: bool
    must_call: bool
    raw: dict[str, Any]

    @property
    def last(self) -> str:
        return self.texts[-1][1]

    @property
    def everything(self) -> str:
        return "\n".join(text for _, text in self.texts)


@dataclass
class Says:
    """What the model says."""

    text: str = ""
    calls: list[tuple[str, dict[str, Any] | str]] = field(default_factory=list)
    tokens: tuple[int, int] = (100, 20)
    ids: list[str] | None = None


@dataclass
class Fault:
    """What goes wrong in place of an answer."""

    kind: Literal["drop", "garbage", "slow", "status", "empty"]
    status: int = 500


Policy = Callable[[Asked], Says | Fault]


def call(name: str, **args: Any) -> Says:
    return Says(calls=[(name, args)])


class FakeModel:
    """A running server; ``seen`` holds what it was asked."""

    def __init__(self, kind: Kind, policy: Policy, key: str | None = None) -> None:
        self.kind, self.policy, self.key = kind, policy, key
        self.seen: list[Asked] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.fake = self
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The base URL as clients of that API take it."""
        address = f"http://127.0.0.1:{self._server.server_port}"
        return address if self.kind == "anthropic" else f"{address}/v1"

    def settings(self, **more: Any) -> dict[str, Any]:
        """A ``[models.NAME]`` for it."""
        return {"kind": self.kind, "name": "fake-1", "base_url": self.url, "retries": 0, **more}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def fake(self) -> FakeModel:
        return self.server.fake

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path.partition("?")[0] != PATHS[self.fake.kind]:
            return self._send(404, {"error": {"message": f"no {self.path}"}})
        if self.fake.key is not None and self.fake.key not in _keys(self.headers):
            return self._send(401, _error("invalid x-api-key", "authentication_error"))
        asked = normalise(self.fake.kind, body)
        self.fake.seen.append(asked)
        said = self.fake.policy(asked)
        if isinstance(said, Fault):
            return self._fault(said)
        if asked.stream:
            return self._stream(said, asked)
        return self._send(200, answer(self.fake.kind, said, asked.model))

    def _fault(self, fault: Fault) -> None:
        match fault.kind:
            case "drop":
                self.close_connection = True
                self.connection.close()
            case "slow":
                threading.Event().wait(3)
                self.close_connection = True
            case "garbage":
                self._raw(200, b"<html>maintenance</html>")
            case "empty":
                self._send(200, {})
            case "status":
                self._send(fault.status, _error("the server has had enough", "api_error"))

    def _send(self, status: int, value: Any) -> None:
        self._raw(status, json.dumps(value).encode())

    def _raw(self, status: int, data: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, said: Says, asked: Asked) -> None:
        lines = "".join(events(self.fake.kind, said, asked.model)).encode()
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("content-length", str(len(lines)))
        self.end_headers()
        self.wfile.write(lines)

    def log_message(self, *_: Any) -> None:
        return


@contextmanager
def fake_model(kind: Kind, policy: Policy, key: str | None = None) -> Iterator[FakeModel]:
    made = FakeModel(kind, policy, key)
    try:
        yield made
    finally:
        made.close()


def _keys(headers: Any) -> str:
    return f"{headers.get('authorization', '')} {headers.get('x-api-key', '')}"


def _error(message: str, kind: str) -> dict[str, Any]:
    return {"type": "error", "error": {"message": message, "type": kind}}


def normalise(kind: Kind, body: dict[str, Any]) -> Asked:
    """A request of any of the APIs in one form."""
    if kind == "anthropic":
        tools = {tool["name"]: tool["input_schema"] for tool in body.get("tools", [])}
        texts = [("system", _text(body.get("system", "")))] if body.get("system") else []
        must = body.get("tool_choice", {}).get("type") in ("any", "tool")
    else:
        tools = {tool["function"]["name"]: tool["function"]["parameters"] for tool in body.get("tools", [])}
        texts, must = [], body.get("tool_choice") == "required"
    texts += [(message["role"], _text(message.get("content") or "")) for message in body["messages"]]
    return Asked(tools, texts, body["model"], bool(body.get("stream")), must, body)


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(_text(part.get("text") or part.get("content") or "") for part in content)


def _arguments(args: dict[str, Any] | str) -> str:
    return args if isinstance(args, str) else json.dumps(args)


def _id(said: Says, index: int) -> str:
    return said.ids[index] if said.ids else f"call_{id(said)}_{index}"


def answer(kind: Kind, said: Says, model: str) -> dict[str, Any]:
    """A whole answer of the API."""
    spent, made = said.tokens
    if kind == "anthropic":
        content: list[dict[str, Any]] = [{"type": "text", "text": said.text}] if said.text else []
        for index, (name, args) in enumerate(said.calls):
            given = args if isinstance(args, dict) else {"raw": args}
            content.append({"type": "tool_use", "id": _id(said, index), "name": name, "input": given})
        return {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": content,
            "stop_reason": "tool_use" if said.calls else "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": spent, "output_tokens": made},
        }
    message: dict[str, Any] = {"role": "assistant", "content": said.text or None}
    if said.calls:
        message["tool_calls"] = [
            {"id": _id(said, index), "type": "function", "function": {"name": name, "arguments": _arguments(args)}}
            for index, (name, args) in enumerate(said.calls)
        ]
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_760_000_000,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls" if said.calls else "stop"}],
        "usage": {"prompt_tokens": spent, "completion_tokens": made, "total_tokens": spent + made},
    }


def events(kind: Kind, said: Says, model: str) -> Iterator[str]:
    """The same answer as server-sent events."""
    whole = answer(kind, said, model)
    if kind == "anthropic":
        yield from _anthropic_events(whole)
        return
    message = whole["choices"][0]["message"]
    deltas: list[dict[str, Any]] = [
        {"role": "assistant", "content": piece} for piece in _pieces(message["content"] or "")
    ]
    for index, one in enumerate(message.get("tool_calls", [])):
        deltas.append({"tool_calls": [{**one, "index": index, "function": {**one["function"], "arguments": ""}}]})
        deltas += [
            {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}
            for piece in _pieces(one["function"]["arguments"])
        ]
    head = {key: whole[key] for key in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    for delta in deltas:
        yield _event({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    finish = whole["choices"][0]["finish_reason"]
    yield _event({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    yield _event({**head, "choices": [], "usage": whole["usage"]})
    yield "data: [DONE]\n\n"


def _anthropic_events(whole: dict[str, Any]) -> Iterator[str]:
    started = {**whole, "content": [], "stop_reason": None, "usage": {**whole["usage"], "output_tokens": 0}}
    yield _event({"type": "message_start", "message": started}, "message_start")
    for index, block in enumerate(whole["content"]):
        text = block["type"] == "text"
        empty = {**block, "text": ""} if text else {**block, "input": {}}
        yield _event({"type": "content_block_start", "index": index, "content_block": empty}, "content_block_start")
        for piece in _pieces(block["text"] if text else json.dumps(block["input"])):
            delta = (
                {"type": "text_delta", "text": piece} if text else {"type": "input_json_delta", "partial_json": piece}
            )
            yield _event({"type": "content_block_delta", "index": index, "delta": delta}, "content_block_delta")
        yield _event({"type": "content_block_stop", "index": index}, "content_block_stop")
    delta = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    usage = {"output_tokens": whole["usage"]["output_tokens"]}
    yield _event({"type": "message_delta", "delta": delta, "usage": usage}, "message_delta")
    yield _event({"type": "message_stop"}, "message_stop")


def _pieces(text: str, size: int = 7) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def _event(value: Any, name: str = "") -> str:
    return (f"event: {name}\n" if name else "") + f"data: {json.dumps(value)}\n\n"
