"""Playing a playbook together with the skills it uses: their steps stand in the place of the ``use``."""

from __future__ import annotations

import contextlib
import re
import traceback
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError

from effnb.domain import Evidence, Finding, Resolution
from effnb.errors import AnalysisError, EffnbError, PlaybookError
from effnb.skills._limit import TimeUpError
from effnb.skills._load import PLAYBOOK_FILE
from effnb.skills._step import Call, StepFailed, Use
from effnb.tools import plain

if TYPE_CHECKING:
    from effnb.skills._playbook import Playbook


def play(playbook: Playbook, inputs: BaseModel, prefix: str = "") -> Generator[Call, Any, Resolution]:
    """The calls of a playbook and of the skills it uses, with the ids they have in the run; then its conclusion.

    Raises:
        StepFailed: A step failed, and the playbook does not go on without it.
        PlaybookError: It raised, or yields or returns something else than it must.
    """
    part = _Part(playbook, prefix)
    generator = playbook.function(inputs)
    go_on: Callable[[], Any] = partial(next, generator)
    try:
        while True:
            with part.blamed():
                try:
                    asked = go_on()
                except StopIteration as end:
                    return part.conclusion(end.value)
            try:
                if isinstance(asked, Use):
                    result: Any = yield from part.used(asked)
                else:
                    result = yield part.call(asked)
            except StepFailed as gap:
                local = StepFailed(part.steps[-1], gap.outcome, gap.reason)
                go_on = partial(generator.throw, local)
            else:
                go_on = partial(generator.send, result)
    finally:
        # A generator that refuses to be closed has nothing to say that the run would need.
        with contextlib.suppress(RuntimeError):
            generator.close()


@dataclass
class _Part:
    """One playbook of those that are played, and how far it is."""

    playbook: Playbook
    prefix: str
    steps: list[str] = field(default_factory=list)

    def call(self, asked: Any) -> Call:
        """The call with the id it has in the run."""
        if not isinstance(asked, Call):
            raise PlaybookError(f"{self} yields {type(asked).__name__}; write `yield from step(…)(…)`")
        self._begin(asked.step)
        skill = self.playbook.skill.name if self.prefix else ""
        try:
            args = plain(asked.args)
        except PydanticSerializationError as error:
            raise PlaybookError(
                f"{self}: step {asked.step!r} gives {asked.tool} what JSON cannot hold: {error}"
            ) from error
        return replace(asked, step=f"{self.prefix}{asked.step}", args=args, skill=skill)

    def used(self, asked: Use) -> Generator[Call, Any, Resolution]:
        """The steps of a used skill; its conclusion, with evidence that cites them by the ids they have here."""
        self._begin(asked.step)
        other = self.playbook.uses.get(asked.skill)
        if other is None:
            raise PlaybookError(
                f"{self} uses skill {asked.skill!r}, which its front matter does not name; "
                f"add {asked.skill} to effnb-uses under metadata"
            )
        try:
            inputs = other.accept(asked.inputs)
        except AnalysisError as error:
            raise PlaybookError(f"{self}: {error}") from error
        try:
            ended = yield from play(other, inputs, f"{self.prefix}{asked.step}.")
        except StepFailed as gap:
            raise StepFailed(asked.step, gap.outcome, f"{gap.step}: {gap.reason}") from gap
        return _under(asked.step, ended)

    def conclusion(self, value: Any) -> Resolution:
        """What the playbook returned."""
        if not isinstance(value, Resolution):
            raise PlaybookError(f"{self} returns {type(value).__name__}, not a Resolution")
        return value

    @contextlib.contextmanager
    def blamed(self) -> Generator[None]:
        """A skill is foreign code: its exception, even an exit, ends the run with a reason, and not the notebook."""
        try:
            yield
        except (EffnbError, TimeUpError):
            raise
        except BaseException as error:
            raise PlaybookError(f"{self} line {self._line(error)}, raised {type(error).__name__}: {error}") from error

    def _begin(self, step: Any) -> None:
        if not isinstance(step, str) or re.fullmatch(r"[\w.-]+", step) is None:
            raise PlaybookError(f"{self} names a step {step!r}; use letters, digits, dots and hyphens")
        if step in self.steps:
            raise PlaybookError(f"{self} uses step id {step!r} twice; put the loop's index in it")
        self.steps.append(step)

    def _line(self, error: BaseException) -> int | None:
        path = str(self.playbook.skill.path / PLAYBOOK_FILE)
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
        return lines[-1] if lines else None

    def __str__(self) -> str:
        name = f"playbook of {self.playbook.skill.name}"
        return f"{name}, after step {self.steps[-1]!r}," if self.steps else name


def _under(prefix: str, ended: Resolution) -> Resolution:
    def moved(evidence: Evidence) -> Evidence:
        return evidence.model_copy(update={"call": f"{prefix}.{evidence.call}"})

    findings = tuple(
        Finding(claim=finding.claim, evidence=tuple(map(moved, finding.evidence))) for finding in ended.findings
    )
    return ended.model_copy(update={"findings": findings, "gaps": tuple(f"{prefix}: {gap}" for gap in ended.gaps)})
