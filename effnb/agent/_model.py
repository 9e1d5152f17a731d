"""A playbook in the place of a language model.

Asked what to do next, it plays the playbook from the start with the results found in the message history. It keeps
nothing between requests, so a run continues from its messages alone, after any pause and in any process.
"""

from __future__ import annotations

import difflib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel
from pydantic_ai import RunContext
from pydantic_ai.messages import (
    ModelMessage,
    ModelResponse,
    ModelResponsePart,
    ModelResponseStreamEvent,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
)
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RequestUsage

from effnb.domain import Resolution
from effnb.errors import PlaybookError
from effnb.skills import Answer, Call, Playbook, replay
from effnb.tools import plain

PROVIDER = "effnb.playbook"


class PlaybookModel(Model[None]):
    """Decides by replaying a skill's playbook; costs no tokens and needs no network.

    Args:
        playbook: The playbook.
        inputs: What it was started with, as its own input model.
        load: Turns a result kept in the history into the full JSON result.
    """

    def __init__(
        self, playbook: Playbook, inputs: BaseModel, load: Callable[[Any], Any] = lambda result: result
    ) -> None:
        super().__init__()
        self._playbook = playbook
        self._inputs = inputs
        self._load = load

    @property
    def model_name(self) -> str:
        """``playbook/<skill>@<first 12 digits of its digest>``."""
        return f"playbook/{self._playbook.label}"

    @property
    def system(self) -> str:
        """The provider."""
        return PROVIDER

    @property
    def provider(self) -> None:
        """There is no service behind it."""
        return

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,  # noqa: ARG002  # a playbook has no settings
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """The next step, or the conclusion."""
        return self.decide(messages, model_request_parameters)

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,  # noqa: ARG002  # a playbook has no settings
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,  # noqa: ARG002  # nor a context
    ) -> AsyncGenerator[StreamedResponse]:
        """The same, part by part."""
        response = self.decide(messages, model_request_parameters)
        yield _Streamed(model_request_parameters=model_request_parameters, response=response)

    def decide(self, messages: list[ModelMessage], params: ModelRequestParameters) -> ModelResponse:
        """What comes after these messages; a pure function of them.

        Raises:
            PlaybookError: The playbook names a tool there is not, or asks otherwise than the messages record.
        """
        history = _History(messages)
        decided = replay(self._playbook, self._inputs, lambda call: self._answer(call, history))
        if isinstance(decided, Resolution):
            output = params.output_tools[0].name
            return self._reply(ToolCallPart(output, plain(decided), tool_call_id=f"{self._playbook.skill.name}.output"))
        tier = _tier_of(decided, params)
        call_id, attempt = history.next_id(self._id(decided))
        if attempt > 1 and tier != "read":
            raise PlaybookError(
                f"step {decided.step!r} was cut off and {decided.tool} may have taken effect; look, then run anew"
            )
        return self._reply(TextPart(decided.why), ToolCallPart(decided.tool, plain(decided.args), tool_call_id=call_id))

    def _answer(self, call: Call, history: _History) -> Answer | None:
        part = history.returned(self._id(call))
        if part is None:
            return None
        asked = history.asked[part.tool_call_id]
        if (asked.tool_name, asked.args_as_dict()) != (call.tool, plain(call.args)):
            raise PlaybookError(
                f"step {call.step!r} asks {call.tool}({plain(call.args)}) where the run recorded {asked.tool_name}"
                f"({asked.args_as_dict()}); a playbook may depend on nothing but its inputs and results"
            )
        if part.outcome == "success":
            return Answer(result=self._load(plain(part.content)))
        return Answer(failed="denied" if part.outcome == "denied" else "failed", reason=str(part.content))

    def _id(self, call: Call) -> str:
        return f"{self._playbook.skill.name}.{call.step}"

    def _reply(self, *parts: ModelResponsePart) -> ModelResponse:
        return ModelResponse(
            parts=list(parts), usage=RequestUsage(), model_name=self.model_name, provider_name=self.system
        )


class _History:
    """The calls and results in a list of messages."""

    def __init__(self, messages: list[ModelMessage]) -> None:
        parts = [part for message in messages for part in message.parts]
        self.asked = {part.tool_call_id: part for part in parts if isinstance(part, ToolCallPart)}
        self._done = {part.tool_call_id: part for part in parts if isinstance(part, ToolReturnPart)}

    def next_id(self, call_id: str) -> tuple[str, int]:
        """Id for the next attempt at a call and its number: calls that were cut off keep theirs."""
        attempt, candidate = 1, call_id
        while (part := self._done.get(candidate)) is not None and part.outcome == "interrupted":
            attempt += 1
            candidate = f"{call_id}~{attempt}"
        return candidate, attempt

    def returned(self, call_id: str) -> ToolReturnPart | None:
        """How the call ended in its last attempt; null when it has not."""
        return self._done.get(self.next_id(call_id)[0])


def _tier_of(call: Call, params: ModelRequestParameters) -> str:
    tools = {tool.name: tool for tool in params.function_tools}
    if call.tool not in tools:
        near = difflib.get_close_matches(call.tool, tools, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(sorted(tools)) or 'none'}"
        raise PlaybookError(f"step {call.step!r} calls {call.tool!r}, and there is no such tool; {hint}")
    # A tool that does not say what it may touch is taken for one that writes.
    return str((tools[call.tool].metadata or {}).get("tier", "write"))


@dataclass
class _Streamed(StreamedResponse):
    """A finished response as the events a stream of it has."""

    response: ModelResponse
    _timestamp: datetime = field(default_factory=lambda: datetime.now(UTC), init=False)

    async def _get_event_iterator(self) -> AsyncIterator[ModelResponseStreamEvent]:
        for index, part in enumerate(self.response.parts):
            if isinstance(part, TextPart):
                for event in self._parts_manager.handle_text_delta(vendor_part_id=index, content=part.content):
                    yield event
            elif isinstance(part, ToolCallPart):
                yield self._parts_manager.handle_tool_call_part(
                    vendor_part_id=index,
                    tool_name=part.tool_name,
                    args=part.args_as_dict(),
                    tool_call_id=part.tool_call_id,
                )

    @property
    def model_name(self) -> str:
        return self.response.model_name or ""

    @property
    def provider_name(self) -> str:
        return PROVIDER

    @property
    def provider_url(self) -> None:
        return None

    @property
    def timestamp(self) -> datetime:
        return self._timestamp
