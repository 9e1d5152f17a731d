"""Every fix of a labelled function, run beside the old code on the calls written above it."""

from __future__ import annotations

import http.server
import logging
import sys
import threading
import types
import warnings
from pathlib import Path

import pytest

from effnb.opportunities import Module, Refused, Target, bundled_rules, fix_for, rule_named

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

from _labels import labelled_functions  # noqa: E402  # the benchmark's own reader of the labels
from scan_quality import our_reports, score  # noqa: E402

RULES = bundled_rules()
CASES = labelled_functions()
MENDED = [(case, pattern) for case in CASES for pattern in sorted(case.expected) if case.calls]


def load(source: str, name: str) -> types.ModuleType:
    module = types.ModuleType(name)
    sys.modules[name] = module  # classes look their module up by name
    exec(compile(source, name, "exec"), vars(module))
    return module


def outcome(module: types.ModuleType, call: str) -> tuple[str, str, list[str]]:
    """What a call gives twice over, and what it logs; exceptions count by type."""
    records: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: records.append(f"{record.levelname} {record.getMessage()}")
    root = logging.getLogger()
    root.addHandler(handler)
    level, root.level = root.level, logging.DEBUG
    try:
        results = []
        for _ in range(2):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # what a newer Python deprecates is not what is compared
                    results.append(repr(eval(call, vars(module))))
            except Exception as error:  # noqa: BLE001  # which one is what is compared
                results.append(type(error).__name__)
        return results[0], results[1], records
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def mend(case, pattern: str) -> str:
    text = case.file.read_text()
    module = Module(text, case.file.name)
    rule = rule_named(pattern, RULES)
    site = next(site for site in rule.find(module) if site.function == case.qualname)
    return rule.fix(module, site)


@pytest.mark.parametrize(("case", "pattern"), MENDED, ids=[f"{case.qualname}-{pattern}" for case, pattern in MENDED])
def test_old_and_new_agree_in_result_and_log(case, pattern):
    if "import httpx" in case.file.read_text():
        pytest.importorskip("httpx")
    old = load(case.file.read_text(), "old_code")
    new = load(mend(case, pattern), "new_code")
    for call in case.calls:
        before, after = outcome(old, call), outcome(new, call)
        if pattern == "maximum-compression-level":
            assert len(after[0]) <= len(before[0]) * 1.1  # packed bytes may differ
        else:
            assert after == before, call


def test_every_true_site_has_a_fix():
    unmended = []
    for case in CASES:
        for pattern in case.expected:
            try:
                mend(case, pattern)
            except Refused as reason:
                unmended.append(f"{case.qualname} {pattern}: {reason}")
    assert not unmended


def test_recall_and_precision_keep_their_promise():
    figures = score(CASES, our_reports())
    assert len(CASES) >= 60
    assert sum(not case.expected for case in CASES) >= 25
    assert (figures["recall"] >= 0.9, figures["precision"] >= 0.9) == (True, True), figures["wrong"]


class Counting(http.server.BaseHTTPRequestHandler):
    """Answers everything with 204 and counts connections."""

    protocol_version = "HTTP/1.1"
    connections = 0

    def setup(self) -> None:
        super().setup()
        type(self).connections += 1

    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_one_session_opens_one_connection_where_there_were_many():
    pytest.importorskip("requests")
    case = next(case for case in CASES if case.qualname == "statuses")
    counted = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Counting) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        urls = [f"http://127.0.0.1:{server.server_port}/{n}" for n in range(4)]
        for source in (case.file.read_text(), mend(case, "session-per-call")):
            Counting.connections = 0
            assert load(source, "client_code").statuses(urls) == [204] * 4
            counted.append(Counting.connections)
        server.shutdown()
    assert counted == [4, 1]


def test_level_and_audit_are_never_thinned_out():
    text = (
        "import logging\n\nlog = logging.getLogger('audit.trail')\nother = logging.getLogger('shop')\n\n\n"
        "def f(rows):\n    for row in rows:\n        log.info('row %s', row)\n        other.warning('row %s', row)\n"
    )
    with pytest.raises(Refused):
        fix_for(text, "m.py", Target("m:f", "unsampled-logging"))


def test_a_sample_keeps_the_first_hundred_records_and_every_twentieth_after(caplog):
    case = next(case for case in CASES if case.qualname == "ship")
    module = load(mend(case, "unsampled-logging"), "sampled_code")
    with caplog.at_level(logging.INFO):
        assert module.ship([str(n) for n in range(1, 301)]) == 300
    assert [record.getMessage() for record in caplog.records] == [
        f"shipped {n}" for n in (*range(1, 101), *range(120, 301, 20))
    ]
