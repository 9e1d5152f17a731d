"""Rollouts from deployments, against a server that pages and sorts as GitHub does."""

from __future__ import annotations

import pytest
import source_servers as servers
from source_worlds import ALL, HOUR, STAMPS, T0, TOKEN_ENV, github

from effnb.domain import Window
from effnb.errors import BadQuery, ConfigError, SourceUnavailable
from effnb.sources._github import GitHub
from effnb.sources.rollouts import GitHubDeployments

pytestmark = pytest.mark.server("git")


@pytest.fixture(autouse=True)
def token(monkeypatch):
    monkeypatch.setenv(TOKEN_ENV, servers.TOKEN)


def server(*deployments: tuple[str, str, str, tuple[str, ...]]) -> servers.GitHubServer:
    """Environment, version, time and states of each, oldest first; a state a minute."""
    rows = {"deployments": []}
    for i, (environment, sha, at, states) in enumerate(deployments):
        rows["deployments"].append({"id": i, "sha": sha, "environment": environment, "created_at": at})
        rows[f"deployments/{i}/statuses"] = [
            {"state": state, "created_at": at.replace(":00:00Z", f":{k:02}:00Z")} for k, state in enumerate(states)
        ]
    return servers.GitHubServer(rows)


DONE = ("pending", "in_progress", "success", "inactive")


def test_the_version_before_is_the_last_that_succeeded_in_the_environment():
    made = server(
        ("web/eu", "a", STAMPS[0], DONE),
        ("web/us", "x", STAMPS[0], DONE),
        ("web/eu", "b", STAMPS[1], ("pending", "failure")),
        ("web/eu", "c", STAMPS[2], DONE),
    )
    with servers.serve(made) as url:
        found = GitHubDeployments(github(url), {}).fetch_rollouts("web", Window(start=T0 + HOUR, end=ALL.end))
    (rollout,) = found
    assert (rollout.version, rollout.previous, rollout.host_group, rollout.status) == ("c", "a", "eu", "finished")
    assert (rollout.finished_at - rollout.started_at).total_seconds() == 120


def test_one_that_still_runs_has_no_end():
    with servers.serve(server(("web/eu", "a", STAMPS[0], ("pending", "in_progress")))) as url:
        (rollout,) = GitHubDeployments(github(url), {}).fetch_rollouts()
    assert (rollout.status, rollout.finished_at) == ("running", None)


def test_environments_stand_for_what_the_settings_say():
    with servers.serve(server(("Production EU", "a", STAMPS[0], DONE))) as url:
        source = GitHubDeployments(github(url), {"Production EU": ("web", "eu")})
        assert [(one.service, one.host_group) for one in source.fetch_rollouts("web", ALL)] == [("web", "eu")]
        assert source.fetch_rollouts("Production EU", ALL) == []


def test_more_than_a_page_is_read_whole_and_settled_ones_are_asked_once():
    made = server(*(("web/eu", str(i), STAMPS[0], DONE) for i in range(130)))
    with servers.serve(made) as url:
        source = GitHubDeployments(github(url), {})
        assert len(source.fetch_rollouts("web", ALL)) == 130
        asked = len(made.seen)
        assert len(source.fetch_rollouts("web", ALL)) == 130
    assert asked == 132
    assert len(made.seen) == asked + 2


def test_a_list_without_end_is_refused():
    row = [{"id": 1, "sha": "a", "environment": "web", "created_at": STAMPS[2]}] * 100
    with servers.serve(lambda _: servers.as_json(row)) as url, pytest.raises(BadQuery, match="more than 5,000"):
        list(github(url).rows("deployments"))


def test_a_row_that_is_wrong_is_named():
    row = {"id": 7, "environment": "web", "sha": "a", "created_at": "2026-01-05T10:00:00"}
    wrong = pytest.raises(SourceUnavailable, match=r"with a row 7 that is wrong: .*has no time zone")
    with servers.serve(lambda _: servers.as_json([row])) as url, wrong:
        GitHubDeployments(github(url), {}).fetch_rollouts("web", ALL)


@pytest.mark.parametrize("name", ["web", "../../etc", "a/b/c", "a/b?x=1", ""])
def test_only_owner_and_name_make_a_repository(name):
    with pytest.raises(ConfigError, match="is no repository on GitHub; write owner/name"):
        GitHub(name)
