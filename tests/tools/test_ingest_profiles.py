"""Profiles of the configured source in the store: whole buckets, and none twice."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from effnb.errors import ToolFailed
from effnb.session import open_session

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "contracts"))
import source_servers as servers  # kept with the contracts
from source_worlds import ALL, TOKEN_ENV, pyroscope_server

SPAN = {"start": ALL.start, "end": ALL.end + timedelta(minutes=59)}
PYROSCOPE = """
[workspace]
bucket_seconds = 3600

[sources.pyroscope]
url = "{url}"
token_env = "{token}"
services = {{ web = '{{service_name="web"}}', idle = '{{service_name="idle"}}' }}
"""


@pytest.fixture
def opened(tmp_path):
    """A function that opens a workspace with these settings."""
    sessions = []

    def anew(settings: str):
        (tmp_path / "effnb.toml").write_text(settings)
        sessions.append(open_session(tmp_path))
        return sessions[-1]

    yield anew
    for one in sessions:
        one.close()


@pytest.mark.server("git")
def test_pyroscope_profiles_become_samples_once(opened, monkeypatch):
    monkeypatch.setenv(TOKEN_ENV, servers.TOKEN)
    with servers.serve(pyroscope_server()) as url:
        session = opened(PYROSCOPE.format(url=url, token=TOKEN_ENV))
        first = session.tools.ingest_profiles(**SPAN)
        again = session.tools.ingest_profiles(**SPAN)
    assert [(row.service, row.samples, row.format, row.at) for row in first] == [("web", 120, "3 profiles", ALL.start)]
    assert [(row.samples, row.format) for row in again] == [(0, "3 profiles, in the store before")]
    assert session.workspace.samples.stack_counts("web") == {("main", "web:a"): 90, ("main",): 30}
    (top, *_) = session.tools.top_functions(service="web", **SPAN)
    assert (top.function, top.gcpu, top.samples) == ("main", 1.0, 120)


@pytest.mark.server("git")
def test_a_server_that_refuses_leaves_the_store_empty(opened, monkeypatch):
    monkeypatch.setenv(TOKEN_ENV, "wr0ng")
    with servers.serve(pyroscope_server()) as url:
        session = opened(PYROSCOPE.format(url=url, token=TOKEN_ENV))
        with pytest.raises(ToolFailed, match=f"HTTP 401; check the token in {TOKEN_ENV}"):
            session.tools.ingest_profiles(**SPAN)
    assert session.workspace.samples.services() == ()


def test_a_folder_of_profiles_is_taken_by_service(opened, tmp_path):
    folder = tmp_path / "profiles" / "web"
    folder.mkdir(parents=True)
    for hour in (10, 11):
        path = folder / f"{hour}.folded"
        path.write_text("main;web:a 3\n")
        at = datetime(2026, 1, 5, hour, 30, tzinfo=UTC).timestamp()
        os.utime(path, (at, at))
    session = opened('[sources]\nprofiles = "profiles"\n')
    rows = session.tools.ingest_profiles(**SPAN, service="web")
    assert [(row.samples, row.at.hour) for row in rows] == [(6, 10)]
    history = session.tools.function_history(service="web", function="web:a")
    assert [n for n in history.counts if n] == [3, 3]


def test_nothing_configured_and_no_whole_bucket_are_said(opened, empty):
    with pytest.raises(ToolFailed, match=r"no profile source is configured; set \[sources\.pyroscope\]"):
        empty.tools.ingest_profiles(**SPAN)
    (empty.workspace.root / "p").mkdir()
    session = opened('[sources]\nprofiles = "p"\n')
    with pytest.raises(ToolFailed, match="the span holds no whole bucket of 1800 s; give a longer one"):
        session.tools.ingest_profiles(start=ALL.start + timedelta(minutes=1), end=ALL.start + timedelta(minutes=31))


def test_two_sources_of_one_kind_where_one_is_asked_are_refused(opened):
    session = opened('[sources]\nprofiles = "p"\n[sources.pyroscope]\nurl = "http://127.0.0.1:1"\n')
    with pytest.raises(ToolFailed, match=r"\[sources\] has both profiles and pyroscope; keep one"):
        session.tools.ingest_profiles(**SPAN)
