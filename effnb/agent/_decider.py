"""Who decides in a run: the playbook, the playbook with a language model's conclusion, or a language model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic_ai.models import Model

from effnb.agent._brain import Brain
from effnb.agent._free import FreeModel, declared_steps
from effnb.agent._guided import GuidedModel, Made
from effnb.agent._model import PlaybookModel
from effnb.agent._words import free_instructions
from effnb.domain import DeclaredStep, Mode, Resolution, ToolCall
from effnb.errors import LimitReached
from effnb.skills import Playbook, Skill

MOST_REPEATS = 3


class Decider:
    """The model of a run and what goes with it, by mode.

    Args:
        mode: Who decides.
        skill: The skill.
        playbook: Its playbook; only mode ``free`` goes without.
        inputs: What the playbook was started with.
        brain: The language model; null in mode ``playbook``.
        load: Turns a result kept in the history into the full JSON result.
    """

    def __init__(
        self,
        mode: Mode,
        skill: Skill,
        playbook: Playbook | None,
        inputs: BaseModel | None,
        brain: Brain | None,
        load: Callable[[Any], Any],
    ) -> None:
        self._mode, self._skill, self._playbook, self._inputs = mode, skill, playbook, inputs
        self._brain, self._load = brain, load
        self.model = self._make_model()

    @property
    def label(self) -> str:
        """Who decides, in words; says so when no language model does."""
        if self._brain is None:
            return f"{self.model.model_name} (no language model)"
        return self.model.model_name if self._mode == "guided" else f"{self._brain.label}, driving freely"

    @property
    def prose(self) -> str:
        """The skill's prose."""
        return self._skill.body

    @property
    def instructions(self) -> str | None:
        """What the model is told before everything else."""
        return free_instructions(self._skill) if self._mode == "free" else None

    @property
    def tool_retries(self) -> int:
        """How often a call of a tool that does not exist may be corrected; a playbook's is a fault of the skill."""
        return 0 if self._brain is None else 2

    @property
    def output_retries(self) -> int:
        """How often a conclusion that does not hold is asked for again."""
        return 0 if self._brain is None else 1

    @property
    def spent(self) -> dict[str, Any]:
        """Requests, tokens and money so far, as fields of the transcript."""
        brain = self._brain
        if brain is None:
            return {}
        currency = brain.settings.currency if brain.cost is not None else ""
        return {"requests": brain.requests, "tokens": brain.tokens, "cost": brain.cost, "currency": currency}

    def connect(self, made: Made, refusals: Callable[[], list[str]]) -> None:
        """Give the model its sight of the run."""
        if isinstance(self.model, GuidedModel):
            self.model.connect(made, refusals)

    def check(self, calls: Sequence[ToolCall]) -> None:
        """Refuse to go on with a model that goes round in circles or has used up its calls.

        Raises:
            LimitReached: Which it is.
        """
        if self._mode != "free" or self._brain is None:
            return
        most = self._brain.settings.tool_calls
        if len(calls) >= most:
            raise LimitReached(
                f"the run made {most} tool calls, the limit of model {self._brain.name}; "
                f"raise tool_calls in [models.{self._brain.name}], then resume"
            )
        last = calls[-1] if calls else None
        same = [one for one in calls if last is not None and (one.tool, one.args) == (last.tool, last.args)]
        if last is not None and len(same) > MOST_REPEATS:
            raise LimitReached(
                f"model {self._brain.name} asked {len(same)} times for {last.tool} with the same arguments: it goes "
                "round in circles; start a run in mode guided or playbook, or with another model"
            )

    def give_up(self, refusals: Sequence[str], error: Exception) -> Resolution | None:
        """The conclusion when the model gave none that holds, twice; null for a playbook, whose fault it would be."""
        if self._brain is None:
            return None
        reasons = tuple(refusals) or (" ".join(str(error).split()),)
        return Resolution(
            status="needs_person",
            summary=f"Model {self._brain.name} gave no conclusion that the calls of this run support.",
            gaps=tuple(f"refused conclusion: {reason}" for reason in reasons),
            next_steps=("Read the steps and judge, or run the skill again in mode playbook.",),
        )

    def declared(self, calls: Sequence[ToolCall]) -> tuple[DeclaredStep, ...]:
        """In mode free, which of the playbook's steps were made; elsewhere the calls are those steps."""
        if self._mode != "free" or self._playbook is None or self._inputs is None:
            return ()
        return declared_steps(self._playbook, self._inputs, calls, self._load)

    def _make_model(self) -> Model[Any]:
        if self._mode == "free" and self._brain is not None:
            return FreeModel(self._brain, self._load)
        assert self._playbook is not None  # noqa: S101  # start_run loads it for every other mode
        assert self._inputs is not None  # noqa: S101
        if self._brain is None:
            return PlaybookModel(self._playbook, self._inputs, self._load)
        return GuidedModel(self._playbook, self._inputs, self._brain, self._load)
