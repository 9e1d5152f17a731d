"""A skill's cases: recorded tool results with the conclusion they have to lead to.

A case is a JSON file in the skill's ``cases/``::

    {"kind": "look-alike", "about": "one sentence", "inputs": {…},
     "results": {"<step>": {"result": …}, "<step>": {"failed": "why"}, "<step>": {"denied": "why"}},
     "expect": {"status": "needs_person", "cause": null}}

Cases in ``cases/frozen/`` were written from data alone, before the playbook they test. ``SHA256SUMS`` beside them, as
``sha256sum *.json`` writes it, is committed with them and keeps them as they were.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from effnb.domain import Resolution, ResolutionStatus, ToolCall, Transcript
from effnb.errors import EffnbError, PlaybookError, SkillError
from effnb.skills._evidence import check_evidence
from effnb.skills._load import Skill
from effnb.skills._playbook import Answer, Playbook, replay
from effnb.skills._step import Call
from effnb.store._files import write_text
from effnb.tools import plain

FROZEN = "frozen"
ACTED: frozenset[ResolutionStatus] = frozenset({"fix_proposed", "config_change"})
"""Conclusions that ask for a change."""
CONCLUDED: frozenset[ResolutionStatus] = ACTED | {"explained", "accepted"}
"""All conclusions; every other status abstains from one."""
CaseKind = Literal["cause", "look-alike", "missing-data", "failing-tool"]


class Recorded(BaseModel):
    """What one step returned, or why it returned nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    result: JsonValue = None
    failed: str | None = None
    denied: str | None = None

    @model_validator(mode="after")
    def _one_of(self) -> Recorded:
        if len(self.model_fields_set) != 1:
            raise ValueError("give exactly one of result, failed, denied")
        return self

    def answer(self) -> Answer:
        """The same as the playbook is told it."""
        if self.failed is not None:
            return Answer(failed="failed", reason=self.failed)
        if self.denied is not None:
            return Answer(failed="denied", reason=self.denied)
        return Answer(result=self.result)


class Expected(BaseModel):
    """How the case has to end."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    status: str
    cause: str | None = None
    gaps: int | None = None
    says: tuple[str, ...] = ()


class Case(BaseModel):
    """A planted problem and its right conclusion; its name is its file's."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = ""
    frozen: bool = False
    kind: CaseKind
    about: str = Field(min_length=1)
    inputs: dict[str, Any]
    results: dict[str, Recorded]
    expect: Expected


@dataclass(frozen=True)
class CaseOutcome:
    """How a case ended, the calls it made, and what differs from what it has to be; empty means nothing does."""

    case: Case
    resolution: Resolution | None
    calls: tuple[Call, ...]
    wrong: tuple[str, ...]
    ungrounded: bool = False
    """Whether the conclusion cites what no call returned."""


def load_cases(skill: Skill) -> tuple[Case, ...]:
    """The skill's cases by name, the frozen ones last as ``frozen/<name>``; empty when it has none."""
    folder = skill.path / "cases"
    written = [_load(path, path.stem) for path in sorted(folder.glob("*.json"))]
    frozen = [_load(path, f"{FROZEN}/{path.stem}") for path in sorted((folder / FROZEN).glob("*.json"))]
    return (*written, *frozen)


def changed_frozen(skill: Skill) -> tuple[str, ...]:
    """Frozen cases that are not what ``SHA256SUMS`` says, and listed ones that are gone; empty when none is."""
    folder = skill.path / "cases" / FROZEN
    sums = folder / "SHA256SUMS"
    lines = sums.read_text(encoding="utf-8").splitlines() if sums.is_file() else []
    listed = {name.lstrip(" *"): digest for digest, _, name in (line.partition(" ") for line in lines if line)}
    there = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.json")}
    return tuple(sorted(name for name in listed.keys() | there.keys() if listed.get(name) != there.get(name)))


def write_case(
    transcript: Transcript, result_of: Callable[[str], Any], path: Path, *, kind: CaseKind, about: str
) -> Case:
    """A finished run as a case: what the tools returned, and the conclusion as it was drawn, for its author to judge.

    Args:
        transcript: The run.
        result_of: Gives the full result of a step.
        path: File to write; an existing one is left alone.
        kind: What it is an example of.
        about: What happened, in one sentence.

    Raises:
        SkillError: The run has no conclusion, or the file is there.
    """
    ended = transcript.resolution
    if ended is None:
        raise SkillError(f"run {transcript.run_id} has no conclusion to expect: {transcript.error or transcript.state}")
    if path.exists():
        raise SkillError(f"{path} is there already; choose another name")

    def recorded(call: ToolCall) -> Recorded:
        if call.status == "success":
            return Recorded(result=plain(result_of(call.step)))
        return Recorded(denied=call.error) if call.status == "denied" else Recorded(failed=call.error)

    case = Case(
        kind=kind,
        about=about,
        inputs=transcript.inputs,
        results={call.step: recorded(call) for call in transcript.calls},
        expect=Expected(status=ended.status, cause=ended.cause, gaps=len(ended.gaps)),
    )
    write_text(path, case.model_dump_json(indent=1, exclude_unset=True) + "\n")
    return case


def run_case(playbook: Playbook, case: Case, accepts: Callable[[Call], None] = lambda _: None) -> CaseOutcome:
    """Play a case.

    Args:
        playbook: The skill's playbook.
        case: Recorded results and the expected conclusion.
        accepts: Raises an effnb error for a call that cannot be made, e.g. of a tool that does not exist.
    """
    calls: dict[str, Call] = {}

    def answer(call: Call) -> Answer:
        calls[call.step] = call
        accepts(call)
        if call.step not in case.results:
            raise PlaybookError(f"case {case.name} has no recorded result for step {call.step!r}")
        return case.results[call.step].answer()

    try:
        ended = replay(playbook, playbook.accept(case.inputs), answer)
    except EffnbError as error:
        return CaseOutcome(case, None, tuple(calls.values()), (str(error),))
    if not isinstance(ended, Resolution):  # every call has an answer, or is refused above
        return CaseOutcome(case, None, tuple(calls.values()), (f"stops before step {ended.step!r}",))
    try:
        resolution = check_evidence(ended, _log(calls, case))
    except EffnbError as error:
        return CaseOutcome(case, None, tuple(calls.values()), (str(error),), ungrounded=True)
    return CaseOutcome(case, resolution, tuple(calls.values()), tuple(_differences(resolution, case.expect)))


def _load(path: Path, name: str) -> Case:
    try:
        frozen = name.startswith(f"{FROZEN}/")
        return Case.model_validate_json(path.read_bytes()).model_copy(update={"name": name, "frozen": frozen})
    except (ValidationError, OSError) as error:
        raise SkillError(f"cannot read case {path}: {' '.join(str(error).split())}") from error


def _log(calls: dict[str, Call], case: Case) -> list[ToolCall]:
    return [
        ToolCall(
            id=step,
            step=step,
            tool=call.tool,
            args=plain(call.args),
            status="success",
            started_at=datetime(2026, 1, 1, tzinfo=UTC),
            result=case.results[step].result,
        )
        for step, call in calls.items()
        if "result" in case.results[step].model_fields_set
    ]


def _differences(resolution: Resolution, expect: Expected) -> list[str]:
    wrong = []
    if resolution.status != expect.status:
        wrong.append(f"ends as {resolution.status}, has to end as {expect.status}: {resolution.summary}")
    if resolution.cause != expect.cause:
        wrong.append(f"names {resolution.cause} as the cause, has to name {expect.cause}")
    if expect.gaps is not None and len(resolution.gaps) != expect.gaps:
        wrong.append(f"has {len(resolution.gaps)} gaps, has to have {expect.gaps}: {resolution.gaps}")
    told = resolution.model_dump_json()
    wrong.extend(f"does not say {text!r}" for text in expect.says if text not in told)
    return wrong
