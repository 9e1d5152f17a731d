"""One run of one skill, call by call.

Between two calls nothing is running: the agent is asked for the next call and stops there, because every tool of a
run needs an answer first. ``next`` gives that answer. So a run may be paused for a day, continued in another cell,
thread or process, or abandoned, and no task, loop or generator is left open.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import wait
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic_ai import Agent, DeferredToolRequests, DeferredToolResults
from pydantic_ai.exceptions import AgentRunError
from pydantic_ai.messages import ModelMessage, ModelMessagesTypeAdapter, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models import Model
from pydantic_ai.tools import DeferredToolApprovalResult, ToolApproved, ToolDenied
from pydantic_core import PydanticSerializationError

from effnb.agent._blobs import Blobs
from effnb.agent._toolset import agent_toolset
from effnb.domain import Resolution, RunState, ToolCall, Transcript
from effnb.errors import AnalysisError, EffnbError, NotFound, SkillError, StoreError, ToolFailed
from effnb.skills import check_evidence
from effnb.store._runs import RunLog
from effnb.tools import Toolbox, in_thread, plain

T = TypeVar("T")
Clock = Callable[[], datetime]
SECONDS_TO_SETTLE = 2.0
OVER: frozenset[RunState] = frozenset({"finished", "failed", "stopped"})


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


class Run:
    """One run of one skill; paused before each call. Made by ``start_run`` and ``resume_run``.

    It is driven from one place at a time; ``stop`` may be called from anywhere.
    """

    def __init__(
        self,
        *,
        transcript: Transcript,
        messages: list[ModelMessage],
        model: Model[Any] | None,
        toolbox: Toolbox,
        log: RunLog,
        blobs: Blobs,
        clock: Clock,
    ) -> None:
        self._transcript = transcript
        self._messages = messages
        self._model = model
        self._toolbox = toolbox
        self._log = log
        self._blobs = blobs
        self._clock = clock
        self._listeners: list[Callable[[Run], None]] = []
        self._active: tuple[asyncio.AbstractEventLoop, asyncio.Task[None]] | None = None
        self._edited: dict[str, Any] | None = None
        self._agent: Agent[None, Any] = Agent(
            output_type=[Resolution, DeferredToolRequests],
            toolsets=[agent_toolset(toolbox, self._execute).approval_required()],
            retries={"tools": 0, "output": 0},
            name=transcript.skill,
        )
        self._pending = self._unanswered()

    @property
    def transcript(self) -> Transcript:
        """What has happened so far; also in the state file, up to the last finished call."""
        return self._transcript

    @property
    def pending(self) -> ToolCall | None:
        """The call that runs next, or runs now while ``transcript.state`` is ``running``; null when the run is over."""
        return self._pending

    def subscribe(self, listener: Callable[[Run], None]) -> Callable[[], None]:
        """Call ``listener`` after every change, in the thread that drives the run; the result ends that."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    async def next(self, args: dict[str, Any] | None = None) -> ToolCall | None:
        """Make the pending call and stop before the one after it.

        Args:
            args: All arguments of the call, in place of the playbook's.

        Returns:
            The finished call, which may have failed; null when the run is over.

        Raises:
            ToolFailed: The edited arguments are not acceptable; the run still waits before the same call.
        """
        pending = self._ready()
        if pending is None:
            return None
        if args is not None:
            self._toolbox.check(pending.tool, args)
        self._edited = args if args is not None and plain(args) != pending.args else None
        await self._answer(pending, True if self._edited is None else ToolApproved(override_args=self._edited))
        return next((call for call in self._transcript.calls if call.id == pending.id), None)

    async def skip(self, reason: str) -> None:
        """Do not make the pending call; the playbook sees a step that was denied, with the reason."""
        pending = self._ready()
        if pending is not None:
            await self._answer(pending, ToolDenied(reason))

    async def finish(self) -> Transcript:
        """Make all calls that are left; the transcript at the end."""
        while await self.next() is not None:
            pass
        return self._transcript

    def stop(self) -> None:
        """End the run here. A call that is being made is abandoned; what it does is not undone."""
        if self._transcript.state in OVER:
            return
        self._end("stopped", None)
        if not self._cancel():  # else the thread that drives the run records it
            self._log.save(self._transcript)
            self._notify()

    def result(self, call_id: str) -> Any:
        """The typed result of a call, by its id or its step.

        Raises:
            NotFound: No such call has been made.
            ToolFailed: It has no result; the message is its own.
        """
        call = next((one for one in self._transcript.calls if call_id in (one.id, one.step)), None)
        if call is None:
            made = ", ".join(one.step for one in self._transcript.calls) or "none"
            raise NotFound(f"run {self._transcript.run_id} has made no call {call_id!r}; made: {made}")
        if call.status != "success":
            raise ToolFailed(f"step {call.step!r} has no result: {call.error}")
        return self._toolbox.get(call.tool).result_type.validate_python(self._blobs.load(call.result))

    def next_blocking(self, args: dict[str, Any] | None = None) -> ToolCall | None:
        """``next`` for scripts; also inside a running event loop."""
        return self._blocking(self.next(args))

    def skip_blocking(self, reason: str) -> None:
        """``skip`` for scripts."""
        self._blocking(self.skip(reason))

    def finish_blocking(self) -> Transcript:
        """``finish`` for scripts and the command line."""
        return self._blocking(self.finish())

    def advance_blocking(self) -> None:
        """Go to the first call, or past a call that was made before the process was killed."""
        pending = self._pending
        if self._transcript.state in OVER:
            return
        if pending is None:
            self._blocking(self._advance(None))
        elif any(call.id == pending.id for call in self._transcript.calls):
            self._blocking(self._advance(DeferredToolResults(approvals={pending.id: True})))

    def __repr__(self) -> str:
        waits = f", before {self._pending.step}" if self._pending and self._transcript.state == "paused" else ""
        return f"<run {self._transcript.run_id} of {self._transcript.skill}: {self._transcript.state}{waits}>"

    def _ready(self) -> ToolCall | None:
        if self._active is not None:
            raise AnalysisError(f"{self!r} is making a call; wait for it, or stop() the run")
        return None if self._transcript.state in OVER else self._pending

    async def _answer(self, pending: ToolCall, answer: bool | DeferredToolApprovalResult) -> None:
        """Give the agent its answer and let it go on to the next call, the conclusion, or a failure."""
        denied = self._deny(pending, answer.message) if isinstance(answer, ToolDenied) else None
        self._change(state="running")
        results = DeferredToolResults(approvals={pending.id: answer})
        task = asyncio.create_task(self._advance(results, denied))
        self._active = (asyncio.get_running_loop(), task)
        self._notify()
        try:
            await task
        except asyncio.CancelledError:
            if self._transcript.state != "stopped":
                raise
        finally:
            self._active = None
            if self._transcript.state == "stopped":
                self._log.save(self._transcript)
            elif self._transcript.state == "running":  # cut short: the same call can be made again
                self._change(state="paused")
            self._notify()

    async def _advance(self, results: DeferredToolResults | None, denied: ToolCall | None = None) -> None:
        prompt = None if self._messages else f"Run the skill {self._transcript.skill} with {self._transcript.inputs}."
        try:
            ended = await self._agent.run(
                prompt, model=self._model, message_history=self._messages, deferred_tool_results=results
            )
        except StoreError:
            raise
        except (EffnbError, AgentRunError) as error:
            self._end("failed", str(error))
            self._log.save(self._transcript, denied=denied)
            return
        if self._transcript.state == "stopped":
            return
        self._messages = ended.all_messages()
        self._change(tokens=self._transcript.tokens + ended.usage.total_tokens)
        if isinstance(ended.output, Resolution):
            self._conclude(ended.output)
        else:
            self._pending = self._unanswered()
            self._change(state="paused")
        self._log.save(self._transcript, ModelMessagesTypeAdapter.dump_json(self._messages), denied)

    async def _execute(self, call_id: str, tool: str, args: dict[str, Any]) -> Any:
        """The tool's result as it is kept; a call that is in the log already is not made again."""
        call = next((one for one in self._transcript.calls if one.id == call_id), None)
        if call is None:
            call = await self._make(call_id, tool, args)
            self._log.add_call(self._transcript.run_id, len(self._transcript.calls), call)
            self._change(calls=(*self._transcript.calls, call))
        if call.status != "success":
            raise ToolFailed(call.error or "failed")
        return call.result

    async def _make(self, call_id: str, tool: str, args: dict[str, Any]) -> ToolCall:
        asked = self._pending if self._pending is not None and self._pending.id == call_id else None
        call = (asked or self._asked(call_id, tool, args, "")).model_copy(
            update={"args": plain(args), "edited": self._edited is not None, "started_at": self._clock()}
        )
        begun = time.perf_counter()
        try:
            kept = await asyncio.wrap_future(in_thread(lambda: self._fetch(tool, args)))
            outcome = {"status": "success", "result": kept}
        except ToolFailed as error:
            outcome = {"status": "failed", "error": str(error)}
        return call.model_copy(update={**outcome, "seconds": time.perf_counter() - begun})

    def _fetch(self, tool: str, args: dict[str, Any]) -> Any:
        if self._toolbox.tier(tool) == "write":
            raise ToolFailed(f"{tool} changes things outside the workspace; a run makes no such call without approval")
        result = self._toolbox.call(tool, args)
        try:
            return self._blobs.keep(plain(result))
        except PydanticSerializationError as error:
            raise ToolFailed(f"{tool} returned what cannot be written as JSON: {error}") from error

    def _deny(self, pending: ToolCall, reason: str) -> ToolCall:
        denied = pending.model_copy(update={"status": "denied", "error": reason, "started_at": self._clock()})
        self._change(calls=(*self._transcript.calls, denied))
        return denied

    def _conclude(self, resolution: Resolution) -> None:
        try:
            checked = check_evidence(
                resolution,
                self._transcript.calls,
                load=self._blobs.load,
                source=lambda tool: self._toolbox.get(tool).source,
            )
        except SkillError as error:
            self._end("failed", f"the conclusion of {self._transcript.skill} does not hold: {error}")
            return
        self._change(resolution=checked)
        self._end("finished", None)

    def _unanswered(self) -> ToolCall | None:
        """The call in the last message that has no answer yet."""
        last = self._messages[-1] if self._messages else None
        if not isinstance(last, ModelResponse) or self._transcript.state in OVER:
            return None
        why = " ".join(part.content for part in last.parts if isinstance(part, TextPart))
        calls = [part for part in last.parts if isinstance(part, ToolCallPart)]
        return self._asked(calls[0].tool_call_id, calls[0].tool_name, calls[0].args_as_dict(), why) if calls else None

    def _asked(self, call_id: str, tool: str, args: dict[str, Any], why: str) -> ToolCall:
        return ToolCall(
            id=call_id,
            step=call_id.removeprefix(f"{self._transcript.skill}.").partition("~")[0],
            tool=tool,
            args=args,
            why=why,
            tier=self._toolbox.tier(tool),
            status="pending",
            started_at=self._clock(),
        )

    def _end(self, state: RunState, error: str | None) -> None:
        self._pending = None
        self._change(state=state, error=error)

    def _change(self, **fields: Any) -> None:
        if self._transcript.state == "stopped":
            fields = {"calls": fields.get("calls", self._transcript.calls)}
        self._transcript = self._transcript.model_copy(update=fields)

    def _notify(self) -> None:
        for listener in tuple(self._listeners):
            listener(self)

    def _cancel(self) -> bool:
        """Cut short the call that is being made; false when none is."""
        if self._active is None:
            return False
        loop, task = self._active
        loop.call_soon_threadsafe(task.cancel)
        return True

    def _blocking(self, work: Coroutine[Any, Any, T]) -> T:
        """Run in an event loop of its own; an interrupt ends that and leaves the run before the same call."""
        driving: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any] | None]] = []

        async def driven() -> T:
            driving.append((asyncio.get_running_loop(), asyncio.current_task()))
            return await work

        future = in_thread(lambda: asyncio.run(driven()))
        try:
            return future.result()
        except KeyboardInterrupt:
            for loop, task in driving:
                if task is not None:
                    loop.call_soon_threadsafe(task.cancel)
            wait([future], timeout=SECONDS_TO_SETTLE)
            raise
