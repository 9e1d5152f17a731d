"""One explicit workspace: opened by its folder, everything else on first use."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from effnb.domain import Window
from effnb.errors import ConfigError, NotFound, SourceUnavailable
from effnb.workspace import Workspace

SPAN = Window(start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2026, 2, 1, tzinfo=UTC))


@pytest.fixture
def opened(tmp_path):
    made = []

    def open_with(text: str = "") -> Workspace:
        (tmp_path / "effnb.toml").write_text(text)
        made.append(Workspace.open(tmp_path))
        return made[-1]

    yield open_with
    for one in made:
        one.close()


def test_opening_writes_nothing(opened, tmp_path):
    opened()
    assert [path.name for path in tmp_path.iterdir()] == ["effnb.toml"]


def test_it_is_found_from_a_folder_below_or_a_file_in_it(opened, tmp_path):
    opened()
    inner = tmp_path / "a"
    inner.mkdir()
    for start in (inner, str(inner), tmp_path / "effnb.toml"):
        assert Workspace.open(start).root == tmp_path.resolve()


def test_the_current_folder_is_where_it_looks_first(opened, tmp_path, monkeypatch):
    opened()
    monkeypatch.chdir(tmp_path)
    assert Workspace.open().root == tmp_path.resolve()


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"no folder .*gone; give the folder that holds effnb\.toml"):
        Workspace.open(tmp_path / "gone")


def test_what_is_not_configured_is_none(opened):
    workspace = opened()
    assert workspace.repository is workspace.rollouts is workspace.experiments is None
    assert workspace.settings_histories == ()
    with pytest.raises(
        NotFound, match="no samples of service 'web'; services with samples: none yet: run `effnb ingest"
    ):
        workspace.check_service("web")


def test_the_store_lies_where_the_settings_say(opened, tmp_path):
    workspace = opened('[workspace]\nstore = "kept/here"\n')
    assert workspace.samples.services() == ()
    assert (tmp_path / "kept" / "here" / "state.db").is_file()
    assert workspace.blobs == tmp_path.resolve() / "kept" / "here" / "blobs"


def test_paths_are_relative_to_the_settings_file(opened, tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "r.jsonl").write_text("")
    workspace = opened('[sources]\nrollouts = "in/r.jsonl"\nflags = "in/r.jsonl"\n')
    monkeypatch.chdir("/")
    assert workspace.rollouts.fetch_rollouts("web", SPAN) == []
    assert len(workspace.settings_histories) == 1


def test_a_missing_source_fails_when_it_is_used_not_before(opened):
    workspace = opened('[sources]\nrepository = "gone"\nrollouts = "gone.jsonl"\n')
    assert workspace.samples.services() == ()
    with pytest.raises(SourceUnavailable, match="set \\[sources\\] repository"):
        _ = workspace.repository
    with pytest.raises(SourceUnavailable, match=r"cannot read .*gone\.jsonl"):
        _ = workspace.rollouts


def test_two_workspaces_do_not_share_anything(opened, tmp_path):
    one, other = opened(), Workspace.open(tmp_path)
    assert one.state is not other.state
    other.close()
    assert one.samples.services() == ()
