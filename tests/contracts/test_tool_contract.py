"""What every tool promises."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime
from typing import get_args

import pytest

from effnb.domain import Tier
from effnb.errors import ToolFailed
from effnb.session import open_session
from effnb.tools import Toolbox, plain, tools

TOOLS = tools()
T0, T1 = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
SPAN = {"start": T0, "end": T1}
VALUES = {
    "id": "reg-0",
    "service": "web",
    "function": "m:f",
    "start": T0,
    "end": T1,
    "before": SPAN,
    "after": SPAN,
    "paths": ["no-such-file.folded"],
    "metric": "requests",
    "text": "cost",
    "path": "runbook.md",
    "target": "web",
    "change_id": "config:a",
    "experiment_id": "e1",
    "fix": "fix-0",
    "subject": "reg-0",
    "reason": "it is rare",
}


@pytest.fixture
def toolbox(tmp_path, monkeypatch) -> Toolbox:
    (tmp_path / "effnb.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    session = open_session(tmp_path)
    yield session.tools
    session.close()


@pytest.mark.parametrize("name", TOOLS)
def test_it_is_described_for_a_reader_who_sees_nothing_else(name):
    tool = TOOLS[name]
    first = tool.description.splitlines()[0]
    assert re.match(r"[A-Z].{20,}[.:]$", first), first
    schema = tool.schema()["parameters"]
    for argument, about in schema.get("properties", {}).items():
        assert about.get("description"), f"{name}: {argument} is not described"
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("name", TOOLS)
def test_it_declares_what_it_may_touch_and_how_long(name):
    assert TOOLS[name].tier in get_args(Tier)
    assert 0 < TOOLS[name].timeout <= 3600
    assert TOOLS[name].source


def test_only_what_changes_something_is_more_than_read():
    tiers = {"propose": set(), "write": set(), "read": set()}
    for name, tool in TOOLS.items():
        tiers[tool.tier].add(name)
    assert tiers["propose"] == {
        "dismiss_opportunity",
        "ingest_files",
        "ingest_profiles",
        "ingest_prometheus",
        "propose_fix",
        "confirm_cause",
        "run_detection",
        "scan_code",
        "verify_fix",
    }
    assert tiers["write"] == {"apply_fix", "open_pull_request", "undo_fix"}


@pytest.mark.parametrize("name", TOOLS)
def test_it_is_alone_in_a_file_of_its_name(name):
    assert TOOLS[name].module == f"effnb.tools.{name}"


@pytest.mark.parametrize("name", TOOLS)
def test_on_an_empty_workspace_it_answers_or_refuses_in_one_line(toolbox, name):
    needed = TOOLS[name].schema()["parameters"].get("required", [])
    try:
        result = toolbox.call(name, {argument: VALUES[argument] for argument in needed})
    except ToolFailed as refusal:
        message = str(refusal)
        assert "\n" not in message
        assert not re.search(r"failed with \w+Error", message), message
        assert len(message) > 20
        assert re.search(r"[;:,] ", message), f"no next step: {message}"
    else:
        tool = TOOLS[name]
        assert tool.result_type.validate_python(plain(result)) == result
        assert not len(result)
        assert result.searched


@pytest.mark.parametrize("name", [name for name, tool in TOOLS.items() if tool.tier == "read"])
def test_a_read_tool_adds_nothing_to_an_empty_store(toolbox, tmp_path, name):
    needed = TOOLS[name].schema()["parameters"].get("required", [])
    with contextlib.suppress(ToolFailed):
        toolbox.call(name, {argument: VALUES[argument] for argument in needed})
    kept = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert kept <= {"effnb.toml", "state.db", "state.db-wal", "state.db-shm"}
