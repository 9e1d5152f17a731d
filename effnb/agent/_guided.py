"""Mode guided: the playbook makes its calls, a language model judges what they returned and words the conclusion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pydantic import BaseModel
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    SystemPromptPart,
    TextPart,
    ToolCallPart,
    UserPromptPart,
)
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.settings import ModelSettings

from effnb.agent._brain import Brain
from effnb.agent._model import PlaybookModel
from effnb.agent._words import guided_request
from effnb.domain import Resolution, ToolCall
from effnb.skills import Playbook

Made = Callable[[], list[tuple[ToolCall, Any]]]
"""The calls of the run so far, each with its full result, or null."""


class GuidedModel(PlaybookModel):
    """A playbook whose last word is a language model's.

    Args:
        playbook: The playbook.
        inputs: What it was started with.
        brain: The language model.
        load: Turns a result kept in the history into the full JSON result.
    """

    def __init__(self, playbook: Playbook, inputs: BaseModel, brain: Brain, load: Callable[[Any], Any]) -> None:
        super().__init__(playbook, inputs, load)
        self._brain = brain
        self._made: Made = list
        self._refusals: Callable[[], list[str]] = list

    def connect(self, made: Made, refusals: Callable[[], list[str]]) -> None:
        """Give it sight of the run: the calls so far, and why its conclusions were refused."""
        self._made, self._refusals = made, refusals

    @property
    def model_name(self) -> str:
        """``playbook/<skill>@<digest>, guided by <model>``."""
        return f"{super().model_name}, concluded by {self._brain.label}"

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """The next declared call, or the model's conclusion."""
        decided = self.decide(messages, model_request_parameters)
        output = model_request_parameters.output_tools[0].name
        reading = next(
            (part for part in decided.parts if isinstance(part, ToolCallPart) and part.tool_name == output), None
        )
        if reading is None:
            return decided
        asked = self._question(Resolution.model_validate(reading.args_as_dict()))
        only_output = ModelRequestParameters(
            output_mode="tool", output_tools=model_request_parameters.output_tools, allow_text_output=False
        )
        answer = await self._brain.ask([asked], model_settings, only_output)
        return self._relabelled(answer, output)

    def _question(self, reading: Resolution) -> ModelRequest:
        inputs = self._inputs.model_dump(mode="json")
        skill = self._playbook.skill
        system, request = guided_request(skill, inputs, self._made(), reading, self._refusals())
        return ModelRequest(parts=[SystemPromptPart(system), UserPromptPart(request)])

    def _relabelled(self, answer: ModelResponse, output: str) -> ModelResponse:
        """The conclusion under an id of its own; whatever else the model asked for is left out."""
        number = len(self._refusals()) + 1
        concluded = [part for part in answer.parts if isinstance(part, ToolCallPart) and part.tool_name == output]
        call_id = f"{self._playbook.skill.name}.output-{number}"
        parts = [replace(part, tool_call_id=call_id) for part in concluded[:1]]
        said = [part for part in answer.parts if isinstance(part, TextPart)]
        return ModelResponse(parts=[*(parts or said or [TextPart("")])], usage=answer.usage, model_name=self.model_name)
