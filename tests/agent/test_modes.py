"""Modes guided and free, over the real clients and servers that speak the three APIs."""

from __future__ import annotations

import asyncio
import json

import pytest
from agent_bench import TWO_STEPS, Bench, write_skill
from servers import Fault, Says, call, fake_model

from effnb.agent import Brain, resume_run, start_run
from effnb.errors import ConfigError
from effnb.settings import LanguageModelSettings


@pytest.fixture(autouse=True)
def _models_on_loopback_may_be_asked(monkeypatch):
    monkeypatch.setattr("pydantic_ai.models.ALLOW_MODEL_REQUESTS", True)


KINDS = ("openai", "anthropic", "ollama")


def evidence(step, value, field="value"):
    return {"call": step, "field": field, "value": value}


def conclusion(*cited, status="explained", **more):
    findings = [{"claim": "It is so.", "evidence": list(cited)}] if cited else []
    return call("final_result", status=status, summary="Said by a model.", findings=findings, **more)


GOOD = conclusion(evidence("first", 2.0), evidence("second", 4.0))
WRONG = conclusion(evidence("first", 3.0))


def brain(server, **more):
    return Brain("fake", LanguageModelSettings.model_validate(server.settings(**more)))


def start(bench, mode, made, body=TWO_STEPS, **kwargs):
    return bench.start(body, mode=mode, brain=made, **kwargs)


def answers(*said):
    """A policy that gives these answers in turn, the last one for ever."""
    left = list(said)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


# guided


@pytest.mark.parametrize("kind", KINDS)
def test_guided_makes_the_declared_calls_and_the_model_concludes(bench, kind):
    with fake_model(kind, answers(GOOD)) as server:
        done = start(bench, "guided", brain(server)).finish_blocking()
    assert (done.state, done.resolution.summary, done.requests, done.tokens) == ("finished", "Said by a model.", 1, 120)
    assert [(c.step, c.why, c.reasoning) for c in done.calls] == [
        ("first", "Twice?", ""),
        ("second", "Four times?", ""),
    ]
    assert done.resolution.findings[0].evidence[0].source == "numbers"
    assert done.model == f"playbook/probe@{done.digest[:12]}, concluded by fake ({kind}, fake-1)"
    asked = server.seen[0]
    assert list(asked.tools) == ["final_result"]
    assert "returned: {" in asked.last
    assert 'step second (Four times?)\ndouble({"value": 2.0})' in asked.last
    assert "Calls double, fails" in asked.texts[0][1]


def test_a_conclusion_that_cites_another_value_is_asked_for_again_with_the_reason(bench):
    with fake_model("openai", answers(WRONG, GOOD)) as server:
        done = start(bench, "guided", brain(server)).finish_blocking()
    assert (done.state, done.requests) == ("finished", 2)
    assert (
        "Your last conclusion was refused: evidence says first.value is 3.0; the tool returned 2.0"
        in server.seen[1].last
    )


@pytest.mark.parametrize(
    ("said", "gap"),
    [
        (WRONG, "evidence says first.value is 3.0; the tool returned 2.0"),
        (conclusion(evidence("third", 1)), "evidence cites step 'third', which did not run"),
        (conclusion(evidence("first", 2.0), cause="abc"), "names 'abc' as the cause, and no evidence cites it"),
        (call("final_result", status="solved"), "output retries"),
        (Says("I think it is fine."), "output retries"),
    ],
)
def test_a_conclusion_that_is_refused_twice_needs_a_person(bench, said, gap):
    with fake_model("openai", answers(said)) as server:
        done = start(bench, "guided", brain(server)).finish_blocking()
    assert (done.state, done.resolution.status, done.requests) == ("finished", "needs_person", 2)
    assert any(gap in one for one in done.resolution.gaps), done.resolution.gaps
    assert len(done.calls) == 2


# free


def driven(asked):
    """A model that calls double twice, reading the second argument from the first result, then concludes."""
    results = [json.loads(text) for role, text in asked.texts if '"step"' in text and role in ("tool", "user")]
    if not results:
        return Says("I start with the number itself.", [("double", {"value": 1})])
    if len(results) == 1:
        return Says("Now twice that.", [("double", {"value": results[0]["result"]["value"]})])
    cited = [evidence(one["step"], one["result"]["value"]) for one in results]
    return conclusion(*cited)


@pytest.mark.parametrize("kind", KINDS)
def test_free_lets_the_model_drive_and_marks_the_declared_steps(bench, kind):
    with fake_model(kind, driven) as server:
        done = start(bench, "free", brain(server)).finish_blocking()
    assert done.state == "finished", done.error
    assert [(c.id, c.tool, c.args, c.why, c.reasoning) for c in done.calls] == [
        ("c1", "double", {"value": 1}, "", "I start with the number itself."),
        ("c2", "double", {"value": 2.0}, "", "Now twice that."),
    ]
    assert [(one.step, one.ran) for one in done.declared] == [("first", True), ("second", True)]
    assert [one.value for one in done.resolution.findings[0].evidence] == [2.0, 4.0]
    assert done.model == f"fake ({kind}, fake-1), driving freely"
    assert (done.requests, done.tokens) == (3, 360)
    assert "Calls double, fails" in server.seen[0].everything
    assert set(server.seen[0].tools) == {"double", "fails", "hangs", "waits", "large", "final_result"}


def test_steps_the_model_left_out_are_marked_so(bench):
    with fake_model("openai", answers(call("double", value=1), conclusion(evidence("c1", 2.0)))) as server:
        done = start(bench, "free", brain(server)).finish_blocking()
    assert [(one.step, one.ran) for one in done.declared] == [("first", True), ("second", False)]


def test_several_calls_in_one_answer_are_made_one_by_one_under_ids_of_our_own(bench):
    both = Says("Both at once.", [("double", {"value": 1}), ("double", {"value": 5})], ids=["same", "same"])
    with fake_model("openai", answers(both, conclusion(evidence("c1", 2.0), evidence("c2", 10.0)))) as server:
        run = start(bench, "free", brain(server))
        assert (run.next_blocking().id, run.pending.id, run.pending.args) == ("c1", "c2", {"value": 5})
        again = resume(bench, run, brain(server))
        assert again.pending.id == "c2"
        done = again.finish_blocking()
    assert (done.state, bench.made) == ("finished", [1.0, 5.0])
    assert len(server.seen) == 2


def test_a_write_the_model_asks_for_waits_for_a_person(bench):
    skill = write_skill(bench.folder, TWO_STEPS)
    prose = skill.path / "SKILL.md"
    prose.write_text(prose.read_text() + "May end with deploys.\n")
    said = answers(call("deploys", value=3), conclusion(evidence("c1", 3.0)))
    with fake_model("openai", said) as server:
        run = bench_start(bench, server)
        transcript = run.finish_blocking()
        assert (transcript.state, run.pending.tool, run.waits_for_approval, bench.made) == (
            "paused",
            "deploys",
            True,
            [],
        )
        run.approve(by="grace")
        done = run.finish_blocking()
    assert (done.state, [kind for kind, *_ in bench.made]) == ("finished", ["deployed"])
    assert "deploys" in server.seen[0].tools


def bench_start(bench, server):
    from effnb.skills import load_skill

    return start_run(
        skill=load_skill(bench.folder / "skills" / "probe"),
        toolbox=bench.toolbox,
        inputs={"value": 1},
        state=bench.state,
        blobs=bench.blobs,
        mode="free",
        brain=brain(server),
    )


def test_a_denied_call_is_told_to_the_model(bench):
    with fake_model("openai", answers(call("double", value=1), conclusion(status="needs_person"))) as server:
        run = start(bench, "free", brain(server))
        run.skip_blocking("not that one")
        done = run.finish_blocking()
    assert (done.state, done.calls[0].status) == ("finished", "denied")
    assert "not that one" in server.seen[1].everything


def test_arguments_that_are_no_json_are_told_to_the_model_and_nothing_is_called(bench):
    said = answers(Says(calls=[("double", "{not json"), ("double", {"value": 4})]), conclusion(status="needs_person"))
    with fake_model("openai", said) as server:
        done = start(bench, "free", brain(server)).finish_blocking()
    assert (done.state, bench.made) == ("finished", [4.0])
    assert "Invalid JSON" in server.seen[1].everything


def test_a_tool_there_is_not_is_told_to_the_model(bench):
    said = answers(call("no_such_tool"), call("double", value=1), conclusion(evidence("c2", 2.0)))
    with fake_model("openai", said) as server:
        done = start(bench, "free", brain(server)).finish_blocking()
    assert (done.state, [c.tool for c in done.calls]) == ("finished", ["double"])
    assert "no_such_tool" in server.seen[1].everything


def test_a_skill_without_playbook_runs_freely(bench):
    skill = write_skill(bench.folder, TWO_STEPS)
    (skill.path / "playbook.py").unlink()
    with fake_model("openai", answers(call("double", value=1), conclusion(evidence("c1", 2.0)))) as server:
        done = bench_start(bench, server).finish_blocking()
    assert (done.state, done.declared) == ("finished", ())


# what goes wrong

FAULTS = {
    "drop": (Fault("drop"), "cannot be reached or hung up"),
    "garbage": (Fault("garbage"), "Failed to decode response as JSON"),
    "empty": (Fault("empty"), "answers what is no answer"),
    "slow": (Fault("slow"), "gave no answer within 0.5 s"),
    "status": (Fault("status", 503), "answers HTTP 503"),
}


def resume(bench, run, made):
    from effnb.skills import load_skill

    return resume_run(
        run.transcript.run_id,
        toolbox=bench.toolbox,
        state=bench.state,
        blobs=bench.blobs,
        skill=load_skill(bench.folder / "skills" / "probe"),
        brain=made,
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_model_that_fails_leaves_the_run_waiting_and_resumable(bench, kind, fault):
    what, message = FAULTS[fault]
    with fake_model(kind, answers(what, GOOD)) as server:
        made = brain(server, timeout_seconds=0.5)
        run = start(bench, "guided", made)
        broken = run.finish_blocking()
        assert (broken.state, len(broken.calls), run.stalled) == ("paused", 2, True)
        assert message in broken.error, broken.error
        assert broken.error.startswith(f"model fake ({kind}, fake-1)")
        assert "\n" not in broken.error
        done = resume(bench, run, brain(server)).finish_blocking()
    assert (done.state, done.error, len(bench.made)) == ("finished", None, 2)


def test_a_run_that_waits_for_its_model_goes_on_in_place(bench):
    with fake_model("openai", answers(Fault("drop"), *[driven] * 0, call("double", value=1), conclusion())) as server:
        run = start(bench, "free", brain(server))
        assert run.stalled
        assert run.transcript.error in repr(run)
        assert run.finish_blocking().state == "finished"


def test_a_wrong_key_is_said_so_and_a_right_one_goes_on(bench, monkeypatch):
    monkeypatch.setenv("FAKE_KEY", "wrong-key-123")
    for kind in KINDS:
        with fake_model(kind, answers(GOOD), key="right-key-123") as server:
            run = start(bench, "guided", brain(server, token_env="FAKE_KEY"))
            waiting = run.finish_blocking()
            assert (
                waiting.error
                == f"model fake ({kind}, fake-1) refused the key; check the key in FAKE_KEY, then resume the run"
            )
            monkeypatch.setenv("FAKE_KEY", "right-key-123")
            assert resume(bench, run, brain(server, token_env="FAKE_KEY")).finish_blocking().state == "finished"
            monkeypatch.setenv("FAKE_KEY", "wrong-key-123")


def test_a_missing_key_is_said_before_anything_runs(monkeypatch):
    monkeypatch.delenv("NO_KEY", raising=False)
    with pytest.raises(ConfigError, match="the variable NO_KEY for model 'm' is not set; export it with the key"):
        Brain("m", LanguageModelSettings(kind="openai", name="x", token_env="NO_KEY"))
    with pytest.raises(ConfigError, match=r"name the variable that holds it as token_env in \[models\.m\]"):
        Brain("m", LanguageModelSettings(kind="anthropic", name="x"))


def test_a_model_that_calls_in_a_loop_is_stopped(bench):
    with fake_model("openai", answers(call("double", value=1))) as server:
        run = start(bench, "free", brain(server))
        waiting = run.finish_blocking()
    assert (waiting.state, bench.made) == ("paused", [1.0])
    assert "asked 4 times for double with the same arguments: it goes round in circles" in waiting.error
    assert "this call was made already as step c1" in waiting.calls[1].error


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ({"requests": 2}, "used 2 requests of model fake, and 2 is the limit; raise requests in [models.fake]"),
        ({"tokens": 240}, "used 240 tokens of model fake"),
        ({"tool_calls": 2}, "the run made 2 tool calls, the limit of model fake"),
        ({"money": 0.0002, "price_in": 1.0, "price_out": 1.0}, "used 0.00024 money of model fake"),
    ],
)
def test_a_limit_stops_the_run_and_raising_it_goes_on(bench, limit, message):
    with fake_model("openai", driven) as server:
        run = start(bench, "free", brain(server, **limit))
        waiting = run.finish_blocking()
        assert (waiting.state, len(waiting.calls)) == ("paused", 2)
        assert message in waiting.error, waiting.error
        done = resume(bench, run, brain(server)).finish_blocking()
    assert (done.state, done.requests, done.tokens) == ("finished", 3, 360)


def test_cost_is_counted_by_the_prices_that_are_set(bench):
    with fake_model("anthropic", answers(GOOD)) as server:
        priced = brain(server, price_in=3.0, price_out=15.0, currency="EUR")
        done = start(bench, "guided", priced).finish_blocking()
    assert (done.cost, done.currency) == (pytest.approx((100 * 3 + 20 * 15) / 1e6), "EUR")


def test_a_long_result_is_cut_for_the_model_and_checked_in_full(bench):
    body = TWO_STEPS.replace('"double", Answer, value=inputs.value', '"large", Answer, size=90_000')
    with fake_model(
        "openai", answers(conclusion(evidence("first", 1.0), evidence("first", "x" * 90_000, "ballast")))
    ) as server:
        done = start(bench, "guided", brain(server), body).finish_blocking()
    assert done.resolution.status == "explained"
    assert len(server.seen[0].last) < 30_000


@pytest.mark.parametrize("kind", KINDS)
def test_the_servers_stream_too(kind):
    """The chat reads answers as they come; the same clients, the same servers."""
    from pydantic_ai import Agent

    async def streamed(made):
        async with made._opened() as model, Agent(model).run_stream("hello") as result:
            return [piece async for piece in result.stream_text(delta=True, debounce_by=None)]

    with fake_model(kind, answers(Says("a rather long answer in pieces"))) as server:
        pieces = asyncio.run(streamed(brain(server)))
    assert "".join(pieces) == "a rather long answer in pieces"
    assert len(pieces) > 2
    assert server.seen[0].stream


def test_labels_say_whether_a_language_model_was_used(tmp_path):
    bench = Bench(tmp_path)
    assert bench.start(TWO_STEPS).transcript.model.endswith("(no language model)")
    with fake_model("openai", answers(GOOD)) as server:
        for mode in ("guided", "free"):
            assert "no language model" not in start(bench, mode, brain(server)).transcript.model
    bench.state.close()
