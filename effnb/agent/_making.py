"""One call of a run: through the gate, kept as plain JSON, with how it ended."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from pydantic_core import PydanticSerializationError

from effnb.agent._blobs import Blobs
from effnb.domain import Actor, ToolCall, Transcript
from effnb.errors import NotFound, ToolFailed
from effnb.tools import Origin, Toolbox, in_thread, plain

CUT_OFF = (
    "this call was begun before and its end was never recorded: it may have taken effect; look, then approve it again "
    "(it is repeated under the same key) or deny it"
)


class Maker:
    """Makes the calls of one run, as the skill and for the person who started it.

    Args:
        toolbox: The tools, bound to that person.
        transcript: The run as it stands.
        blobs: Where large results go.
    """

    def __init__(self, toolbox: Toolbox, transcript: Transcript, blobs: Blobs) -> None:
        person = toolbox.gate.actor
        agent = Actor(kind="agent", name=transcript.skill, surface=person.surface, on_behalf=person.name)
        made = [call for call in transcript.calls if call.status != "denied"]
        # A run that another program started stays within that program's rights.
        self.toolbox = toolbox.acting_as(
            person if person.kind == "mcp" else agent, calls=len(made), seconds=sum(call.seconds for call in made)
        )
        self.person = person
        self._run, self._digest = transcript.run_id, transcript.digest
        self._blobs = blobs

    def offered(self, prose: str) -> list[str]:
        """Tools to offer a model that drives: those that read, and others that the skill's prose names."""
        boxed = [self.toolbox.get(name) for name in self.toolbox.names]
        fitting = [tool for tool in boxed if tool.tier == "read" or tool.name in prose]
        return [tool.name for tool in fitting if self.toolbox.gate.standing(tool) != "refused"]

    def waits(self, call: ToolCall) -> bool:
        """Whether the call has to be approved first."""
        try:
            tool = self.toolbox.get(call.tool)
        except NotFound:
            return False
        return self.toolbox.gate.waits(tool, call.args, self._origin(call))

    def warning(self, call: ToolCall) -> str | None:
        """What a person has to know before the call is made; null when nothing."""
        try:
            tool = self.toolbox.get(call.tool)
        except NotFound:
            return None
        return CUT_OFF if self.toolbox.gate.was_cut_off(tool, call.args, self._origin(call)) else None

    def hold(self, call: ToolCall) -> None:
        """Record that the call waits."""
        self.toolbox.gate.hold(self.toolbox.get(call.tool), call.args, self._origin(call))

    def approve(self, call: ToolCall, by: str) -> None:
        """Record a person's yes to exactly this call."""
        self.toolbox.check(call.tool, call.args)
        self.toolbox.gate.approve(self.toolbox.get(call.tool), call.args, self._origin(call), by)

    def deny(self, call: ToolCall, by: str, reason: str) -> None:
        """Record a person's no."""
        self.toolbox.gate.refuse(
            call.tool, call.tier, call.args, self._origin(call), reason, outcome="denied", approver=by
        )

    async def make(self, call: ToolCall) -> ToolCall:
        """The call with its result, or with the reason why it has none."""
        begun = time.perf_counter()
        outcome: dict[str, Any]
        try:
            kept = await asyncio.wrap_future(in_thread(lambda: self._fetch(call)))
            outcome = {"status": "success", "result": kept, "error": None}
        except (ToolFailed, NotFound) as error:
            outcome = {"status": "failed", "error": str(error)}
        return call.model_copy(update={**outcome, "seconds": time.perf_counter() - begun})

    def _fetch(self, call: ToolCall) -> Any:
        result = self.toolbox.call(call.tool, call.args, self._origin(call))
        try:
            return self._blobs.keep(plain(result))
        except PydanticSerializationError as error:
            raise ToolFailed(f"{call.tool} returned what cannot be written as JSON: {error}") from error

    def _origin(self, call: ToolCall) -> Origin:
        return Origin(run=self._run, call=call.id, digest=self._digest)
