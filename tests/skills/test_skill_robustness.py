"""Whatever step fails or finds nothing, a playbook ends, and what it then claims is what the tools returned."""

from __future__ import annotations

import pytest

from effnb.skills import CONCLUDED, bundled_skills, load_cases, load_playbook, run_case
from effnb.skills._cases import Recorded

CASES = [(skill, case) for skill in bundled_skills() for case in load_cases(skill)]
BY_NAME = [pytest.param(skill, case, id=f"{skill.name}/{case.name}") for skill, case in CASES]
FAILED = Recorded(failed="the source does not answer")


def variants(case):
    """The case with one result taken away: its step fails, or its listing is empty."""
    for step, recorded in case.results.items():
        yield step, FAILED, case.model_copy(update={"results": {**case.results, step: FAILED}})
        found = recorded.result
        if isinstance(found, dict) and {"rows", "searched", "total"} <= found.keys():
            empty = Recorded(result={**found, "rows": [], "total": 0})
            yield step, empty, case.model_copy(update={"results": {**case.results, step: empty}})


class UnrecordedSteps(dict):
    """Steps that the case never got to fail as well."""

    def __contains__(self, step):
        return True

    def __missing__(self, step):
        return FAILED


@pytest.mark.parametrize(("skill", "case"), BY_NAME)
def test_a_missing_result_never_ends_a_run_without_a_conclusion(skill, case):
    playbook = load_playbook(skill)
    for step, instead, changed in variants(case):
        results = UnrecordedSteps(changed.results)
        outcome = run_case(playbook, changed.model_copy(update={"results": results}))
        assert outcome.resolution is not None, (step, outcome.wrong)
        asked = {call.step for call in outcome.calls}
        if instead is FAILED and step in asked:
            assert outcome.resolution.gaps, step
        if outcome.resolution.status in CONCLUDED:
            assert outcome.resolution.findings, step
