"""A skill's playbook: importing it, and playing it from the start with the answers so far.

A playbook is a pure function of its inputs and the results it is sent. That is what lets a run stop anywhere and
continue in another process: nothing but inputs and results has to be kept.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import BaseModel, TypeAdapter, ValidationError

from effnb.domain import Resolution
from effnb.errors import AnalysisError, BudgetExceeded, PlaybookError
from effnb.skills._compose import play
from effnb.skills._import import import_file
from effnb.skills._limit import within
from effnb.skills._load import PLAYBOOK_FILE, SKILL_FILE, Skill, bundled_skill, folder_digest, load_skill
from effnb.skills._step import Call, FailedOutcome, StepFailed

STEP_BUDGET = 100
MAX_DEPTH = 3
"""How deep skills may use each other, the first one counted."""
SECONDS_TO_DECIDE = 10.0


@dataclass(frozen=True)
class Answer:
    """How a step ended: its result as plain JSON, or why there is none."""

    result: Any = None
    failed: FailedOutcome | None = None
    reason: str = ""


@dataclass(frozen=True)
class Playbook:
    """The generator function of one skill, and the playbooks of the skills it uses."""

    skill: Skill
    function: Callable[[Any], Generator[Call, Any, Resolution]]
    inputs: type[BaseModel]
    uses: Mapping[str, Playbook] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """The skill's digest; with used skills SHA-256 over it and theirs, so that a change of any is a change."""
        if not self.uses:
            return self.skill.digest
        parts = [self.skill.digest, *(f"{name}\0{self.uses[name].digest}" for name in sorted(self.uses))]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    @property
    def label(self) -> str:
        """``<name>@<first 12 digits of the digest>``."""
        return f"{self.skill.name}@{self.digest[:12]}"

    def accept(self, inputs: dict[str, Any]) -> BaseModel:
        """The inputs as the playbook takes them; ``AnalysisError`` says in one line what is wrong."""
        try:
            return self.inputs.model_validate(inputs)
        except ValidationError as error:
            reasons = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False))
            raise AnalysisError(
                f"skill {self.skill.name} cannot start: {reasons}; it takes {', '.join(self.inputs.model_fields)}"
            ) from error


def load_playbook(skill: Skill, find: Callable[[str], Skill] | None = None) -> Playbook:
    """The skill's playbook, and those of the skills that its front matter names under ``effnb-uses``.

    Args:
        skill: The skill.
        find: Gives a used skill by name; by default the folder of that name beside it, else the one of effnb.

    Raises:
        PlaybookError: There is none, it cannot be imported, its function has the wrong shape, or skills use each
            other in a circle or more than ``MAX_DEPTH`` deep.
        NotFound: There is no used skill of that name.
    """
    return _load(skill, find or functools.partial(_beside, skill), ())


def _load(skill: Skill, find: Callable[[str], Skill], above: tuple[str, ...]) -> Playbook:
    chain = (*above, skill.name)
    if skill.name in above:
        raise PlaybookError(f"skills use each other in a circle: {' → '.join(chain)}; leave one use out")
    if len(chain) > MAX_DEPTH:
        raise PlaybookError(f"skills use each other more than {MAX_DEPTH} deep: {' → '.join(chain)}")
    path = skill.path / PLAYBOOK_FILE
    if not path.is_file():
        raise PlaybookError(f"skill {skill.name} has no {PLAYBOOK_FILE}; it can only be read, not run without a model")
    if folder_digest(skill.path) != skill.digest:
        raise PlaybookError(f"the files of skill {skill.name} changed since it was loaded; load it again")
    function, inputs = _function(path, f"effnb_playbook_{skill.digest[:12]}")
    return Playbook(skill, function, inputs, {name: _load(find(name), find, chain) for name in skill.uses})


def _function(path: Path, name: str) -> tuple[Callable[[Any], Generator[Call, Any, Resolution]], type[BaseModel]]:
    module = within(SECONDS_TO_DECIDE, functools.partial(import_file, path, name), f"importing {path}")
    function = getattr(module, "playbook", None)
    if not inspect.isgeneratorfunction(function):
        raise PlaybookError(f"{path} defines no generator function 'playbook(inputs)'")
    try:
        hints = get_type_hints(function)
    except NameError as error:
        raise PlaybookError(f"{path}: an annotation of playbook() cannot be evaluated: {error}") from error
    inputs = next((hints.get(name) for name in inspect.signature(function).parameters), None)
    if not (isinstance(inputs, type) and issubclass(inputs, BaseModel)):
        raise PlaybookError(f"{path}: the parameter of playbook() needs a pydantic model as its annotation")
    return function, inputs


def _beside(skill: Skill, name: str) -> Skill:
    folder = skill.path.parent / name
    return load_skill(folder) if (folder / SKILL_FILE).is_file() else bundled_skill(name)


def replay(playbook: Playbook, inputs: BaseModel, answer: Callable[[Call], Answer | None]) -> Call | Resolution:
    """Play from the start; the first call ``answer`` has no answer for, or the conclusion.

    Raises:
        PlaybookError: The playbook raised, repeats a step id, or yields or returns something else than it must.
        BudgetExceeded: It asks for more than 100 steps, or decides for longer than ``SECONDS_TO_DECIDE``.
    """
    work = functools.partial(_replay, playbook, inputs, answer)
    return within(SECONDS_TO_DECIDE, work, f"playbook of {playbook.skill.name}")


def _replay(playbook: Playbook, inputs: BaseModel, answer: Callable[[Call], Answer | None]) -> Call | Resolution:
    playing = play(playbook, inputs)
    steps = 1
    try:
        call = next(playing)
        while (given := answer(call)) is not None:
            if given.failed is not None:
                call = playing.throw(StepFailed(call.step, given.failed, given.reason))
            else:
                call = playing.send(_typed(call, given.result))
            steps += 1
            if steps > STEP_BUDGET:
                raise BudgetExceeded(
                    f"playbook of {playbook.skill.name}, after step {call.step!r}, asks for more than {STEP_BUDGET} "
                    "steps; end it earlier"
                )
    except StopIteration as end:
        ended: Resolution = end.value
        return ended
    except StepFailed as error:
        raise PlaybookError(f"playbook of {playbook.skill.name} does not go on without a result: {error}") from error
    finally:
        playing.close()
    return call


@functools.lru_cache(maxsize=256)
def _adapter(returns: Any) -> TypeAdapter[Any]:
    return TypeAdapter(returns)


def _typed(call: Call, result: Any) -> Any:
    try:
        return _adapter(call.returns).validate_python(result)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise PlaybookError(
            f"step {call.step!r}: the result of {call.tool} is no {getattr(call.returns, '__name__', call.returns)}: "
            f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        ) from error
