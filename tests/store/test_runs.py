"""What the log of runs promises to a process that comes after a kill."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from effnb.domain import ToolCall, Transcript
from effnb.errors import NotFound, StoreError
from effnb.store._runs import RunLog
from effnb.store._state import State

AT = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def state(tmp_path):
    opened = State(tmp_path / "state.db")
    yield opened
    opened.close()


@pytest.fixture
def log(state) -> RunLog:
    return RunLog(state)


def transcript(run_id: str = "run-1") -> Transcript:
    return Transcript(
        run_id=run_id, skill="s", digest="d", mode="playbook", model="m", inputs={}, state="running", started_at=AT
    )


def call(step: str) -> ToolCall:
    return ToolCall(id=f"s.{step}", step=step, tool="t", args={"a": 1}, status="success", started_at=AT, result=[1.5])


def test_calls_come_back_in_order(log):
    log.begin(transcript(), "r1")
    log.add_call("run-1", 0, call("one"))
    log.add_call("run-1", 1, call("two"))
    assert log.load("run-1") == transcript().model_copy(update={"calls": (call("one"), call("two"))})


def test_state_and_messages_are_replaced(log):
    log.begin(transcript(), "r1")
    assert log.messages("run-1") is None
    log.save(transcript().model_copy(update={"state": "paused"}), b"[1]")
    log.save(transcript().model_copy(update={"state": "finished"}), b"[2]")
    assert log.messages("run-1") == b"[2]"
    assert log.load("run-1").state == "finished"


def test_a_second_runner_of_the_same_call_is_refused(log):
    log.begin(transcript(), "r1")
    log.add_call("run-1", 0, call("one"))
    with pytest.raises(StoreError, match="another process runs it"):
        log.add_call("run-1", 0, call("one"))


def test_unknown_run_names_the_nearest(log):
    with pytest.raises(NotFound, match="this workspace has none"):
        log.load("run-x")
    log.begin(transcript("run-20261120-aaaa"), "r1")
    with pytest.raises(NotFound, match="did you mean 'run-20261120-aaaa'"):
        log.load("run-20261120-aaab")


def test_runs_are_listed_by_subject_newest_first(log):
    log.begin(transcript("a"), "r1")
    log.begin(transcript("b").model_copy(update={"started_at": AT.replace(day=21)}), "r1")
    log.begin(transcript("c"), "r2")
    assert log.ids("r1") == ("b", "a")
    assert set(log.ids()) == {"a", "b", "c"}


def test_a_damaged_record_is_said_to_be_one(log, state):
    log.begin(transcript(), "r1")
    state.connection.execute("UPDATE run SET body = '{}'")
    with pytest.raises(StoreError, match="run-1 cannot be read"):
        log.load("run-1")
