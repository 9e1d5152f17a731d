"""A run, step by step: pause, edit, skip, stop, failure, and how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
from datetime import UTC, datetime

import pytest
from agent_bench import TWO_STEPS

from effnb.agent import export_jsonl, load_transcript
from effnb.domain import Resolution
from effnb.errors import AnalysisError, ConfigError, NotFound, PlaybookError, ToolFailed


def test_finished_run_holds_calls_and_checked_evidence(bench):
    run = bench.start(TWO_STEPS, clock=lambda: datetime(2026, 11, 20, tzinfo=UTC))
    done = run.finish_blocking()
    assert (done.state, done.tokens, done.error) == ("finished", 0, None)
    assert done.model == f"playbook/probe@{done.digest[:12]} (no language model)"
    assert [(c.id, c.tool, c.args, c.result["value"], c.why) for c in done.calls] == [
        ("probe.first", "double", {"value": 1.0}, 2.0, "Twice?"),
        ("probe.second", "double", {"value": 2.0}, 4.0, "Four times?"),
    ]
    evidence = done.resolution.findings[0].evidence[1]
    assert (evidence.value, evidence.source, evidence.query) == (4.0, "numbers", "double(value=2.0)")
    assert evidence.fetched_at == datetime(2026, 11, 20, tzinfo=UTC)


def test_run_waits_before_each_call(bench):
    run = bench.start(TWO_STEPS)
    assert (run.transcript.state, run.pending.step, run.pending.status, bench.made) == (
        "paused",
        "first",
        "pending",
        [],
    )
    assert run.next_blocking().result == {"value": 2.0, "ballast": ""}
    assert (run.pending.step, run.pending.args, run.pending.why) == ("second", {"value": 2.0}, "Four times?")
    assert run.next_blocking().step == "second"
    assert (run.pending, run.transcript.state) == (None, "finished")
    assert run.next_blocking() is None


def test_state_file_holds_every_finished_call(bench):
    run = bench.start(TWO_STEPS)
    run.next_blocking()
    assert load_transcript(run.transcript.run_id, bench.state) == run.transcript
    run.finish_blocking()
    assert load_transcript(run.transcript.run_id, bench.state) == run.transcript


def test_edited_arguments_are_the_executed_ones_and_the_playbook_goes_on(bench):
    run = bench.start(TWO_STEPS)
    call = run.next_blocking({"value": 50})
    assert (call.args, call.edited, call.result["value"]) == ({"value": 50}, True, 100.0)
    done = run.finish_blocking()
    assert [c.args["value"] for c in done.calls] == [50, 100.0]
    assert [c.edited for c in done.calls] == [True, False]
    assert done.resolution.findings[0].claim == "It is 200.0."
    assert done.resolution.findings[0].evidence[0].query == "double(value=50)"


def test_unacceptable_edit_is_refused_and_the_run_still_waits(bench):
    run = bench.start(TWO_STEPS)
    with pytest.raises(ToolFailed, match="'valeu' is unknown, did you mean 'value'"):
        run.next_blocking({"valeu": 1})
    assert (run.pending.step, run.transcript.calls, bench.made) == ("first", (), [])
    assert run.finish_blocking().state == "finished"


def test_same_arguments_are_no_edit(bench):
    assert bench.start(TWO_STEPS).next_blocking({"value": 1.0}).edited is False


SKIPPABLE = """
try:
    answer = yield from step("first", "Twice?").call("double", Answer, value=1)
except StepFailed as gap:
    return Resolution(status="needs_person", summary="Open.", gaps=(f"{gap.step} {gap.outcome}: {gap.reason}",))
return Resolution(status="explained", summary="Done.")
"""


def test_skipped_step_is_denied_to_the_playbook(bench):
    run = bench.start(SKIPPABLE)
    run.skip_blocking("freeze week")
    assert run.transcript.resolution.gaps == ("first denied: freeze week",)
    assert [(c.status, c.error) for c in run.transcript.calls] == [("denied", "freeze week")]
    assert load_transcript(run.transcript.run_id, bench.state) == run.transcript
    assert bench.made == []


def test_tool_failure_reaches_the_playbook_with_its_reason(bench):
    run = bench.start(SKIPPABLE.replace("double", "fails"))
    assert run.finish_blocking().resolution.gaps == ("first failed: 3 points, 10 are needed",)
    with pytest.raises(ToolFailed, match="step 'first' has no result: 3 points"):
        run.result("first")


def test_tool_that_hangs_is_a_failed_step(bench):
    run = bench.start(SKIPPABLE.replace("double", "hangs"))
    assert "gave no answer within 0.1 s" in run.finish_blocking().resolution.gaps[0]


def test_wrong_arguments_of_a_playbook_are_a_failed_step(bench):
    run = bench.start(SKIPPABLE.replace("value=1", "valeu=1"))
    assert "'valeu' is unknown" in run.finish_blocking().resolution.gaps[0]


def test_large_result_is_kept_beside_the_transcript(bench):
    run = bench.start("""
        big = yield from step("big", "Much?").call("large", Answer, size=70_000)
        again = yield from step("again", "Twice?").call("double", Answer, value=len(big.ballast))
        return Resolution(status="explained", summary=f"{again.value}",
                          findings=(Finding(claim="x", evidence=(cite("big", big, "value"),)),))
    """)
    done = run.finish_blocking()
    kept = done.calls[0].result
    assert kept.keys() == {"ref", "bytes"}
    assert 70_000 < kept["bytes"] < 71_000
    assert (bench.blobs / f"{kept['ref']}.json").stat().st_size == kept["bytes"]
    assert done.resolution.summary == "140000.0"
    assert run.result("big").ballast == "x" * 70_000
    stored = bench.state.connection.execute("SELECT body FROM message").fetchone()["body"]
    assert len(stored) < 10_000
    assert kept["ref"] in stored


def test_changed_blob_is_refused(bench):
    run = bench.start(TWO_STEPS.replace('"double", Answer, value=inputs.value', '"large", Answer, size=70_000'))
    ref = run.next_blocking().result["ref"]
    (bench.blobs / f"{ref}.json").write_text("{}")
    with pytest.raises(Exception, match="was changed after it was written"):
        run.result("first")


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        ('Evidence(call="first", field="value", value=2.1)', "evidence says first.value is 2.1; the tool returned 2.0"),
        ('Evidence(call="first", field="cost", value=2)', "the result has no field 'cost'"),
        ('Evidence(call="never", field="", value=2)', "cites step 'never', which did not run"),
    ],
)
def test_evidence_that_lies_ends_the_run(bench, evidence, reason):
    run = bench.start(f"""
        yield from step("first", "Twice?").call("double", Answer, value=1)
        return Resolution(status="explained", summary="x", findings=(Finding(claim="x", evidence=({evidence},)),))
    """)
    done = run.finish_blocking()
    assert (done.state, done.resolution) == ("failed", None)
    assert reason in done.error
    assert len(done.calls) == 1


def test_cause_that_no_evidence_cites_ends_the_run(bench):
    run = bench.start("""
        first = yield from step("first", "Twice?").call("double", Answer, value=1)
        return Resolution(status="explained", summary="x", cause="abc",
                          findings=(Finding(claim="x", evidence=(cite("first", first, "value"),)),))
    """)
    assert "names 'abc' as the cause, and no evidence cites it" in run.finish_blocking().error


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('yield from step("a", "?").call("dubble", Answer, value=1)', "no such tool; did you mean 'double'?"),
        ("yield 3", "yields int"),
        ('yield from step("a", "?").call("double", Resolution, value=1)', "the result of double is no Resolution"),
        ('yield from step("a", "?").call("fails", Answer, value=1)', "does not go on without a result"),
        ('x = yield from step("a", "?").call("double", Answer, value=1)\nx.nope', "raised AttributeError"),
        ('yield from step("a b", "?").call("double", Answer, value=1)', "names a step 'a b'"),
        ('for _ in "ab": yield from step("a", "?").call("double", Answer, value=1)', "uses step id 'a' twice"),
        ('yield from step("a", "?").call("double", Answer, value=1)\nreturn 3', "returns int, not a Resolution"),
    ],
)
def test_playbook_that_breaks_its_contract_ends_the_run_with_a_reason(bench, body, reason):
    done = bench.start(body).finish_blocking()
    assert done.state == "failed"
    assert reason in done.error
    assert "\n" not in done.error
    assert load_transcript(done.run_id, bench.state) == done


def test_exception_in_a_playbook_is_told_with_its_line(bench):
    done = bench.start('x = yield from step("a", "?").call("double", Answer, value=1)\nx.nope').finish_blocking()
    path = bench.folder / "skills" / "probe" / "playbook.py"
    line = next(n for n, text in enumerate(path.read_text().splitlines(), 1) if "x.nope" in text)
    assert f"after step 'a', line {line}, raised AttributeError" in done.error


def test_playbook_that_never_ends_is_stopped_after_100_steps(bench):
    done = bench.start("""
        n = 0
        while True:
            n += 1
            yield from step(f"step-{n}", "?").call("double", Answer, value=n)
    """).finish_blocking()
    assert done.state == "failed"
    assert "asks for more than 100 steps" in done.error
    assert len(done.calls) == 100


def test_playbook_that_is_not_pure_is_found_out(bench):
    done = bench.start("""
        import itertools
        global count
        count = globals().get("count") or itertools.count()
        yield from step("first", "?").call("double", Answer, value=next(count))
        return Resolution(status="explained", summary="x")
    """).finish_blocking()
    assert done.state == "failed"
    assert "may depend on nothing but its inputs and results" in done.error


def test_run_inside_a_running_event_loop(bench):
    async def cell():
        run = bench.start(TWO_STEPS)
        first = await run.next()
        return first, await run.finish()

    first, done = asyncio.run(cell())
    assert (first.step, done.state) == ("first", "finished")


def test_blocking_twin_inside_a_running_event_loop(bench):
    async def cell():
        return bench.start(TWO_STEPS).finish_blocking()

    assert asyncio.run(cell()).state == "finished"


def test_one_run_across_several_event_loops(bench):
    run = bench.start(TWO_STEPS)
    assert asyncio.run(run.next()).step == "first"
    assert asyncio.run(run.finish()).state == "finished"


def test_listener_sees_each_change_until_it_unsubscribes(bench):
    run = bench.start(TWO_STEPS)
    seen: list[tuple[str, str | None, int]] = []
    unsubscribe = run.subscribe(
        lambda r: seen.append((r.transcript.state, r.pending and r.pending.step, len(r.transcript.calls)))
    )
    run.next_blocking()
    assert seen == [("running", "first", 0), ("paused", "second", 1)]
    unsubscribe()
    run.finish_blocking()
    assert len(seen) == 2


def test_stopped_run_is_over_and_recorded(bench):
    run = bench.start(TWO_STEPS)
    run.next_blocking()
    run.stop()
    assert (run.transcript.state, run.pending, run.next_blocking()) == ("stopped", None, None)
    assert load_transcript(run.transcript.run_id, bench.state) == run.transcript
    run.stop()


def test_stop_abandons_the_call_that_is_being_made(bench):
    run = bench.start(SKIPPABLE.replace("double", "waits"))
    running = threading.Event()
    run.subscribe(lambda r: running.set() if r.transcript.state == "running" else None)
    driver = threading.Thread(target=run.finish_blocking)
    driver.start()
    assert running.wait(5)
    run.stop()
    driver.join(5)
    assert not driver.is_alive()
    assert (run.transcript.state, run.transcript.calls) == ("stopped", ())
    assert load_transcript(run.transcript.run_id, bench.state).state == "stopped"


def test_cancelled_step_can_be_made_again(bench):
    run = bench.start(TWO_STEPS.replace('"double", Answer, value=first.value', '"waits", Answer, value=1'))

    async def cell():
        await run.next()
        task = asyncio.create_task(run.next())
        await asyncio.sleep(0.05)
        with pytest.raises(AnalysisError, match="is making a call"):
            await run.next()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cell())
    assert (run.transcript.state, run.pending.step, len(run.transcript.calls)) == ("paused", "second", 1)


@pytest.fixture
def interruptible():
    """A job in the background ignores the interrupt from birth; this test must not."""
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, former)


@pytest.mark.usefixtures("interruptible")
def test_interrupt_leaves_the_run_before_the_same_call(bench):
    run = bench.start(SKIPPABLE.replace("double", "waits"))
    timer = threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        run.finish_blocking()
    timer.join()
    assert (run.transcript.state, run.pending.step, run.transcript.calls) == ("paused", "first", ())
    run.skip_blocking("takes too long")
    assert run.transcript.state == "finished"


def test_typed_result_by_id_or_step(bench):
    run = bench.start(TWO_STEPS)
    run.finish_blocking()
    assert run.result("probe.first") == run.result("first")
    assert run.result("first").value == 2.0
    with pytest.raises(NotFound, match="has made no call 'third'; made: first, second"):
        run.result("third")


def test_wrong_inputs_are_refused_before_a_run_is_recorded(bench):
    with pytest.raises(AnalysisError, match=r"skill probe cannot start: value: .*; it takes value"):
        bench.start(TWO_STEPS, inputs={"value": "much"})
    assert bench.state.connection.execute("SELECT count(*) FROM run").fetchone()[0] == 0


def test_other_modes_need_a_language_model(bench):
    with pytest.raises(ConfigError, match="mode 'guided' needs a language model"):
        bench.start(TWO_STEPS, mode="guided")


def test_skill_without_playbook_cannot_be_run(bench):
    with pytest.raises(PlaybookError, match="defines no generator function"):
        bench.start("return 3")


def test_export_is_one_json_value_a_line(bench, tmp_path):
    done = bench.start(TWO_STEPS).finish_blocking()
    export_jsonl(done, tmp_path / "run.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "run.jsonl").read_text().splitlines()]
    assert [line.pop("kind") for line in lines] == ["run", "call", "call", "resolution"]
    assert lines[0]["run_id"] == done.run_id
    assert lines[2] == done.calls[1].to_json()
    assert Resolution.model_validate(lines[3]) == done.resolution
