"""What every implementation of every kind of source promises, so that no tool depends on a vendor."""

from __future__ import annotations

import inspect
from datetime import timedelta

import pytest
import source_servers as servers
from source_worlds import ALL, DOCS, HOUR, T0, TIMES, TOKEN_ENV, WORLDS, World

from effnb import sources
from effnb.domain import Window
from effnb.errors import BadQuery, SourceDenied, SourceError, SourceUnavailable

KINDS = {
    "rollouts": (sources.RolloutSource, lambda source, window, name: source.fetch_rollouts(name, window)),
    "config": (sources.SettingsSource, lambda source, window, name: source.fetch_changes(name, window)),
    "experiments": (sources.ExperimentSource, lambda source, window, name: source.fetch_experiments(name, window)),
    "discussions": (sources.DiscussionSource, lambda source, window, name: source.fetch_messages(window)),
    "logs": (sources.LogSource, lambda source, window, name: source.fetch_lines(name, window)),
    "profiles": (sources.ProfileSource, lambda source, window, name: list(source.fetch_profiles(name, window))),
    "metrics": (
        sources.MetricSource,
        lambda source, window, name: source.fetch_series("load" if name == "web" else name, window),
    ),
}
BY_SERVICE = ("rollouts", "config", "experiments", "logs")
ASKED_BY_NAME = ("profiles", "metrics")
UNBOUNDED = ("rollouts", "config", "experiments", "discussions")


def marked(worlds: list[World]) -> list[object]:
    mark = pytest.mark.server("git")  # loopback only: nothing beyond what all sources need must be installed
    return [pytest.param(one, id=str(one), marks=[mark] if one.is_server else []) for one in worlds]


def rows(world: World, source: object, window: Window, name: str = "web") -> list[object]:
    return KINDS[world.kind][1](source, window, name)


def times(world: World, found: list[object]) -> list[object]:
    """When each row happened; a series' buckets one by one."""
    at = {
        "rollouts": lambda row: row.started_at,
        "experiments": lambda row: row.steps[0].at,
        "profiles": lambda row: T0.fromisoformat(row.labels["time"]),
    }.get(world.kind, lambda row: row.at)
    if world.kind != "metrics":
        return [at(row) for row in found]
    (series,) = found
    step = timedelta(seconds=series.step_seconds)
    return [series.start + i * step for i, value in enumerate(series.values) if value is not None]


@pytest.fixture(autouse=True)
def token(monkeypatch):
    monkeypatch.setenv(TOKEN_ENV, servers.TOKEN)


@pytest.fixture(params=marked(WORLDS))
def world(request) -> World:
    return request.param


@pytest.fixture(params=marked([one for one in WORLDS if one.is_server]))
def served(request) -> World:
    return request.param


def test_it_has_what_its_protocol_asks_for(world, tmp_path):
    protocol = KINDS[world.kind][0]
    with world.open(tmp_path) as source:
        for name, member in inspect.getmembers(protocol, inspect.isfunction):
            if not name.startswith("_"):
                asked = inspect.signature(member).parameters
                assert list(inspect.signature(getattr(source, name)).parameters) == list(asked)[1:], name


def test_it_says_in_one_line_where_it_looks(world, tmp_path):
    with world.open(tmp_path) as source:
        assert len(source.place) > 3
        assert "\n" not in source.place
        assert str(tmp_path) not in source.place
        assert servers.TOKEN not in source.place


def test_rows_come_oldest_first(world, tmp_path):
    with world.open(tmp_path) as source:
        assert times(world, rows(world, source, ALL)) == list(TIMES)


def test_a_window_is_half_open(world, tmp_path):
    with world.open(tmp_path) as source:
        assert times(world, rows(world, source, Window(start=TIMES[0], end=TIMES[1]))) == [TIMES[0]]
        assert times(world, rows(world, source, Window(start=TIMES[1], end=TIMES[2]))) == [TIMES[1]]
        late = Window(start=TIMES[2], end=TIMES[2] + HOUR)
        assert times(world, rows(world, source, late)) == [TIMES[2]]


def test_no_rows_is_an_empty_list(world, tmp_path):
    with world.open(tmp_path) as source:
        assert rows(world, source, Window(start=T0 - 3 * HOUR, end=T0 - 2 * HOUR)) == []
        assert rows(world, source, Window(start=T0 + 30 * HOUR, end=T0 + 31 * HOUR)) == []


def test_asked_twice_it_answers_the_same(world, tmp_path):
    with world.open(tmp_path) as source:
        first = rows(world, source, ALL)
        first_again = list(first)
        first.clear()
        assert rows(world, source, ALL) == first_again


@pytest.mark.parametrize("world", marked([one for one in WORLDS if one.kind in BY_SERVICE]))
def test_rows_of_another_service_stay_out(world, tmp_path):
    with world.open(tmp_path) as source:
        assert rows(world, source, ALL, "unheard") == []
        assert {getattr(row, "service", "web") for row in rows(world, source, ALL)} == {"web"}


@pytest.mark.parametrize("world", marked([one for one in WORLDS if one.kind in ASKED_BY_NAME]))
def test_an_unknown_name_is_refused_with_the_known_ones(world, tmp_path):
    with world.open(tmp_path) as source:
        known = source.services() if world.kind == "profiles" else source.metrics()
        with pytest.raises(BadQuery, match=rf"'unheard'.*{known[0]}"):
            rows(world, source, ALL, "unheard")


@pytest.mark.parametrize("world", marked([one for one in WORLDS if one.kind in UNBOUNDED]))
def test_without_a_window_all_rows_come(world, tmp_path):
    with world.open(tmp_path) as source:
        method = {"rollouts": "fetch_rollouts", "config": "fetch_changes", "experiments": "fetch_experiments"}
        every = getattr(source, method.get(world.kind, "fetch_messages"))()
        assert set(TIMES) <= set(times(world, every))


def test_what_is_not_there_is_unavailable_with_the_next_step(world, tmp_path):
    with pytest.raises(SourceUnavailable) as failure:
        rows(world, world.gone(tmp_path), ALL)
    told(failure.value)


def test_content_that_cannot_be_read_is_one_clear_error_and_never_no_rows(world, tmp_path):
    with pytest.raises(SourceError) as failure, world.broken(tmp_path) as source:
        rows(world, source, ALL)
    told(failure.value)


def test_a_refused_token_is_denied_and_never_shown(served, tmp_path, monkeypatch):
    monkeypatch.setenv(TOKEN_ENV, "wr0ng")
    with served.open(tmp_path) as source, pytest.raises(SourceDenied, match=TOKEN_ENV) as failure:
        rows(served, source, ALL)
    told(failure.value)
    assert "wr0ng" not in str(failure.value)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((500, {}, b"oops"), SourceUnavailable),
        ((429, {"Retry-After": "60"}, b"{}"), SourceUnavailable),
        ((403, {"X-RateLimit-Remaining": "0"}, b'{"message": "rate limit"}'), SourceUnavailable),
        ((302, {"Location": "http://127.0.0.1:1/"}, b""), SourceUnavailable),
        ((200, {"Content-Length": "999"}, b"["), SourceUnavailable),
        ((200, {}, b'"text"'), SourceUnavailable),
        ((400, {}, b'{"message": "bad\\nselector"}'), BadQuery),
    ],
)
@pytest.mark.server("git")
def test_each_way_a_server_fails_is_an_error_of_its_kind(tmp_path, answer, error):
    from source_worlds import github, prometheus, pyroscope

    from effnb.sources.discussions import GitHubDiscussions

    with servers.serve(lambda _: answer) as url:
        asked = [
            lambda: GitHubDiscussions(github(url)).fetch_messages(ALL),
            lambda: prometheus(url).fetch_series("load", ALL),
            lambda: list(pyroscope(url).fetch_profiles("web", ALL)),
        ]
        for ask in asked:
            with pytest.raises(error) as failure:
                ask()
            told(failure.value)


def told(error: SourceError) -> None:
    """One line, with what was attempted and what to do."""
    message = str(error)
    assert "\n" not in message
    assert len(message) > 25
    assert any(mark in message for mark in (";", ":", ",")), message


@pytest.fixture(params=marked(DOCS))
def docs(request) -> World:
    return request.param


class TestDocs:
    def test_pages_are_whole_and_by_path(self, docs, tmp_path):
        with docs.open(tmp_path) as source:
            (page,) = source.fetch_pages()
            assert page.path.endswith("sub/a.md")
            assert (page.title, page.text, page.truncated) == ("A", "# A\n\ntext\n", False)
            assert source.place

    def test_a_place_that_is_not_there_is_unavailable(self, docs, tmp_path):
        with pytest.raises(SourceUnavailable, match="; set "):
            docs.gone(tmp_path).fetch_pages()


def test_every_kind_has_two_implementations_at_least():
    named: dict[str, set[str]] = {}
    for one in [*WORLDS, *DOCS]:
        named.setdefault(one.kind, set()).add(one.name)
    assert {kind for kind, names in named.items() if len(names) < 2} == set()
    assert set(named) == {*KINDS, "docs"}
