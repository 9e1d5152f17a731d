"""A run that meets a call which has to be approved waits for it, in this process or in the next."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from agent_bench import Bench, write_skill

from effnb.agent import resume_run
from effnb.errors import AnalysisError, StoreError, ToolFailed
from effnb.store._run_lock import one_runner
from effnb.widgets._show import render_waiting

DEPLOYS = """
first = yield from step("first", "Twice?").call("double", Answer, value=inputs.value)
try:
    done = yield from step("deploy", "Roll it out?").call("deploys", Answer, value=first.value)
except StepFailed as gap:
    return Resolution(status="needs_person", summary="Not rolled out.", gaps=(gap.reason,))
evidence = (cite("deploy", done, "value"),)
return Resolution(status="explained", summary="Rolled out.", findings=(Finding(claim="Out.", evidence=evidence),))
"""


def resumed(bench, run, **kwargs):
    skill = write_skill(bench.folder, DEPLOYS)
    return resume_run(
        run.transcript.run_id, toolbox=bench.toolbox, state=bench.state, blobs=bench.blobs, skill=skill, **kwargs
    )


def deployed(bench):
    return [one for one in bench.made if isinstance(one, tuple)]


def log(bench):
    return [(e.tool, e.outcome, e.actor.kind, e.approver) for e in bench.made.audit.entries()]


def test_a_run_stops_before_a_write_and_says_what_comes_next(bench):
    run = bench.start(DEPLOYS)
    stopped = run.finish_blocking()
    assert (stopped.state, run.pending.step, run.waits_for_approval, run.stalled) == ("paused", "deploy", True, False)
    assert run.next_blocking() is None
    assert deployed(bench) == []
    assert "run.approve(by=…) or run.deny(reason)" in repr(run)
    assert "effnb approve run-" in render_waiting(run)


def test_an_approved_write_is_made_once_and_the_log_says_by_whom(bench):
    run = bench.start(DEPLOYS)
    run.finish_blocking()
    run.approve("deploy", by="grace")
    done = run.finish_blocking()
    assert (done.state, done.resolution.summary, len(deployed(bench))) == ("finished", "Rolled out.", 1)
    context = deployed(bench)[0][2]
    assert (context.approver, context.actor.kind, context.actor.on_behalf) == ("grace", "agent", "ada")
    assert log(bench) == [
        ("double", "success", "agent", ""),
        ("deploys", "held", "agent", ""),
        ("deploys", "approved", "agent", "grace"),
        ("deploys", "begun", "agent", "grace"),
        ("deploys", "success", "agent", "grace"),
    ]
    assert bench.made.audit.verify().problems == ()


def test_a_denied_write_is_not_made_and_the_playbook_goes_on(bench):
    run = bench.start(DEPLOYS)
    run.finish_blocking()
    run.deny("freeze week", by="grace")
    assert (run.transcript.state, run.transcript.resolution.gaps, deployed(bench)) == ("finished", ("freeze week",), [])
    assert log(bench)[-1] == ("deploys", "denied", "agent", "grace")


def test_approval_of_edited_arguments_holds_for_those_only(bench):
    run = bench.start(DEPLOYS)
    run.finish_blocking()
    run.approve(args={"value": 9})
    run.next_blocking()
    assert [one[1] for one in deployed(bench)] == [9.0]
    assert run.transcript.calls[1].edited

    other = bench.start(DEPLOYS)
    other.finish_blocking()
    other.approve()
    assert other.next_blocking({"value": 99}) is None
    assert [one[1] for one in deployed(bench)] == [9.0]


def test_unacceptable_arguments_are_refused_when_they_are_approved(bench):
    run = bench.start(DEPLOYS)
    run.finish_blocking()
    with pytest.raises(ToolFailed, match="'valeu' is unknown"):
        run.approve(args={"valeu": 9})


def test_only_what_waits_can_be_approved_or_denied(bench):
    run = bench.start(DEPLOYS)
    for answer in (run.approve, lambda: run.deny("no")):
        with pytest.raises(AnalysisError, match="waits for no approval"):
            answer()
    run.finish_blocking()
    with pytest.raises(AnalysisError, match="waits for 'deploy', not for 'first'"):
        run.approve("first")


def test_an_approval_is_kept_for_the_process_that_resumes(bench):
    run = bench.start(DEPLOYS)
    run.finish_blocking()
    run.approve()
    again = resumed(bench, run)
    assert not again.waits_for_approval
    assert again.finish_blocking().state == "finished"


def test_an_approval_does_not_hold_for_a_changed_skill(bench):
    run = bench.start(DEPLOYS)
    run.finish_blocking()
    run.approve()
    changed = write_skill(bench.folder, DEPLOYS.replace("Rolled out.", "Out."))
    with pytest.raises(Exception, match="the skill is now"):
        resume_run(run.transcript.run_id, toolbox=bench.toolbox, state=bench.state, blobs=bench.blobs, skill=changed)


def test_policy_approves_in_advance(tmp_path):
    bench = Bench(tmp_path, permissions={"approve": {"tools": ["deploys"]}})
    done = bench.start(DEPLOYS).finish_blocking()
    assert (done.state, deployed(bench)[0][2].approver) == ("finished", "[permissions.approve] in effnb.toml")
    bench.state.close()


def test_a_skill_without_the_right_to_write_has_a_failed_step(tmp_path):
    bench = Bench(tmp_path, permissions={"agents": {"probe": {"ask": []}}})
    done = bench.start(DEPLOYS).finish_blocking()
    assert (done.state, deployed(bench)) == ("finished", [])
    assert "agent probe may only read, propose" in done.resolution.gaps[0]
    bench.state.close()


def test_a_budget_counts_the_calls_of_the_whole_run(tmp_path):
    bench = Bench(tmp_path, permissions={"agent": {"calls": 1}, "approve": {"tools": ["*"]}})
    run = bench.start(DEPLOYS)
    run.next_blocking()
    done = resumed(bench, run).finish_blocking()
    assert "made 1 calls, and 1 is its limit" in done.resolution.gaps[0]
    bench.state.close()


def test_one_runner_at_a_time(bench):
    run = bench.start(DEPLOYS)
    with one_runner(bench.folder / "locks", run.transcript.run_id):
        with pytest.raises(StoreError, match="another process runs"):
            run.next_blocking()
        assert (run.transcript.state, bench.made) == ("paused", [])
    assert run.next_blocking().step == "first"
    run.stop()


def test_notes_are_kept_with_the_step_they_follow(bench):
    run = bench.start(DEPLOYS)
    run.note("starting")
    run.next_blocking()
    run.note("looks right", by="grace")
    kept = resumed(bench, run).transcript.notes
    assert [(note.after, note.by, note.text) for note in kept] == [
        ("", "ada", "starting"),
        ("first", "grace", "looks right"),
    ]


KILLED = """
import os, sys
from pathlib import Path
import agent_bench
from agent_bench import Bench
from test_approval import DEPLOYS
from effnb.store import AuditLog

bench = Bench(Path(sys.argv[1]))
run = bench.start(DEPLOYS)
run.finish_blocking()
run.approve(by="ada")
print(run.transcript.run_id, flush=True)
append = AuditLog.append
def append_and_die(self, **entry):
    if entry["outcome"] == sys.argv[2]:
        (Path(sys.argv[1]) / "idem").write_text(str(getattr(self, "idem", "")))
        os.kill(os.getpid(), 9)
    return append(self, **entry)
AuditLog.append = append_and_die
run.next_blocking()
"""


@pytest.mark.parametrize("moment", ["begun", "success"])
def test_a_write_that_was_cut_off_waits_for_a_person_and_keeps_its_key(tmp_path, moment):
    environment = {**os.environ, "PYTHONPATH": f"{Path(__file__).parent}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), moment],
        capture_output=True, text=True, env=environment, timeout=60, check=False,
    )  # fmt: skip
    assert killed.returncode == -9, killed.stderr
    bench = Bench(tmp_path, permissions={"approve": {"tools": ["*"]}})
    run = resume_run(
        killed.stdout.strip(),
        toolbox=bench.toolbox,
        state=bench.state,
        blobs=bench.blobs,
        skill=write_skill(tmp_path, DEPLOYS),
    )
    assert run.finish_blocking().state == "paused"
    assert (run.waits_for_approval, deployed(bench)) == (True, [])
    assert "it may have taken effect; look, then approve it again" in run.pending.error
    run.approve(by="grace")
    done = run.finish_blocking()
    assert (done.state, len(deployed(bench))) == ("finished", 1)
    recorded = bench.state.connection.execute("SELECT idem FROM intent").fetchall()
    assert [row["idem"] for row in recorded] == [deployed(bench)[0][2].idem]
    bench.state.close()


def test_transcript_of_a_waiting_run_is_plain_json(bench):
    run = bench.start(DEPLOYS)
    run.finish_blocking()
    assert json.loads(json.dumps(run.transcript.to_json()))["state"] == "paused"
