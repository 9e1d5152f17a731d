"""Requests to a configured server: only there, bounded in size and time."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

import pytest
import source_servers as servers

from effnb.errors import BadQuery, ConfigError, SourceUnavailable
from effnb.sources._http import Server

pytestmark = pytest.mark.server("git")


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254", "http://[fe80::1]", "http://0.0.0.0:80", "http://224.0.0.1", "https://[::]"]
)
def test_addresses_of_the_machines_own_services_are_refused(url):
    with pytest.raises(ConfigError, match="an address of this machine's own services; name the server's host"):
        Server(url, product="thing").get_json("/", {}, asked="it")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://h", "gopher://h", "h:1", "//h", "http://me:pw@h"])
def test_only_web_addresses_without_passwords_are_taken(url):
    with pytest.raises(ConfigError) as failure:
        Server(url, product="thing")
    assert "pw" not in str(failure.value)


def test_an_answer_larger_than_the_limit_is_refused():
    refused = pytest.raises(BadQuery, match="it returns more than 1 MiB; ask for less at a time")
    with servers.serve(lambda _: (200, {}, b"[" + b"1," * 700_000 + b"1]")) as url, refused:
        Server(url, product="thing", largest=1 << 20).get_json("/", {}, asked="it")


def test_an_answer_that_drips_ends_with_the_time_limit():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=drip, args=(listener,), daemon=True).start()
        server = Server(f"http://127.0.0.1:{listener.getsockname()[1]}", product="thing", timeout=0.4)
        started = time.monotonic()
        with pytest.raises(SourceUnavailable, match=r"no answer in 0\.4 s"):
            server.get_json("/", {}, asked="it")
        assert 0.3 < time.monotonic() - started < 3


def drip(listener: socket.socket) -> None:
    """Answer one request with a space every 50 ms, for as long as somebody listens."""
    connection, _ = listener.accept()
    with connection, contextlib.suppress(OSError):
        connection.recv(1 << 16)
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        for _ in range(200):
            connection.sendall(b" ")
            time.sleep(0.05)


def test_a_redirect_within_the_server_is_followed_and_no_other():
    def respond(request: servers.Request) -> servers.Answer:
        if request.path == "/here":
            return 302, {"Location": "/there"}, b""
        if request.path == "/away":
            return 302, {"Location": "http://localhost:1/there"}, b""
        return servers.as_json({"path": request.path})

    with servers.serve(respond) as url:
        server = Server(url, product="thing")
        assert server.get_json("/here", {}, asked="it") == {"path": "/there"}
        with pytest.raises(SourceUnavailable, match="redirects to another address; put its final URL"):
            server.get_json("/away", {}, asked="it")
