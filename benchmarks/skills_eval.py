"""How good the skills are on their cases without a language model, beside a guess that knows nothing of the subject.

    python benchmarks/skills_eval.py [--quick] [--json] [--skill NAME]

A case is recorded tool results and the conclusion they have to lead to. ``as_expected`` is exact: status, cause, gaps
and words. ``lift`` compares shares of right cases under a coarser rule that both can meet: a conclusion where one is
due, the right cause or none, and none where a person or more data is needed. The guess takes the top mover and the
nearest deploy from the same results, the same way for every skill.
Cases under ``cases/frozen`` were written from data alone before the playbook and are reported apart.

With ``EFFNB_EVAL_MODEL`` set to a pydantic-ai model, e.g. ``anthropic:…``, that model gets the same tools with the same
recorded results, once with the skill's prose and once without it; this costs money and is never done otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections.abc import Sequence
from typing import Any

from effnb.domain import Resolution
from effnb.errors import ToolFailed
from effnb.skills import (
    CONCLUDED,
    Case,
    CaseScore,
    Skill,
    bundled_skills,
    load_cases,
    load_playbook,
    run_case,
    score_skill,
    share_of,
)
from effnb.tools import Toolbox, tools

MODEL = "EFFNB_EVAL_MODEL"
QUICK_CASES = 4
BARE = (
    "You investigate how efficient services are. Use the tools, then conclude, or abstain where data decides nothing."
)


def measure(skills: Sequence[Skill], quick: bool, model: Any = None) -> dict[str, Any]:
    """All skills, the totals, and the goals."""
    scores = [score_skill(skill) for skill in skills]
    cases = [case for score in scores for case in score.cases]
    frozen = [case for case in cases if case.frozen]
    totals = summary(cases)
    wrong = [f"{score.skill}/{case.case}: {case.wrong[0]}" for score in scores for case in score.cases if case.wrong]
    aims = {
        "as_expected": (1.0, "cases that end as expected:"),
        "ungrounded": (0, "ungrounded conclusions:"),
        "abstains": (1.0, "abstains where it should:"),
    }
    result = {
        "skills": len(scores),
        **totals,
        "frozen": summary(frozen),
        "by_skill": {score.skill: summary(score.cases) for score in scores},
        "failed": wrong,
        "goals": [
            {
                "goal": f"{words} {aim:.0%}" if key != "ungrounded" else f"{words} {aim}",
                "measured": totals[key],
                "met": totals[key] == aim,
            }
            for key, (aim, words) in aims.items()
        ],
    }
    if model is not None:
        result["model"] = {
            "with_skill": ask_all(skills, model, quick, True),
            "without": ask_all(skills, model, quick, False),
        }
    return result


def summary(cases: Sequence[CaseScore]) -> dict[str, Any]:
    """Shares over some cases; seconds are those of the playbook alone."""
    abstains = [case.abstains for case in cases if case.abstains is not None]
    right, guessed = share_of(case.right for case in cases), share_of(case.guess_right for case in cases)
    return {
        "cases": len(cases),
        "as_expected": share_of(case.as_expected for case in cases),
        "ungrounded": sum(case.ungrounded for case in cases),
        "abstains": share_of(abstains) if abstains else 1.0,
        "right": right,
        "guess_right": guessed,
        "lift": right - guessed,
        "calls_per_case": statistics.fmean(case.calls for case in cases) if cases else 0.0,
        "milliseconds_per_case": 1000 * statistics.median(case.seconds for case in cases) if cases else 0.0,
    }


class Recorded(Toolbox):
    """The tools a case has results for; each call gets the next result that was recorded for its tool."""

    def __init__(self, skill: Skill, case: Case) -> None:
        calls = run_case(load_playbook(skill), case).calls
        known = tools()
        super().__init__(None, [known[name] for name in dict.fromkeys(call.tool for call in calls)])  # type: ignore[arg-type]
        self._left = [(call.tool, case.results[call.step]) for call in calls if call.step in case.results]

    def call(self, name: str, args: dict[str, Any] | None = None, *_: Any) -> Any:
        """The recorded result, whatever the arguments, as long as they are acceptable."""
        self.check(name, args or {})
        place = next((i for i, (tool, _) in enumerate(self._left) if tool == name), None)
        if place is None:
            raise ToolFailed(f"{name} has nothing more to say about this")
        answer = self._left.pop(place)[1].answer()
        if answer.failed is not None:
            raise ToolFailed(answer.reason)
        return answer.result


def ask_all(skills: Sequence[Skill], model: Any, quick: bool, with_skill: bool) -> dict[str, Any]:
    """A language model on the cases, with the skill's prose or without it; quick takes a few cases a skill."""
    told = []
    tokens = 0
    for skill in skills:
        for case in load_cases(skill)[: QUICK_CASES if quick else None]:
            print(f"{skill.name}/{case.name} {'with' if with_skill else 'without'} the skill", file=sys.stderr)
            right, used = ask(skill, case, model, with_skill)
            told.append(right)
            tokens += used
    return {"cases": len(told), "right": share_of(told), "tokens": tokens}


def ask(skill: Skill, case: Case, model: Any, with_skill: bool) -> tuple[bool, int]:
    """Whether the model is right on one case by the coarse rule, and the tokens that took."""
    from pydantic_ai import Agent
    from pydantic_ai.exceptions import AgentRunError
    from pydantic_ai.usage import UsageLimits

    from effnb.agent import AgentTools

    agent = Agent(
        model,
        output_type=Resolution,
        instructions=skill.body if with_skill else BARE,
        toolsets=[AgentTools(Recorded(skill, case))],
    )
    question = f"{skill.description.partition('. ')[0]}. Inputs: {json.dumps(case.inputs)}"
    try:
        done = agent.run_sync(question, usage_limits=UsageLimits(request_limit=30))
    except AgentRunError as error:
        print(f"  {error}", file=sys.stderr)
        return False, 0
    due = (case.expect.status in CONCLUDED, case.expect.cause)
    return (done.output.status in CONCLUDED, done.output.cause) == due, done.usage.total_tokens


def show(result: dict[str, Any]) -> None:
    """The table."""
    print(f"{'skill':34s} {'cases':>5s} {'as expected':>11s} {'guess':>6s} {'lift':>6s} {'calls':>6s} {'ms':>6s}")
    rows = {**result["by_skill"], "all": result, "frozen cases alone": result["frozen"]}
    for name, row in rows.items():
        print(
            f"{name:34s} {row['cases']:5d} {row['as_expected']:11.0%} {row['guess_right']:6.0%} {row['lift']:+6.2f} "
            f"{row['calls_per_case']:6.1f} {row['milliseconds_per_case']:6.1f}"
        )
    for failed in result["failed"]:
        print(f"FAILED {failed}")
    for name, row in result.get("model", {}).items():
        print(f"model, {name}: {row['right']:.0%} of {row['cases']} right, {row['tokens']:,} tokens")
    for goal in result["goals"]:
        print(f"{'met   ' if goal['met'] else 'MISSED'} {goal['goal']:44s} {goal['measured']:.3f}")


def main() -> None:
    """Measure, then print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer cases for a language model; the same otherwise")
    parser.add_argument("--json", action="store_true", help="one JSON value instead of a table")
    parser.add_argument("--skill", help="only this skill")
    arguments = parser.parse_args()
    skills = [skill for skill in bundled_skills() if arguments.skill in (None, skill.name)]
    result = measure(skills, arguments.quick, os.environ.get(MODEL))
    if arguments.json:
        print(json.dumps(result))
    else:
        show(result)


if __name__ == "__main__":
    main()
