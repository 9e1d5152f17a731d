"""A skill's worth on its cases, beside a guess that takes the top mover and the nearest deploy."""

from __future__ import annotations

import runpy
import shutil

import pytest
from pydantic_ai.messages import ModelResponse, ToolCallPart
from pydantic_ai.models.function import FunctionModel

from effnb.skills import bundled_skill, bundled_skills, load_cases, load_playbook, load_skill, run_case, score_skill
from effnb.skills._score import guess

SKILL = bundled_skill("investigate-cpu-regression")
PLAYBOOK = load_playbook(SKILL)
CASES = {case.name: case for case in load_cases(SKILL)}


@pytest.fixture(scope="module")
def benchmark(pytestconfig):
    return runpy.run_path(str(pytestconfig.rootpath / "benchmarks" / "skills_eval.py"))


def test_guess_takes_the_nearest_deploy_and_never_doubts():
    assert guess(run_case(PLAYBOOK, CASES["config_cause"])) == (True, "config:pricing.rate_cache_size")
    assert guess(run_case(PLAYBOOK, CASES["arrived_too_late"]))[0] is True
    distractor = guess(run_case(PLAYBOOK, CASES["true_cause"]))
    assert distractor == (True, "41ce07ab93d5f1826e0b7d4c5a9f3e16728bd0c4")
    assert guess(run_case(PLAYBOOK, CASES["unknown_regression"])) == (False, None)


def test_score_counts_what_the_cases_say():
    score = score_skill(SKILL)
    assert score.as_expected == 1.0
    assert len(score.cases) == len(CASES)
    assert score.lift == pytest.approx(1 - sum(case.guess_right for case in score.cases) / len(CASES))
    by_name = {case.case: case for case in score.cases}
    assert by_name["true_cause"].abstains is None
    assert by_name["arrived_too_late"].abstains is True
    assert by_name["true_cause"].calls == 7


def test_conclusion_that_cites_nothing_counts_as_ungrounded(tmp_path):
    folder = tmp_path / SKILL.name
    shutil.copytree(SKILL.path, folder)
    playbook = folder / "playbook.py"
    honest = 'return cite("regression", seen.regression, name)'
    assert honest in playbook.read_text()
    playbook.write_text(playbook.read_text().replace(honest, 'return Evidence(call="regression", field=name, value=1)'))
    forged = {case.case: case for case in score_skill(load_skill(folder)).cases}
    assert (forged["true_cause"].ungrounded, forged["true_cause"].as_expected) == (True, False)
    assert "evidence says regression.before is 1; the tool returned 0.0412" in forged["true_cause"].wrong[0]


def test_benchmark_has_its_keys_and_meets_its_goals(benchmark):
    result = benchmark["measure"](bundled_skills(), quick=True)
    assert {"skills", "cases", "as_expected", "ungrounded", "lift", "frozen", "by_skill"} <= set(result)
    assert result["failed"] == []
    assert [goal["met"] for goal in result["goals"]] == [True, True, True]
    assert 0 < result["lift"] <= 1


def test_language_model_gets_the_recorded_results_and_is_scored(benchmark):
    """A model that always abstains is right exactly where abstaining is due."""
    seen = []

    def abstain(messages, info):
        asked = [part.tool_name for message in messages for part in message.parts if isinstance(part, ToolCallPart)]
        if not asked:
            return ModelResponse(parts=[ToolCallPart("describe_regression", {"id": "reg-7c41d09e"})])
        seen.append((info.instructions, messages[-1].parts[0].content))
        return ModelResponse(parts=[ToolCallPart("final_result", {"status": "needs_person", "summary": "?"})])

    told = benchmark["ask"](SKILL, CASES["arrived_too_late"], FunctionModel(abstain), True)
    assert told[0] is True
    assert benchmark["ask"](SKILL, CASES["true_cause"], FunctionModel(abstain), False)[0] is False
    (with_skill, first), (without, _) = seen
    assert with_skill == SKILL.body
    assert without == benchmark["BARE"]
    assert first["id"] == "reg-7c41d09e"
