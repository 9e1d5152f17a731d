"""What is wrong with a skill, found without running it on real data."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import get_args

from effnb.errors import EffnbError, PlaybookError
from effnb.skills._cases import ACTED, CONCLUDED, CaseKind, CaseOutcome, changed_frozen, load_cases, run_case
from effnb.skills._load import Skill
from effnb.skills._playbook import load_playbook
from effnb.skills._step import Call
from effnb.tools import Toolbox

MAX_LINES = 500


def lint_skill(
    skill: Skill, toolbox: Toolbox | None = None, find: Callable[[str], Skill] | None = None
) -> tuple[str, ...]:
    """What is wrong with the skill, one line each; empty means nothing was found.

    Args:
        skill: The skill.
        toolbox: Its tools have to exist here, take the arguments it gives and return the types it expects; without a
            toolbox that is not looked at.
        find: Gives a used skill by name, as for ``load_playbook``.
    """
    problems = [*_format_problems(skill), *_prose_problems(skill)]
    try:
        playbook, cases = load_playbook(skill, find), load_cases(skill)
    except EffnbError as error:
        return (*problems, str(error))
    problems += [f"frozen case {name} is not what SHA256SUMS says it was" for name in changed_frozen(skill)]
    missing = [kind for kind in get_args(CaseKind) if kind not in {case.kind for case in cases}]
    problems += [f"has no case of kind {kind!r}" for kind in missing]
    outcomes = [run_case(playbook, case, lambda call: _accept(call, toolbox)) for case in cases]
    problems += [f"case {outcome.case.name}: {wrong}" for outcome in outcomes for wrong in outcome.wrong]
    problems += [f"case {outcome.case.name}: {wrong}" for outcome in outcomes for wrong in _kind_problems(outcome)]
    calls = [call for outcome in outcomes for call in outcome.calls]
    called = {call.tool for call in calls if not call.skill}
    problems += [f"calls {name}, which the prose does not name" for name in sorted(called) if not _names(skill, name)]
    problems += [f"uses {name}, which the prose does not name" for name in skill.uses if not _names(skill, name)]
    unused = [name for name in skill.uses if name not in {call.skill for call in calls}]
    problems += [f"names {name} under effnb-uses, and no case gets to use it" for name in unused]
    return tuple(problems)


def _kind_problems(outcome: CaseOutcome) -> list[str]:
    """What keeps a case from being of its kind; a case that does not end has problems enough."""
    ended = outcome.resolution
    if ended is None:
        return []
    concluded = ended.status in CONCLUDED
    failed = any(one.failed or one.denied for one in outcome.case.results.values())
    rules: dict[CaseKind, tuple[tuple[bool, str], ...]] = {
        "cause": ((concluded and bool(ended.findings), "has to end in a conclusion with findings"),),
        "look-alike": ((ended.status not in ACTED, f"must not end as {ended.status}"),),
        "missing-data": ((not concluded or bool(ended.gaps), "has to end without a conclusion or name the gap"),),
        "failing-tool": ((failed, "has to hold a step that fails"), (bool(ended.gaps), "has to name the gap")),
    }
    kind = outcome.case.kind
    return [f"is of kind {kind!r} and {rule}" for holds, rule in rules[kind] if not holds]


def _format_problems(skill: Skill) -> list[str]:
    """What the open format's own validator says, where it is installed."""
    try:
        from skills_ref import validate
    except ImportError:
        return []
    return [f"open format: {' '.join(problem.split())}" for problem in validate(skill.path)]


def _prose_problems(skill: Skill) -> list[str]:
    problems = []
    if not skill.body:
        problems.append("has no prose; it has to work for a reader without our code")
    if (lines := len(skill.body.splitlines())) > MAX_LINES:
        problems.append(f"has {lines} lines of prose, more than {MAX_LINES}; move detail into files beside it")
    if "when" not in skill.description.lower():
        problems.append("has a description that does not say when to use it")
    if skill.allowed_tools:
        problems.append("sets allowed-tools, which other agents read as permission given in advance; leave it out")
    return problems


def _accept(call: Call, toolbox: Toolbox | None) -> None:
    if toolbox is None:
        return
    toolbox.check(call.tool, call.args)
    returns = toolbox.get(call.tool).returns
    if returns != call.returns:
        raise PlaybookError(f"step {call.step!r} expects {call.returns!r} of {call.tool}, which returns {returns!r}")


def _names(skill: Skill, tool: str) -> bool:
    return re.search(rf"\b{re.escape(tool)}\b", skill.body) is not None
