"""A skill uses another: its steps, its evidence and its failures are part of one run, and so is its digest."""

from __future__ import annotations

import json
import textwrap

import pytest

from effnb.agent import resume_run, start_run
from effnb.domain import Noun
from effnb.errors import NotFound, PlaybookError
from effnb.skills import lint_skill, load_cases, load_playbook, load_skill, run_case
from effnb.store._state import State
from effnb.tools import Toolbox, tool

HEADER = """
from typing import Any
from effnb.domain import Finding, Noun, Resolution
from effnb.skills import StepFailed, attempt, cite, step, use

class Number(Noun):
    value: float

class Inputs(Noun):
    value: float

def playbook(inputs: Inputs):
"""
INNER = """
    seen = yield from step("look", "How much?").call("double", Number, value=inputs.value)
    claim = Finding(claim=f"It is {seen.value}.", evidence=(cite("look", seen, "value"),))
    return Resolution(status="explained", summary="inner", findings=(claim,), gaps=("look: half",))
"""
OUTER = """
    first = yield from step("look", "How much?").call("double", Number, value=inputs.value)
    gaps = []
    other = yield from attempt(use("inner", "part", value=first.value), gaps)
    if other is None:
        return Resolution(status="needs_person", summary="outer", gaps=tuple(gaps))
    own = Finding(claim="Twice.", evidence=(cite("look", first, "value"),))
    return Resolution(status="explained", summary="outer", findings=(own, *other.findings), gaps=other.gaps)
"""


class Number(Noun):
    """A number."""

    value: float
    """The number."""


@tool(source="numbers")
def double(workspace, value: float) -> Number:
    """Twice the number."""
    return Number(value=2 * value)


@pytest.fixture
def write(tmp_path):
    def written(name, body, uses="", **cases):
        folder = tmp_path / "skills" / name
        (folder / "cases").mkdir(parents=True, exist_ok=True)
        metadata = f"metadata:\n  effnb-uses: {uses}\n" if uses else ""
        prose = f"Call double. Use {uses}."
        (folder / "SKILL.md").write_text(
            f"---\nname: {name}\ndescription: Used when testing.\n{metadata}---\n{prose}\n"
        )
        (folder / "playbook.py").write_text(HEADER + textwrap.indent(textwrap.dedent(body), "    "))
        for case, text in cases.items():
            (folder / "cases" / f"{case}.json").write_text(json.dumps(text))
        return load_skill(folder)

    return written


@pytest.fixture
def pair(write):
    inner = write("inner", INNER)
    return write("outer", OUTER, uses="inner"), inner


@pytest.fixture
def run(tmp_path):
    state = State(tmp_path / "state.db")

    def started(skill, run_id=None):
        place = {"toolbox": Toolbox(None, [double]), "state": state, "blobs": tmp_path / "blobs", "skill": skill}
        return resume_run(run_id, **place) if run_id else start_run(inputs={"value": 1}, **place)

    yield started
    state.close()


def test_steps_and_evidence_of_a_used_skill_are_part_of_the_run(pair, run):
    done = run(pair[0]).finish_blocking()
    assert [(call.step, call.result["value"]) for call in done.calls] == [("look", 2.0), ("part.look", 4.0)]
    assert [call.id for call in done.calls] == ["outer.look", "outer.part.look"]
    own, other = done.resolution.findings
    assert (own.evidence[0].call, other.evidence[0].call) == ("look", "part.look")
    assert other.evidence[0].query == "double(value=2.0)"
    assert done.resolution.gaps == ("part: look: half",)


def test_run_that_stopped_inside_a_used_skill_goes_on(pair, run):
    first = run(pair[0])
    first.next_blocking()
    again = run(pair[0], first.transcript.run_id)
    assert again.pending.step == "part.look"
    assert again.finish_blocking().state == "finished"


def test_denied_step_of_a_used_skill_is_a_gap_of_the_user(pair, run):
    started = run(pair[0])
    started.next_blocking()
    started.skip_blocking("not now")
    done = started.finish_blocking()
    assert done.resolution.status == "needs_person"
    assert done.resolution.gaps == ("part (denied): look: not now",)


def test_change_of_a_used_skill_is_a_change(pair, write, run):
    started = run(pair[0])
    before = load_playbook(pair[0]).digest
    write("inner", INNER.replace('"inner"', '"other"'))
    assert load_playbook(pair[0]).digest != before
    with pytest.raises(PlaybookError, match="the skill is now outer@"):
        run(pair[0], started.transcript.run_id)


def test_skill_that_is_not_declared_is_not_used(write, run):
    write("inner", INNER)
    done = run(write("outer", OUTER)).finish_blocking()
    assert done.state == "failed"
    assert "uses skill 'inner', which its front matter does not name; add inner to effnb-uses" in done.error


def test_wrong_inputs_and_faults_of_a_used_skill_are_told_with_its_name(write, run):
    write("inner", "    yield from step('look', '?').call('double', Number, value=1)\n    return 1 / 0")
    done = run(write("outer", OUTER, uses="inner")).finish_blocking()
    assert "playbook of inner, after step 'look', line" in done.error
    assert "raised ZeroDivisionError" in done.error
    write("inner", INNER)
    done = run(write("outer", OUTER.replace('"part", value', '"part", valve'), uses="inner")).finish_blocking()
    assert "skill inner cannot start: value: Field required" in done.error


def test_circles_depth_and_missing_skills_are_refused(write):
    a = write("a", INNER, uses="b")
    write("b", INNER, uses="a")
    with pytest.raises(PlaybookError, match="in a circle: a → b → a"):
        load_playbook(a)
    for name, uses in (("b", "c"), ("c", "d"), ("d", "")):
        write(name, INNER, uses=uses)
    with pytest.raises(PlaybookError, match="more than 3 deep: a → b → c → d"):
        load_playbook(a)
    with pytest.raises(NotFound, match="no skill 'none'"):
        load_playbook(write("a", INNER, uses="none"))


def test_two_uses_need_prefixes_of_their_own(write, run):
    write("inner", INNER)
    twice = "    yield from use('inner', value=1)\n    return (yield from use('inner', value=2))"
    done = run(write("outer", twice, uses="inner")).finish_blocking()
    assert "uses step id 'inner' twice" in done.error
    done = run(
        write("outer", twice.replace("'inner', value=2", "'inner', 'b', value=2"), uses="inner")
    ).finish_blocking()
    assert [call.step for call in done.calls] == ["inner.look", "b.look"]
    assert done.resolution.findings[0].claim == "It is 4.0."


def test_case_of_a_composed_skill_records_the_used_steps(write):
    write("inner", INNER)
    case = {
        "kind": "cause",
        "about": "x",
        "inputs": {"value": 1},
        "results": {"look": {"result": {"value": 2}}, "part.look": {"result": {"value": 4}}},
        "expect": {"status": "explained", "says": ["It is 4.0."]},
    }
    skill = write("outer", OUTER, uses="inner", good=case)
    outcome = run_case(load_playbook(skill), load_cases(skill)[0])
    assert outcome.wrong == ()
    assert [(call.step, call.skill) for call in outcome.calls] == [("look", ""), ("part.look", "inner")]


def test_lint_wants_used_skills_named_and_used(write):
    write("inner", INNER)
    case = {"kind": "cause", "about": "x", "inputs": {"value": 1}, "expect": {"status": "explained"}}
    results = {"look": {"result": {"value": 2}}}
    skill = write("outer", INNER, uses="inner", good={**case, "results": results})
    assert "names inner under effnb-uses, and no case gets to use it" in lint_skill(skill)
    (skill.path / "SKILL.md").write_text((skill.path / "SKILL.md").read_text().replace("Use inner.", ""))
    assert "uses inner, which the prose does not name" in lint_skill(load_skill(skill.path))
