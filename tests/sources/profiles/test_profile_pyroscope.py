"""Profiles from a server that reads requests and writes answers as Pyroscope publishes them."""

from __future__ import annotations

import pytest
import source_servers as servers
from source_worlds import ALL, SECONDS, TOKEN_ENV, pyroscope, pyroscope_server

from effnb.errors import SourceUnavailable

pytestmark = pytest.mark.server("git")


@pytest.fixture(autouse=True)
def token(monkeypatch):
    monkeypatch.setenv(TOKEN_ENV, servers.TOKEN)


def test_one_query_a_bucket_with_an_end_that_does_not_reach_the_next():
    made = pyroscope_server()
    with servers.serve(made) as url:
        found = list(pyroscope(url).fetch_profiles("web", ALL))
    assert [(one.start // 1000, one.end) for one in made.seen] == [(at, (at + 3600) * 1000 - 1) for at in SECONDS]
    assert {one.profile_typeID for one in made.seen} == {"process_cpu:cpu:nanoseconds:cpu:nanoseconds"}
    assert {one.label_selector for one in made.seen} == {'{service_name="web"}'}
    assert len(found) == 3


def test_the_profile_holds_stacks_and_the_samples_behind_them():
    with servers.serve(pyroscope_server()) as url:
        first = next(pyroscope(url).fetch_profiles("web", ALL))
    assert {one.frames: one.count for one in first.samples} == {("main",): 100_000_000, ("main", "web:a"): 300_000_000}
    assert (first.unit, first.labels["effective_samples"], first.labels["service"]) == ("nanoseconds", "40", "web")
    assert (first.labels["time"], first.labels["duration_seconds"]) == ("2026-01-05T10:00:00+00:00", "3600")


def test_a_service_without_samples_has_no_profiles():
    with servers.serve(pyroscope_server()) as url:
        assert list(pyroscope(url).fetch_profiles("idle", ALL)) == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (servers.delimited(1, b"\x0a\x05total"), "cannot answer in pprof format; update Pyroscope"),
        (servers.delimited(9, b"x"), "did not answer as Pyroscope does"),
        (servers.delimited(5, servers.delimited(1, b"\xff")), "did not answer with a profile"),
        (b"<html>", "did not answer"),
    ],
)
def test_other_answers_are_told_apart(body, said):
    with servers.serve(lambda _: (200, {}, body)) as url, pytest.raises(SourceUnavailable, match=said):
        list(pyroscope(url).fetch_profiles("web", ALL))
