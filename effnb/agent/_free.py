"""Mode free: a language model drives, with the skill's prose as its instructions.

Which of the playbook's declared steps it made is told by code, from the calls: a model's own account of what it did
is not evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from pydantic import BaseModel
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ModelResponsePart,
    ToolCallPart,
    ToolReturnPart,
)
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.settings import ModelSettings

from effnb.agent._brain import Brain
from effnb.agent._words import shortened
from effnb.domain import DeclaredStep, ToolCall
from effnb.errors import EffnbError
from effnb.skills import Answer, Call, Playbook, is_equal, replay
from effnb.tools import plain


class FreeModel(Model[None]):
    """A language model as the run sees it: calls under ids of our own, results cut to what it can read.

    Args:
        brain: The language model.
        load: Turns a result kept in the history into the full JSON result.
    """

    def __init__(self, brain: Brain, load: Callable[[Any], Any]) -> None:
        super().__init__()
        self._brain = brain
        self._load = load

    @property
    def model_name(self) -> str:
        """The model's label."""
        return self._brain.label

    @property
    def system(self) -> str:
        """The provider."""
        return "effnb.free"

    @property
    def provider(self) -> None:
        """The brain has it."""
        return

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """What the model does next."""
        asked = sum(isinstance(part, ToolCallPart) for message in messages for part in message.parts)
        told = [self._told(message) for message in messages]
        answer = await self._brain.ask(told, model_settings, model_request_parameters)
        parts: list[ModelResponsePart] = []
        for part in answer.parts:
            if isinstance(part, ToolCallPart):  # servers may use an id twice, and evidence has to name one call
                asked += 1
                part = replace(part, tool_call_id=f"c{asked}")  # noqa: PLW2901
            parts.append(part)
        return replace(answer, parts=parts)

    def _told(self, message: ModelMessage) -> ModelMessage:
        """The message with results as the model is to read them."""
        if not isinstance(message, ModelRequest):
            return message
        parts = [self._readable(part) if isinstance(part, ToolReturnPart) else part for part in message.parts]
        return replace(message, parts=parts)

    def _readable(self, part: ToolReturnPart) -> ToolReturnPart:
        if part.outcome != "success":
            return part
        result = shortened(self._load(plain(part.content)))
        return replace(part, content=f'{{"step": "{part.tool_call_id}", "result": {result}}}')


def declared_steps(
    playbook: Playbook, inputs: BaseModel, calls: Sequence[ToolCall], load: Callable[[Any], Any]
) -> tuple[DeclaredStep, ...]:
    """The steps that the playbook declares on the way it takes with these results, and whether each was made."""
    found: dict[str, DeclaredStep] = {}

    def answer(call: Call) -> Answer:
        args = plain(call.args)
        made = next((one for one in calls if one.tool == call.tool and is_equal(_set(one.args), _set(args))), None)
        ran = made is not None and made.status == "success"
        found[call.step] = DeclaredStep(step=call.step, tool=call.tool, why=call.why, ran=ran)
        if made is None or made.status != "success":
            return Answer(failed="denied", reason="not made in this run")
        return Answer(result=load(made.result))

    with suppress(EffnbError):  # without some result the playbook may not go on: what it asked until then is known
        replay(playbook, inputs, answer)
    return tuple(found.values())


def _set(args: dict[str, Any]) -> dict[str, Any]:
    """Arguments that say something; a null one is the same as one left out."""
    return {name: value for name, value in args.items() if value is not None}
