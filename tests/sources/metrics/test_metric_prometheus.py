"""Range queries: against a real Prometheus, and against a server that misbehaves on purpose."""

from __future__ import annotations

import http.server
import json
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from effnb.domain import Window
from effnb.errors import BadQuery, ConfigError, SourceDenied, SourceUnavailable
from effnb.sources.metrics import Prometheus

START = datetime(2026, 11, 2, tzinfo=UTC)
POINTS = 12_000
STEP = 15


def window(points: int, step: int = STEP) -> Window:
    return Window(start=START, end=START + timedelta(seconds=points * step))


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def write_history(folder: Path) -> None:
    """12,000 points of two hosts, a gap of an hour in one of them, and a NaN."""
    lines = ["# TYPE load gauge"]
    for host in "ab":
        for k in range(POINTS):
            if host == "b" and 400 <= k < 640:
                continue
            value = "NaN" if host == "a" and k == 7 else k % 100
            lines.append(f'load{{host="{host}"}} {value} {START.timestamp() + k * STEP:.0f}')
    (folder / "load.om").write_text("\n".join([*lines, "# EOF", ""]))
    (folder / "prometheus.yml").write_text("scrape_configs: []\n")
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(folder / "load.om"), str(folder / "data")]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Prometheus on loopback, stopped by its process id."""
    if not shutil.which("prometheus") or not shutil.which("promtool"):
        pytest.skip("prometheus is not installed")
    folder = tmp_path_factory.mktemp("prometheus")
    write_history(folder)
    port = free_port()
    command = ["prometheus", f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}"]
    command += ["--storage.tsdb.retention.time=10y", f"--web.listen-address=127.0.0.1:{port}"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}/-/ready", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "prometheus ended before it was ready"
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("prometheus was not ready in 30 s")


@pytest.mark.server
class TestRealServer:
    def test_series_cover_the_window_in_label_order(self, server):
        a, b = Prometheus(server).query_range("load", window(100), STEP, unit="share", worse="less")
        assert (a.metric.name, a.metric.unit, a.metric.worse) == ("load", "share", "less")
        assert (a.labels, b.labels) == ({"host": "a"}, {"host": "b"})
        assert (a.start, a.step_seconds, b.values) == (START, STEP, tuple(float(k) for k in range(100)))

    def test_nan_is_null(self, server):
        a, _ = Prometheus(server).query_range("load", window(10), STEP)
        assert a.values == (0, 1, 2, 3, 4, 5, 6, None, 8, 9)

    def test_gap_is_null_after_the_five_minutes_prometheus_repeats_a_value(self, server):
        _, b = Prometheus(server).query_range("load", window(700), STEP)
        missing = [k for k, value in enumerate(b.values) if value is None]
        first = missing[0]
        assert first in (419, 420)  # Prometheus 3 no longer repeats a value that is exactly five minutes old
        assert missing == list(range(first, 640))
        assert b.values[640] == 40

    def test_more_than_eleven_thousand_steps_are_asked_in_pieces(self, server):
        a, _ = Prometheus(server).query_range("load", window(POINTS), STEP)
        assert len(a.values) == POINTS
        assert a.values[10_990:11_010] == tuple(float(k % 100) for k in range(10_990, 11_010))
        assert a.values[-1] == 99

    def test_expression_is_the_name_where_the_answer_has_none(self, server):
        (total,) = Prometheus(server + "/").query_range("sum(load)", window(5), STEP)
        assert (total.metric.name, total.labels, total.values) == ("sum(load)", {}, (0, 2, 4, 6, 8))

    def test_nothing_found_is_an_empty_list(self, server):
        assert Prometheus(server).query_range("absent_metric", window(5), STEP) == []

    def test_bad_query_says_what_prometheus_says(self, server):
        with pytest.raises(BadQuery, match=r"refuses 'sum\(': .*parse error.*; correct the query") as caught:
            Prometheus(server).query_range("sum(", window(5), STEP)
        assert "\n" not in str(caught.value)

    def test_wrong_path_is_unavailable(self, server):
        with pytest.raises(SourceUnavailable, match="HTTP 404"):
            Prometheus(server + "/elsewhere").query_range("load", window(5), STEP)


Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture
def fake() -> Iterator[Callable[[Answer], tuple[Prometheus, list[dict[str, str]]]]]:
    """A server with one answer for everything; also the headers of the requests it saw."""
    servers: list[http.server.ThreadingHTTPServer] = []

    def start(answer: Answer) -> tuple[Prometheus, list[dict[str, str]]]:
        seen: list[dict[str, str]] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                seen.append({**self.headers, ":path": self.path})
                status, headers, body = answer
                if status == 0:
                    time.sleep(1.5)
                    return
                self.send_response(status)
                for key, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(key, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                return

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        servers.append(server)
        return Prometheus(f"http://127.0.0.1:{server.server_port}", "EFFNB_TEST_TOKEN", timeout=0.5), seen

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("EFFNB_TEST_TOKEN", "s3cret")
    return "s3cret"


def matrix(*entries: object) -> bytes:
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": entries}}).encode()


def test_token_is_sent_as_bearer_and_never_shown(fake, token):
    prometheus, seen = fake((401, {}, b"no"))
    with pytest.raises(SourceDenied, match="HTTP 401; check the token in EFFNB_TEST_TOKEN") as caught:
        prometheus.query_range("up", window(1), STEP)
    assert seen[0]["Authorization"] == f"Bearer {token}"
    assert token not in str(caught.value)


def test_long_ranges_are_split_below_the_limit(fake):
    prometheus, seen = fake((200, {}, matrix()))
    assert prometheus.query_range("up", window(22_001), STEP) == []
    assert len(seen) == 3


def test_infinity_is_null_and_points_outside_are_left_out(fake):
    at = START.timestamp()
    points = [[at - STEP, "5"], [at, "+Inf"], [at + STEP, "-Inf"], [at + 2 * STEP, "1e3"], [at + 9 * STEP, "5"]]
    prometheus, _ = fake((200, {}, matrix({"metric": {}, "values": points})))
    assert prometheus.query_range("up", window(3), STEP)[0].values == (None, None, 1000.0)


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        ((200, {}, b"<html>"), SourceUnavailable, "did not answer with JSON"),
        ((200, {}, b"[" * 100_000), SourceUnavailable, "did not answer with JSON"),
        ((200, {}, b"[]"), SourceUnavailable, "did not answer as Prometheus"),
        ((200, {}, b"{}"), SourceUnavailable, "did not answer as Prometheus"),
        ((200, {}, b'{"status":"success","data":{"resultType":"string","result":[]}}'), BadQuery, "returns a string"),
        ((200, {}, matrix(1)), SourceUnavailable, "did not answer as Prometheus"),
        ((200, {}, matrix({"metric": {}, "histograms": []})), BadQuery, "histogram"),
        ((200, {}, matrix({"metric": {}, "values": [[1, "x"]]})), SourceUnavailable, "point that is no number"),
        ((200, {}, matrix({"metric": {}, "values": [5]})), SourceUnavailable, "point that is no number"),
        ((200, {"Content-Length": "999"}, b"{"), SourceUnavailable, "broke off"),
        ((400, {}, b'{"error":"parse\\nerror"}'), BadQuery, "refuses 'up': parse error; correct"),
        ((422, {}, b"plain"), BadQuery, "refuses 'up': HTTP 422"),
        ((403, {}, b""), SourceDenied, "HTTP 403"),
        ((503, {}, b'{"error":"busy"}'), SourceUnavailable, "HTTP 503 busy"),
        ((302, {"Location": "http://127.0.0.1:1/"}, b""), SourceUnavailable, "redirects to another address"),
        ((307, {"Location": "https://127.0.0.1/"}, b""), SourceUnavailable, "redirects to another address"),
        ((302, {"Location": "file:///etc/passwd"}, b""), SourceUnavailable, "redirects|HTTP 302"),
        ((302, {"Location": "/again"}, b""), SourceUnavailable, "redirects to another address|HTTP 302"),
        ((0, {}, b""), SourceUnavailable, "no answer in 0.5 s"),
    ],
)
def test_every_failure_is_one_line_for_the_one_who_can_act(fake, answer, error, words):
    prometheus, _ = fake(answer)
    with pytest.raises(error, match=words) as caught:
        prometheus.query_range("up", window(1), STEP)
    assert "\n" not in str(caught.value)


def test_server_that_is_not_there_is_unavailable():
    with pytest.raises(SourceUnavailable, match=r"cannot reach http://127.0.0.1:\d+: .*refused; check the URL"):
        Prometheus(f"http://127.0.0.1:{free_port()}").query_range("up", window(1), STEP)


def test_redirect_within_the_server_is_followed(fake):
    prometheus, seen = fake((302, {"Location": "/moved"}, b""))
    with pytest.raises(SourceUnavailable):
        prometheus.query_range("up", window(1), STEP)
    assert seen[1][":path"] == "/moved"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host", "prometheus:9090", "http://", ""])
def test_only_web_addresses_are_taken(url):
    with pytest.raises(ConfigError, match="no address of a Prometheus"):
        Prometheus(url)


def test_password_in_the_url_is_refused_and_not_repeated():
    with pytest.raises(ConfigError, match="holds a password") as caught:
        Prometheus("http://me:hunter2@host:9090")
    assert "hunter2" not in str(caught.value)


def test_missing_token_names_its_variable(monkeypatch):
    monkeypatch.delenv("EFFNB_TEST_TOKEN")
    with pytest.raises(ConfigError, match=r"EFFNB_TEST_TOKEN .* is not set"):
        Prometheus("http://127.0.0.1:9", "EFFNB_TEST_TOKEN").query_range("up", window(1), STEP)


def test_step_below_a_second_is_refused():
    with pytest.raises(BadQuery, match="one second or more"):
        Prometheus("http://127.0.0.1:9").query_range("up", window(1), 0)
