"""The skills that come with effnb: their prose, their tools, and every one of their cases, alone and in a real run."""

from __future__ import annotations

import shutil
from typing import get_args

import pytest

from effnb.agent import start_run
from effnb.domain import Resolution
from effnb.errors import ToolFailed
from effnb.skills import bundled_skill, bundled_skills, lint_skill, load_cases, load_playbook, load_skill, run_case
from effnb.skills._cases import CaseKind
from effnb.store._state import State
from effnb.tools import Toolbox, tools
from effnb.tools._registry import Tool

SKILLS = bundled_skills()
CASES = [(skill, case) for skill in SKILLS for case in load_cases(skill)]
BY_NAME = [pytest.param(skill, case, id=f"{skill.name}/{case.name}") for skill, case in CASES]


class Recorded(Toolbox):
    """The real tools' names and arguments with a case's results in the place of their answers."""

    def __init__(self, case) -> None:
        super().__init__(None, tools().values())
        self.results = {}
        self.case = case

    def acting_as(self, actor, **used):
        return self

    def call(self, name, args=None, origin=None):
        self.check(name, args or {})
        recorded = self.results[name]
        if recorded.failed or recorded.denied:
            raise ToolFailed(recorded.failed or recorded.denied)
        return self.get(name).result_type.validate_python(recorded.result)


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)
def test_skill_has_no_faults_against_the_tools_there_are(skill):
    assert lint_skill(skill, Toolbox(None)) == ()


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)
def test_skill_has_a_case_of_each_kind(skill):
    assert {case.kind for case in load_cases(skill)} == set(get_args(CaseKind))


@pytest.mark.parametrize(("skill", "case"), BY_NAME)
def test_case_ends_as_expected(skill, case):
    assert run_case(load_playbook(skill), case).wrong == ()


@pytest.mark.parametrize(("skill", "case"), BY_NAME)
def test_case_uses_every_recorded_result(skill, case):
    outcome = run_case(load_playbook(skill), case)
    assert {call.step for call in outcome.calls} == set(case.results)


@pytest.mark.parametrize(("skill", "case"), BY_NAME)
def test_case_ends_the_same_in_a_real_run(skill, case, tmp_path):
    state, toolbox = State(tmp_path / "state.db"), Recorded(case)
    run = start_run(skill=skill, toolbox=toolbox, inputs=case.inputs, state=state, blobs=tmp_path / "blobs")
    while run.pending is not None:
        recorded = case.results[run.pending.step]
        toolbox.results[run.pending.tool] = recorded
        if recorded.denied is not None:
            run.skip_blocking(recorded.denied)
        else:
            run.next_blocking()
    assert (run.transcript.state, run.transcript.error) == ("finished", None)
    resolution = run.transcript.resolution
    assert isinstance(resolution, Resolution)
    assert (resolution.status, resolution.cause) == (case.expect.status, case.expect.cause)
    assert resolution.gaps == run_case(load_playbook(skill), case).resolution.gaps
    assert all(one.source and one.query for finding in resolution.findings for one in finding.evidence)
    state.close()


def test_a_case_that_ends_otherwise_is_told(tmp_path):
    skill, case = next((s, c) for s, c in CASES if c.name == "true_cause")
    other = case.model_copy(
        update={"expect": case.expect.model_copy(update={"status": "not_found", "says": ("zebra",)})}
    )
    wrong = run_case(load_playbook(skill), other).wrong
    assert "ends as explained, has to end as not_found" in wrong[0]
    assert wrong[1] == "does not say 'zebra'"


def test_lint_tells_unknown_tools_wrong_arguments_and_wrong_types():
    skill = bundled_skill("investigate-cpu-regression")
    known = tools()
    fewer = [one for name, one in known.items() if name != "rank_causes"]
    assert any("no tool 'rank_causes'" in fault for fault in lint_skill(skill, Toolbox(None, fewer)))

    def describe_regression(workspace, key: str) -> int:
        """Another tool under this name."""
        return len(key)

    changed = [one for name, one in known.items() if name != "describe_regression"]
    changed.append(Tool(describe_regression, "read", 1, "x"))
    assert any("'id' is unknown" in fault for fault in lint_skill(skill, Toolbox(None, changed)))


def test_lint_tells_tools_the_prose_does_not_name():
    skill = bundled_skill("investigate-cpu-regression")
    silent = skill.model_copy(update={"body": skill.body.replace("rank_causes", "the ranking")})
    assert lint_skill(silent) == ("calls rank_causes, which the prose does not name",)


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("cause", None),
        ("look-alike", None),
        ("missing-data", "has to end without a conclusion or name the gap"),
        ("failing-tool", "has to hold a step that fails"),
    ],
)
def test_lint_holds_a_case_against_its_kind(kind, fault, tmp_path):
    source = bundled_skill("investigate-cpu-regression").path
    folder = tmp_path / source.name
    shutil.copytree(source, folder)
    path = folder / "cases" / "true_cause.json"
    path.write_text(path.read_text().replace('"kind": "cause"', f'"kind": "{kind}"', 1))
    faults = [one for one in lint_skill(load_skill(folder)) if one.startswith("case true_cause: ")]
    assert any(fault in one for one in faults) if fault else faults == []
