"""What a playbook is written with: steps, quoted evidence, and the exception for a step without a result.

A step names its tool, either the function itself, so that a type checker sees its arguments and result,

    diff = yield from step("diff", "Is the rise still there?")(diff_profiles, service=…, before=…, after=…)

or by name with the type of its result, so that a skill can be read, checked and tested where the tool's own
dependencies are missing, and can use tools of other programs,

    diff = yield from step("diff", "Is the rise still there?").call("diff_profiles", ProfileDiff, service=…, …)

The skills that come with effnb use the second: ``lint_skill`` compares their arguments and result types with the tools.

A playbook hands a question to another skill with ``use``; the other's steps are then part of the same run.
"""

from __future__ import annotations

import inspect
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Literal, ParamSpec, TypeVar

from effnb.domain import Evidence, Resolution, Window
from effnb.errors import ToolFailed
from effnb.skills._evidence import value_at
from effnb.tools import Tool, plain

P = ParamSpec("P")
R = TypeVar("R")
FailedOutcome = Literal["failed", "denied", "interrupted"]


@dataclass(frozen=True)
class Call:
    """What a playbook yields: the tool call it wants made, and why."""

    step: str
    tool: str
    args: dict[str, Any]
    returns: Any
    why: str
    skill: str = ""
    """The used skill whose step it is; empty for the run's own. Filled in when the playbook is played."""


@dataclass(frozen=True)
class Use:
    """What a playbook yields to hand a question to another skill."""

    skill: str
    step: str
    inputs: dict[str, Any]


class StepFailed(ToolFailed):
    """A step ended without a result; raised inside the playbook, which may go on without it."""

    def __init__(self, step: str, outcome: FailedOutcome, reason: str) -> None:
        super().__init__(f"step {step!r} {outcome}: {reason}")
        self.step = step
        self.outcome = outcome
        self.reason = reason


@dataclass(frozen=True)
class Step:
    """A step before its tool is named."""

    id: str
    why: str

    def __call__(self, tool: Tool[P, R], *args: P.args, **kwargs: P.kwargs) -> Generator[Call, Any, R]:
        """Call a tool given as the function itself."""
        bound = inspect.signature(tool.function).bind(None, *args, **kwargs)
        given = dict(list(bound.arguments.items())[1:])
        result: R = yield Call(self.id, tool.name, given, tool.returns, self.why)
        return result

    def call(self, tool: str, returns: type[R], /, **args: Any) -> Generator[Call, Any, R]:
        """Call a tool given by name, with the type of its result."""
        result: R = yield Call(self.id, tool, args, returns, self.why)
        return result


def step(id: str, why: str) -> Step:  # noqa: A002  # the field's name in transcripts and evidence
    """One step of a playbook.

    Args:
        id: Unique within a run; in a loop the index belongs in it (``diff-3``).
        why: The question this step answers, shown to people.
    """
    return Step(id, why)


def use(skill: str, step: str = "", /, **inputs: Any) -> Generator[Any, Any, Resolution]:
    """The conclusion of another skill, whose steps are made in this run.

    ``effnb-uses`` in the front matter has to name the skill. Its steps get the ids ``<step>.<its own id>``, and the
    evidence in its findings cites them, so that the findings can be taken over as they are. A step without which it
    cannot go on raises ``StepFailed`` here.

    Args:
        skill: Name of the skill.
        step: Prefix of its steps, unique within the run; the skill's name by default.
        inputs: What its playbook takes.
    """
    ended: Resolution = yield Use(skill, step or skill, inputs)
    return ended


def attempt(asked: Generator[Call, Any, R], gaps: list[str]) -> Generator[Call, Any, R | None]:
    """The step's result, or null and a line in ``gaps`` when it failed or was denied."""
    try:
        return (yield from asked)
    except StepFailed as gap:
        gaps.append(f"{gap.step} ({gap.outcome}): {gap.reason}")
        return None


def cite(step: str, result: Any, field: str = "", window: Window | None = None) -> Evidence:
    """Evidence that quotes a step's result, e.g. ``cite("causes", root, "candidates.0.score")``.

    Args:
        step: The step that returned ``result``.
        result: Its result.
        field: Path of the value in it, dots between names and list positions; empty for the whole result.
        window: Span of time the value is about.
    """
    return Evidence(call=step, field=field, value=value_at(plain(result), field), window=window)
