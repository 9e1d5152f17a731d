"""A skill's playbook: importing it, and playing it from the start with the answers so far.

A playbook is a pure function of its inputs and the results it is sent. That is what lets a run stop anywhere and
continue in another process: nothing but inputs and results has to be kept.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.abc
import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

from pydantic import BaseModel, TypeAdapter, ValidationError

from effnb.domain import Resolution
from effnb.errors import AnalysisError, BudgetExceeded, EffnbError, PlaybookError
from effnb.skills._load import PLAYBOOK_FILE, Skill, folder_digest
from effnb.skills._step import Call, FailedOutcome, StepFailed

STEP_BUDGET = 100


@dataclass(frozen=True)
class Answer:
    """How a step ended: its result as plain JSON, or why there is none."""

    result: Any = None
    failed: FailedOutcome | None = None
    reason: str = ""


@dataclass(frozen=True)
class Playbook:
    """The generator function of one skill."""

    skill: Skill
    function: Callable[[Any], Generator[Call, Any, Resolution]]
    inputs: type[BaseModel]

    def accept(self, inputs: dict[str, Any]) -> BaseModel:
        """The inputs as the playbook takes them; ``AnalysisError`` says in one line what is wrong."""
        try:
            return self.inputs.model_validate(inputs)
        except ValidationError as error:
            reasons = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False))
            raise AnalysisError(
                f"skill {self.skill.name} cannot start: {reasons}; it takes {', '.join(self.inputs.model_fields)}"
            ) from error


def load_playbook(skill: Skill) -> Playbook:
    """The skill's playbook.

    Raises:
        PlaybookError: There is none, it cannot be imported, or its function has the wrong shape.
    """
    path = skill.path / PLAYBOOK_FILE
    if not path.is_file():
        raise PlaybookError(f"skill {skill.name} has no {PLAYBOOK_FILE}; it can only be read, not run without a model")
    if folder_digest(skill.path) != skill.digest:
        raise PlaybookError(f"the files of skill {skill.name} changed since it was loaded; load it again")
    module = _import(path, f"effnb_playbook_{skill.digest[:12]}")
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
    return Playbook(skill, function, inputs)


def replay(playbook: Playbook, inputs: BaseModel, answer: Callable[[Call], Answer | None]) -> Call | Resolution:
    """Play from the start; the first call ``answer`` has no answer for, or the conclusion.

    Raises:
        PlaybookError: The playbook raised, repeats a step id, or yields or returns something else than it must.
        BudgetExceeded: It asks for more than 100 steps.
    """
    generator = playbook.function(inputs)
    seen: list[str] = []
    try:
        call = _checked(next(generator), seen, playbook)
        while (given := answer(call)) is not None:
            if given.failed is not None:
                call = _checked(generator.throw(StepFailed(call.step, given.failed, given.reason)), seen, playbook)
            else:
                call = _checked(generator.send(_typed(call, given.result)), seen, playbook)
    except StopIteration as end:
        if not isinstance(end.value, Resolution):
            raise PlaybookError(
                f"{_where(playbook, seen)} returns {type(end.value).__name__}, not a Resolution"
            ) from None
        return end.value
    except StepFailed as error:
        raise PlaybookError(f"{_where(playbook, seen)} does not go on without a result: {error}") from error
    except EffnbError:
        raise
    except Exception as error:  # a skill is foreign code: its exception ends the run with a reason, not the notebook
        where = f"{_where(playbook, seen)} line {_line_in(playbook, error)}"
        raise PlaybookError(f"{where}, raised {type(error).__name__}: {error}") from error
    finally:
        # A generator that refuses to be closed has nothing to say that the run would need.
        with contextlib.suppress(RuntimeError):
            generator.close()
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


def _checked(call: Any, seen: list[str], playbook: Playbook) -> Call:
    if not isinstance(call, Call):
        raise PlaybookError(f"{_where(playbook, seen)} yields {type(call).__name__}; write `yield from step(…)(…)`")
    if re.fullmatch(r"[\w.-]+", call.step) is None:
        raise PlaybookError(
            f"{_where(playbook, seen)} names a step {call.step!r}; use letters, digits, dots and hyphens"
        )
    if call.step in seen:
        raise PlaybookError(f"{_where(playbook, seen)} uses step id {call.step!r} twice; put the loop's index in it")
    if len(seen) >= STEP_BUDGET:
        raise BudgetExceeded(f"{_where(playbook, seen)} asks for more than {STEP_BUDGET} steps; end it earlier")
    seen.append(call.step)
    return call


def _where(playbook: Playbook, seen: list[str]) -> str:
    return (
        f"playbook of {playbook.skill.name}, after step {seen[-1]!r}," if seen else f"playbook of {playbook.skill.name}"
    )


def _line_in(playbook: Playbook, error: Exception) -> int | None:
    path = str(playbook.skill.path / PLAYBOOK_FILE)
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    return lines[-1] if lines else None


class _Source(importlib.abc.SourceLoader):
    """Loads from the source alone: no stale bytecode is read and none is left in the skill's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def get_filename(self, fullname: str) -> str:  # noqa: ARG002  # the signature is importlib's
        return str(self.path)

    def get_data(self, path: str) -> bytes:
        return Path(path).read_bytes()


def _import(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_loader(name, _Source(path), origin=str(path))
    if spec is None or spec.loader is None:
        raise PlaybookError(f"cannot import {path}")
    module = importlib.util.module_from_spec(spec)
    # pydantic looks annotations up through sys.modules while the classes are made; afterwards the entry is not needed.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # the file is foreign code
        raise PlaybookError(f"cannot import {path}: {type(error).__name__}: {error}") from error
    finally:
        sys.modules.pop(name, None)
    return module
