"""A run whose process is gone goes on in another one, and makes no finished call again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from agent_bench import TWO_STEPS, write_skill

from effnb.agent import load_transcript, resume_run
from effnb.domain import ToolCall
from effnb.errors import NotFound, PlaybookError
from effnb.store._runs import RunLog

DRIVER = """
import os, sys
from pathlib import Path
from agent_bench import Bench, TWO_STEPS
from effnb.store._runs import RunLog

folder, cut = Path(sys.argv[1]), sys.argv[2]
bench = Bench(folder)
run = bench.start(TWO_STEPS)
print(run.transcript.run_id, flush=True)
if cut == "before":
    os.kill(os.getpid(), 9)
run.next_blocking()
if cut == "between":
    os.kill(os.getpid(), 9)
record = RunLog.add_call
def add_and_die(*args):
    record(*args)
    os.kill(os.getpid(), 9)
RunLog.add_call = add_and_die
run.next_blocking()
"""
SECOND = """
import json, sys
from pathlib import Path
from agent_bench import Bench
from effnb.agent import resume_run
from effnb.skills import load_skill

folder = Path(sys.argv[1])
bench = Bench(folder)
skill = load_skill(folder / "skills" / "probe")
run = resume_run(sys.argv[2], toolbox=bench.toolbox, state=bench.state, blobs=bench.blobs, skill=skill)
pending = run.pending and run.pending.step
done = run.finish_blocking()
print(json.dumps({"pending": pending, "made": bench.made, "state": done.state, "calls": len(done.calls),
                  "claim": done.resolution.findings[0].claim}))
"""


def python(code: str, *args: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    return subprocess.run(
        [sys.executable, "-c", code, *args], capture_output=True, text=True, env=environment, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("cut", "pending", "made"), [("before", "first", [1, 2]), ("between", "second", [2]), ("after", None, [])]
)
def test_killed_run_goes_on_in_another_process(tmp_path, cut, pending, made):
    killed = python(DRIVER, str(tmp_path), cut)
    assert killed.returncode == -9, killed.stderr
    resumed = python(SECOND, str(tmp_path), killed.stdout.strip())
    assert resumed.returncode == 0, resumed.stderr
    assert json.loads(resumed.stdout) == {
        "pending": pending,
        "made": made,
        "state": "finished",
        "calls": 2,
        "claim": "It is 4.0.",
    }


def resumed(bench, run, **kwargs):
    if "skill" not in kwargs:
        kwargs["skill"] = write_skill(bench.folder, TWO_STEPS)
    return resume_run(run.transcript.run_id, toolbox=bench.toolbox, state=bench.state, blobs=bench.blobs, **kwargs)


def test_edited_arguments_stay_the_executed_ones_after_resume(bench):
    run = bench.start(TWO_STEPS)
    run.next_blocking({"value": 50})
    done = resumed(bench, run).finish_blocking()
    assert [(c.args["value"], c.edited) for c in done.calls] == [(50, True), (100.0, False)]


def test_large_result_is_read_back_after_resume(bench):
    body = TWO_STEPS.replace('"double", Answer, value=inputs.value', '"large", Answer, size=70_000')
    run = bench.start(body)
    run.next_blocking()
    again = resumed(bench, run, skill=write_skill(bench.folder, body))
    assert again.finish_blocking().state == "finished"
    assert len(again.result("first").ballast) == 70_000


def test_denied_step_stays_denied_after_resume(bench):
    body = """
        gaps = []
        for name in ("a", "b"):
            try:
                yield from step(name, "?").call("double", Answer, value=1)
            except StepFailed as gap:
                gaps.append(gap.reason)
        return Resolution(status="needs_person", summary="x", gaps=tuple(gaps))
    """
    run = bench.start(body)
    run.skip_blocking("not today")
    done = resumed(bench, run, skill=write_skill(bench.folder, body)).finish_blocking()
    assert [(c.step, c.status) for c in done.calls] == [("a", "denied"), ("b", "success")]
    assert done.resolution.gaps == ("not today",)


def test_run_that_is_over_is_read_not_run(bench):
    run = bench.start(TWO_STEPS)
    done = run.finish_blocking()
    again = resumed(bench, run, skill=None)
    assert (again.transcript, again.pending, again.next_blocking()) == (done, None, None)
    assert again.result("second").value == 4.0


def test_changed_skill_is_refused_unless_allowed(bench):
    run = bench.start(TWO_STEPS)
    run.next_blocking()
    changed = write_skill(bench.folder, TWO_STEPS.replace("Done.", "Done, says the new text."))
    with pytest.raises(PlaybookError, match="the skill is now probe@"):
        resumed(bench, run, skill=changed)
    done = resumed(bench, run, skill=changed, allow_changed_skill=True).finish_blocking()
    assert done.resolution.summary == "Done, says the new text."


def test_allowed_change_that_asks_otherwise_ends_the_run(bench):
    run = bench.start(TWO_STEPS)
    run.next_blocking()
    changed = write_skill(bench.folder, TWO_STEPS.replace("value=inputs.value", "value=3"))
    done = resumed(bench, run, skill=changed, allow_changed_skill=True).finish_blocking()
    assert (done.state, len(done.calls)) == ("failed", 2)
    assert "where the run recorded" in done.error


def test_two_drivers_of_one_run_are_told_apart(bench):
    run = bench.start(TWO_STEPS)
    other = resumed(bench, run)
    run.next_blocking()
    with pytest.raises(Exception, match="another process runs it"):
        other.next_blocking()
    assert other.transcript.state == "paused"
    assert run.finish_blocking().state == "finished"


def test_unknown_run_is_not_found(bench):
    with pytest.raises(NotFound, match="this workspace has none"):
        resume_run("run-x", toolbox=bench.toolbox, state=bench.state, blobs=bench.blobs)


def test_runs_are_filed_under_their_first_input(bench):
    run = bench.start(TWO_STEPS)
    assert RunLog(bench.state).ids("1.0") == (run.transcript.run_id,)
    assert isinstance(run.pending, ToolCall)
    assert load_transcript(run.transcript.run_id, bench.state).state == "paused"
