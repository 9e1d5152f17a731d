"""Skills that are wrong: each ends its own run with a reason that names the cause, and harms nothing else."""

from __future__ import annotations

import re
import threading
import time

import pytest
from agent_bench import TWO_STEPS, write_skill

from effnb.agent import load_transcript, resume_run, start_run
from effnb.errors import BudgetExceeded, PlaybookError
from effnb.skills import load_skill

ONE_STEP = 'first = yield from step("first", "?").call("double", Answer, value=1)\n'
DONE = '\nreturn Resolution(status="not_found", summary="x")'
BAD = {
    "raises": (ONE_STEP + "1 / 0", r"probe, after step 'first', line \d+, raised ZeroDivisionError"),
    "exits": (ONE_STEP + "raise SystemExit(3)", r"after step 'first', line \d+, raised SystemExit: 3"),
    "interrupts": (ONE_STEP + "raise KeyboardInterrupt", r"line \d+, raised KeyboardInterrupt"),
    "recurses": (ONE_STEP + "def f(): return f()\nf()", r"raised RecursionError"),
    "unknown tool": ('yield from step("a", "?").call("doubel", Answer)', r"'doubel'.*did you mean 'double'"),
    "never ends": (ONE_STEP + "while True: pass", r"playbook of probe took more than 0.5 s; .* decide quickly"),
    "never stops asking": (
        'for i in range(10**9): yield from step(f"s{i}", "?").call("double", Answer, value=i)',
        r"asks for more than 100 steps; end it earlier",
    ),
    "never stops asking for the same": (
        "while True:\n    " + ONE_STEP,
        r"uses step id 'first' twice; put the loop's index in it",
    ),
    "yields text": (ONE_STEP + 'yield "rm -rf /"', r"yields str; write `yield from step"),
    "returns nothing": (ONE_STEP + "return None", r"returns NoneType, not a Resolution"),
    "swallows its end": (
        "try:\n    " + ONE_STEP + "except GeneratorExit:\n    yield 'no'\nreturn 1",
        r"returns int, not a Resolution",
    ),
    "names a step badly": ('yield from step("../x", "?").call("double", Answer, value=1)', r"names a step '../x'"),
    "arguments that are no JSON": (
        'yield from step("a", "?").call("double", Answer, value=object())',
        r"step 'a' gives double what JSON cannot hold: .*object",
    ),
    "cites what no tool returned": (
        ONE_STEP
        + 'lie = Evidence(call="first", field="value", value=3)\n'
        + 'return Resolution(status="explained", summary="x", findings=(Finding(claim="c", evidence=(lie,)),))',
        r"evidence says first.value is 3; the tool returned 2.0",
    ),
    "depends on more than its inputs": (
        "import itertools, sys\ncount = sys.__dict__.setdefault('_effnb_test_count', itertools.count())\n"
        'yield from step("a", "?").call("double", Answer, value=next(count))' + DONE,
        r"may depend on nothing but its inputs and results",
    ),
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr("effnb.skills._playbook.SECONDS_TO_DECIDE", 0.5)


@pytest.mark.parametrize("name", BAD)
def test_bad_playbook_ends_its_run_with_the_cause(bench, name):
    body, reason = BAD[name]
    run = bench.start(body)
    done = run.finish_blocking()
    assert done.state == "failed"
    assert "\n" not in done.error
    assert re.search(reason, done.error), done.error
    kept = load_transcript(done.run_id, bench.state)
    assert (kept.error, kept.calls) == (done.error, done.calls)
    good = write_skill(bench.folder, TWO_STEPS, "other")
    place = {"toolbox": bench.toolbox, "state": bench.state, "blobs": bench.blobs}
    assert start_run(skill=good, inputs={"value": 1}, **place).finish_blocking().state == "finished"


@pytest.mark.parametrize(
    ("text", "error", "reason"),
    [
        ("while True: pass", BudgetExceeded, r"importing .*playbook.py took more than 0.5 s"),
        ("raise SystemExit(0)", PlaybookError, r"cannot import .*playbook.py: SystemExit"),
        ("import no_such_module", PlaybookError, r"cannot import .*playbook.py: ModuleNotFoundError"),
        ("x = (", PlaybookError, r"cannot import .*playbook.py: SyntaxError"),
    ],
)
def test_playbook_that_cannot_be_imported_is_refused(bench, text, error, reason):
    skill = write_skill(bench.folder, TWO_STEPS)
    (skill.path / "playbook.py").write_text(text)
    with pytest.raises(error, match=reason):
        start_run(
            skill=load_skill(skill.path),
            inputs={"value": 1},
            toolbox=bench.toolbox,
            state=bench.state,
            blobs=bench.blobs,
        )


def test_change_between_pause_and_resume_is_refused_and_the_run_kept(bench):
    run = bench.start(TWO_STEPS)
    run.next_blocking()
    changed = write_skill(bench.folder, TWO_STEPS.replace("Four times?", "Five times?"))
    place = {"toolbox": bench.toolbox, "state": bench.state, "blobs": bench.blobs}
    with pytest.raises(PlaybookError, match=r"began with probe@\w+, the skill is now probe@\w+; start a new run"):
        resume_run(run.transcript.run_id, skill=changed, **place)
    back = write_skill(bench.folder, TWO_STEPS)
    assert resume_run(run.transcript.run_id, skill=back, **place).finish_blocking().state == "finished"


def test_playbook_that_catches_everything_it_can_is_interrupted(bench):
    before = threading.active_count()
    body = ONE_STEP + "while True:\n    try:\n        while True: pass\n    except Exception: pass"
    assert "took more than 0.5 s" in bench.start(body).finish_blocking().error
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert threading.active_count() == before
