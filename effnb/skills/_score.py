"""How good a skill is on its cases, beside a guess that knows nothing of its subject.

The guess sees the same recorded results. It takes the top mover for the finding and the change that arrived nearest
to the change point for the cause, as one does in a hurry. A skill and the guess are compared by the same coarse rule:
right is who draws a conclusion where one is due, names the right cause or none, and abstains where that is due.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field, TypeAdapter, ValidationError

from effnb.domain import Noun
from effnb.skills._cases import CONCLUDED, Case, CaseKind, CaseOutcome, load_cases, run_case
from effnb.skills._load import Skill
from effnb.skills._playbook import load_playbook

LATEST_ARRIVAL = timedelta(hours=1)
"""How long after the change point the guess still takes an arrival for its cause."""
ARRIVALS = (("change_id", "reached_at"), ("version", "started_at"))
"""Fields that name a change and say when it arrived."""
_TIME: TypeAdapter[datetime] = TypeAdapter(datetime)


class CaseScore(Noun):
    """One case, played by the skill and guessed."""

    case: str
    """Its name."""
    kind: CaseKind
    """What it is an example of."""
    frozen: bool
    """Whether it was written before the playbook, from data alone."""
    as_expected: bool
    """Whether the skill ends exactly as the case demands."""
    wrong: tuple[str, ...]
    """What differs."""
    ungrounded: bool
    """Whether the conclusion cites what no call returned."""
    abstains: bool | None
    """Whether the skill draws no conclusion, where none is due; null where one is."""
    right: bool
    """Whether the skill is right by the coarse rule."""
    guess_right: bool
    """Whether the guess is."""
    calls: int = Field(ge=0)
    """Tool calls the skill makes."""
    seconds: float = Field(ge=0)
    """Time the playbook takes, without the tools."""


class SkillScore(Noun):
    """A skill over all its cases."""

    skill: str
    """Its name."""
    cases: tuple[CaseScore, ...]
    """Case by case."""

    @property
    def as_expected(self) -> float:
        """Share of cases that end exactly as they have to; 0 without cases."""
        return share_of(case.as_expected for case in self.cases)

    @property
    def lift(self) -> float:
        """How much larger the skill's share of right cases is than the guess's, −1 … 1."""
        return share_of(case.right for case in self.cases) - share_of(case.guess_right for case in self.cases)


def score_skill(skill: Skill, find: Callable[[str], Skill] | None = None) -> SkillScore:
    """Play all cases of a skill; nothing but its playbook and the recorded results is used.

    Args:
        skill: The skill.
        find: Gives a used skill by name, as for ``load_playbook``.
    """
    playbook = load_playbook(skill, find)

    def scored(case: Case) -> CaseScore:
        begun = time.perf_counter()
        outcome = run_case(playbook, case)
        seconds = time.perf_counter() - begun
        due = (case.expect.status in CONCLUDED, case.expect.cause)
        ended = outcome.resolution
        told = (ended.status in CONCLUDED, ended.cause) if ended is not None else None
        return CaseScore(
            case=case.name,
            kind=case.kind,
            frozen=case.frozen,
            as_expected=not outcome.wrong,
            wrong=outcome.wrong,
            ungrounded=outcome.ungrounded,
            abstains=None if due[0] else told is not None and not told[0],
            right=told == due,
            guess_right=guess(outcome) == due,
            calls=len(outcome.calls),
            seconds=seconds,
        )

    return SkillScore(skill=skill.name, cases=tuple(scored(case) for case in load_cases(skill)))


def guess(outcome: CaseOutcome) -> tuple[bool, str | None]:
    """Whether somebody in a hurry draws a conclusion from the results of a case, and the cause they name."""
    recorded = outcome.case.results
    results = [recorded[call.step].result for call in outcome.calls if call.step in recorded]
    moved = [found for result in results for found in _dicts(result) if "function" in found or "service" in found]
    points = [found["change_point"]["at"] for found in moved if isinstance(found.get("change_point"), dict)]
    arrivals = [arrival for result in results for found in _dicts(result) if (arrival := _arrival(found))]
    point = _time(points[0]) if points else None
    if point is not None:
        arrivals = [(when, name) for when, name in arrivals if when <= point + LATEST_ARRIVAL]
        nearest = min(arrivals, key=lambda one: abs(one[0] - point), default=None)
    else:
        nearest = max(arrivals, default=None)
    return bool(moved) or nearest is not None, nearest[1] if nearest else None


def share_of(hits: Iterator[bool] | tuple[bool, ...]) -> float:
    """Share of true ones; 0 of nothing."""
    told = list(hits)
    return sum(told) / len(told) if told else 0.0


def _arrival(found: dict[str, Any]) -> tuple[datetime, str] | None:
    # A commit's own time is when it was written; it arrives with a version.
    is_setting = found.get("kind") in ("config", "flag", "experiment", "infra")
    for name, when in (*ARRIVALS, *([("id", "at")] if is_setting else [])):
        if isinstance(found.get(name), str) and (at := _time(found.get(when))) is not None:
            return at, found[name]
    return None


def _time(value: Any) -> datetime | None:
    try:
        return _TIME.validate_python(value)
    except ValidationError:
        return None


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _dicts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _dicts(inner)
