"""One workspace whose context comes from a repository, a cluster's export and a forge, asked through the tools."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from effnb.errors import ToolFailed
from effnb.session import open_session

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "contracts"))
import source_servers as servers  # kept with the contracts
from source_worlds import ALL, HOUR, KUBERNETES, T0, TOKEN_ENV, Repository, flags, github_rows

SETTINGS = """
[sources]
repository = "repo"
kubernetes = "objects.json"
repository_docs = "docs"
discussions = "chat.jsonl"
metrics = "series"
config_files = {{ "config.toml" = "web" }}

[sources.flagd]
file = "flags.json"
service = "web"

[sources.github]
repository = "shop/web"
api = "{url}"
token_env = "{token}"
deployments = true
discussions = true
environments = {{ "web/eu" = {{ service = "web", host_group = "github" }} }}
"""
SPAN = {"service": "web", "start": ALL.start, "end": ALL.end}


@pytest.fixture
def tools(tmp_path, monkeypatch):
    monkeypatch.setenv(TOKEN_ENV, servers.TOKEN)
    made = Repository(tmp_path / "repo")
    for i in range(3):
        files = {
            "config.toml": f"pool = {i}\n",
            "flags.json": flags(i),
            "app.py": 'def size():\n    return get("pool")\n',
        }
        made.commit(T0 + i * HOUR, files | {"docs/pool.md": "# Pool\n\nHow large the pool is.\n"})
    (tmp_path / "objects.json").write_text(KUBERNETES)
    (tmp_path / "chat.jsonl").write_text(
        '{"at": "2026-01-05T10:30:00Z", "channel": "c", "author": "a", "text": "m1 too"}\n'
    )
    (tmp_path / "series").mkdir()
    (tmp_path / "series" / "load.csv").write_text("time,value\n2026-01-05T10:00:00Z,1\n2026-01-05T11:00:00Z,2\n")
    with servers.serve(servers.GitHubServer(github_rows())) as url:
        (tmp_path / "effnb.toml").write_text(SETTINGS.format(url=url, token=TOKEN_ENV))
        session = open_session(tmp_path)
        yield session.tools
        session.close()


@pytest.mark.server("git")
def test_rollouts_of_two_deploy_systems_are_one_list(tools):
    found = tools.rollout_status(**SPAN)
    assert [one.host_group for one in found] == ["shop", "github"] * 3


@pytest.mark.server("git")
def test_settings_and_ramps_are_read_from_the_repository(tools):
    assert [(one.key, one.old, one.new) for one in tools.config_history(**SPAN)] == [
        ("pool", None, "0"),
        ("pool", "0", "1"),
        ("pool", "1", "2"),
    ]
    assert [one.experiment_id for one in tools.list_experiments()] == ["f0", "f1"]
    shown = tools.show_change(change_id="config:pool")
    assert [one.function for one in shown.touched] == ["app:size"]


@pytest.mark.server("git")
def test_pages_and_messages_are_found_wherever_they_lie(tools):
    assert [one.path for one in tools.search_docs(text="pool")] == ["docs/pool.md"]
    assert {one.channel for one in tools.search_discussions(text="m1")} == {"c", "shop/web#7"}


@pytest.mark.server("git")
def test_a_metric_that_is_not_in_the_store_comes_from_its_source(tools):
    (series,) = tools.metric_range(metric="load", start=ALL.start, end=ALL.end)
    assert series.values == (1.0, 2.0)
    none = tools.metric_range(metric="load", start=ALL.end, end=ALL.end + HOUR)
    assert (len(none), none.searched.startswith("load of series in series")) == (0, True)
    with pytest.raises(ToolFailed, match="no metric 'lod' in the store; did you mean 'load'"):
        tools.metric_range(metric="lod", start=ALL.start, end=ALL.end)


@pytest.mark.parametrize("setting", ['config_files = { "c.toml" = "*" }', 'repository_docs = "docs"'])
def test_what_lies_in_a_repository_needs_one(tmp_path, setting):
    (tmp_path / "effnb.toml").write_text(f"[sources]\n{setting}\n")
    session = open_session(tmp_path)
    name = "config_history" if "config" in setting else "search_docs"
    with pytest.raises(ToolFailed, match=r"is read from the repository; set \[sources\] repository"):
        session.tools.call(name, SPAN if name == "config_history" else {"text": "x"})
    session.close()
