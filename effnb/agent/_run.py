"""One run of one skill, call by call.

Between two calls nothing is running: the agent is asked for the next call and stops there, because every tool of a
run needs an answer first. ``next`` makes the call and gives that answer. So a run may be paused for a day, continued
in another cell, thread or process, or abandoned, and no task, loop or generator is left open.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import wait
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic_ai import Agent, DeferredToolRequests, DeferredToolResults
from pydantic_ai.exceptions import AgentRunError, ModelRetry, UnexpectedModelBehavior
from pydantic_ai.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelResponse,
    TextPart,
    ThinkingPart,
    ToolCallPart,
)
from pydantic_ai.tools import DeferredToolApprovalResult, ToolApproved, ToolDenied

from effnb.agent._blobs import Blobs
from effnb.agent._decider import Decider
from effnb.agent._making import Maker
from effnb.agent._toolset import AgentTools
from effnb.domain import Note, Resolution, RunState, ToolCall, Transcript
from effnb.errors import (
    AnalysisError,
    EffnbError,
    LimitReached,
    ModelFailed,
    NotFound,
    SkillError,
    StoreError,
    ToolFailed,
)
from effnb.skills import check_evidence
from effnb.store._run_lock import forget_lock, one_runner
from effnb.store._runs import RunLog
from effnb.tools import Toolbox, in_thread, plain

T = TypeVar("T")
Clock = Callable[[], datetime]
SECONDS_TO_SETTLE = 2.0
LONGEST_REASONING = 4_000
OVER: frozenset[RunState] = frozenset({"finished", "failed", "stopped"})


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


class Run:
    """One run of one skill; paused before each call. Made by ``start_run`` and ``resume_run``.

    It is driven from one place at a time; ``stop`` may be called from anywhere. A call that has to be approved is
    waited for: ``next`` and ``finish`` stop before it, ``approve`` or ``deny`` answer it.
    """

    def __init__(
        self,
        *,
        transcript: Transcript,
        messages: list[ModelMessage],
        decider: Decider | None,
        toolbox: Toolbox,
        log: RunLog,
        blobs: Blobs,
        clock: Clock,
    ) -> None:
        self._transcript = transcript
        self._messages = messages
        self._decider = decider
        self._maker = Maker(toolbox, transcript, blobs)
        self._toolbox = toolbox
        self._log = log
        self._blobs = blobs
        self._clock = clock
        self._listeners: list[Callable[[Run], None]] = []
        self._active: tuple[asyncio.AbstractEventLoop, asyncio.Task[None]] | None = None
        self._approved: ToolCall | None = None
        self._refusals: list[str] = []
        self._agent = self._make_agent(decider) if decider is not None else None
        self._pending = self._unanswered()

    @property
    def transcript(self) -> Transcript:
        """What has happened so far; also in the state file, up to the last finished call."""
        return self._transcript

    @property
    def pending(self) -> ToolCall | None:
        """The call that runs next, or runs now while ``transcript.state`` is ``running``; null when there is none."""
        return self._pending

    @property
    def waits_for_approval(self) -> bool:
        """Whether the pending call may only be made once a person has approved it."""
        return self._pending is not None and self._active is None and self._maker.waits(self._pending)

    @property
    def stalled(self) -> bool:
        """Whether the run waits without a call, because its language model could not be asked or a limit was reached.

        ``transcript.error`` says why; ``next`` and ``finish`` try again.
        """
        return self._transcript.state == "paused" and self._pending is None

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
            args: All arguments of the call, in place of those the playbook or the model gave.

        Returns:
            The finished call, which may have failed; null when the run is over, stalled, or the call has to be
            approved first.

        Raises:
            ToolFailed: The edited arguments are not acceptable; the run still waits before the same call.
            StoreError: Another process runs this run.
        """
        self._check_idle()
        if self.stalled:
            await self._drive(self._ask())
        pending = self._pending
        if pending is None:
            return None
        call = self._edited(pending, args)
        if self._maker.waits(call):
            self._maker.hold(call)
            return None
        await self._drive(self._make(call))
        return next((one for one in self._transcript.calls if one.id == pending.id), None)

    async def skip(self, reason: str, by: str = "") -> None:
        """Do not make the pending call; the playbook or the model sees a step that was denied, with the reason."""
        self._check_idle()
        if self._pending is not None:
            await self._drive(self._leave_out(self._pending, reason, by or self._maker.person.name))

    async def finish(self) -> Transcript:
        """Make all calls that are left, up to one that has to be approved or a stall; the transcript then."""
        while await self.next() is not None and not self.stalled:
            pass
        return self._transcript

    def approve(self, step: str | None = None, *, by: str = "", args: dict[str, Any] | None = None) -> ToolCall:
        """A person's yes to exactly the pending call; the next ``next`` or ``finish`` makes it.

        Args:
            step: Id of the step or call, to be sure that it is the one that waits.
            by: Who approves; the person who runs this process when omitted.
            args: All arguments, in place of those that were asked for.

        Raises:
            AnalysisError: No call waits for approval, or another one does.
        """
        call = self._edited(self._waiting(step), args)
        self._maker.approve(call, by or self._maker.person.name)
        self._approved = call
        self._notify()
        return call

    def deny(self, reason: str, step: str | None = None, *, by: str = "") -> None:
        """A person's no to the pending call; the run goes on without it, to its next call or its end."""
        self._waiting(step)
        self._blocking(self.skip(reason, by))

    def note(self, text: str, *, by: str = "") -> Note:
        """Keep what a person wrote, after the last finished step."""
        last = self._transcript.calls[-1].step if self._transcript.calls else ""
        written = Note(at=self._clock(), by=by or self._maker.person.name, text=text, after=last)
        self._transcript = self._transcript.model_copy(update={"notes": (*self._transcript.notes, written)})
        self._log.save(self._transcript)
        self._notify()
        return written

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

    def skip_blocking(self, reason: str, by: str = "") -> None:
        """``skip`` for scripts."""
        self._blocking(self.skip(reason, by))

    def finish_blocking(self) -> Transcript:
        """``finish`` for scripts and the command line."""
        return self._blocking(self.finish())

    def advance_blocking(self) -> None:
        """Go to the first call, or past calls that were made before the process was killed."""
        if self._transcript.state not in OVER and self._pending is None:
            self._blocking(self._drive(self._ask()))

    def __repr__(self) -> str:
        transcript, waits = self._transcript, ""
        if self.waits_for_approval and self._pending is not None:
            waits = (
                f", before {self._pending.step}, which a person has to approve: run.approve(by=…) or run.deny(reason)"
            )
        elif self._pending is not None and transcript.state == "paused":
            waits = f", before {self._pending.step}"
        elif self.stalled:
            waits = f": {transcript.error}"
        return f"<run {transcript.run_id} of {transcript.skill}: {transcript.state}{waits}>"

    def _make_agent(self, decider: Decider) -> Agent[None, Any]:
        decider.connect(lambda: [(call, self._full(call)) for call in self._transcript.calls], lambda: self._refusals)
        names = self._maker.offered(decider.prose) if self._transcript.mode == "free" else None
        agent: Agent[None, Any] = Agent(
            output_type=[Resolution, DeferredToolRequests],
            toolsets=[AgentTools(self._maker.toolbox, self._recorded, names).approval_required()],
            retries={"tools": decider.tool_retries, "output": decider.output_retries},
            instructions=decider.instructions,
            name=self._transcript.skill,
        )
        if decider.output_retries:  # a conclusion that does not hold is asked for again, not shown

            @agent.output_validator
            def grounded(output: Any) -> Any:
                try:
                    return self._checked(output) if isinstance(output, Resolution) else output
                except SkillError as error:
                    self._refusals.append(str(error))
                    raise ModelRetry(f"The conclusion was refused: {error}") from error

        return agent

    def _check_idle(self) -> None:
        if self._active is not None:
            raise AnalysisError(f"{self!r} is making a call; wait for it, or stop() the run")

    def _waiting(self, step: str | None) -> ToolCall:
        pending = self._pending
        if pending is None or not self.waits_for_approval:
            raise AnalysisError(f"run {self._transcript.run_id} waits for no approval; it is {self._transcript.state}")
        if step is not None and step not in (pending.step, pending.id):
            raise AnalysisError(f"run {self._transcript.run_id} waits for {pending.step!r}, not for {step!r}")
        return pending

    def _edited(self, pending: ToolCall, args: dict[str, Any] | None) -> ToolCall:
        """The call with the arguments it is to be made with."""
        if args is None and self._approved is not None and self._approved.id == pending.id:
            return self._approved
        if args is None or plain(args) == pending.args:
            return pending
        self._toolbox.check(pending.tool, args)
        return pending.model_copy(update={"args": plain(args), "edited": True})

    async def _drive(self, work: Coroutine[Any, Any, None]) -> None:
        """Let the run go on to its next call, its conclusion, or a failure, as its only runner."""
        try:
            with one_runner(self._log.locks, self._transcript.run_id):
                self._check_position()
                await self._driven(work)
                if self._transcript.state in OVER:
                    forget_lock(self._log.locks, self._transcript.run_id)
        finally:
            work.close()

    async def _driven(self, work: Coroutine[Any, Any, None]) -> None:
        self._change(state="running", error=None)
        task = asyncio.create_task(work)
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
                self._pending = self._unanswered()
                self._change(state="paused")
            self._notify()

    def _check_position(self) -> None:
        """Refuse to go on from where another runner has gone on already."""
        calls, state = self._log.position(self._transcript.run_id)
        if calls != len(self._transcript.calls) or state in OVER:
            raise StoreError(
                f"run {self._transcript.run_id} was carried on elsewhere: another process runs it or did; "
                "resume it again"
            )

    async def _make(self, call: ToolCall) -> None:
        call = call.model_copy(update={"started_at": self._clock()})
        repeated = self._repeats(call)
        made = (
            call.model_copy(update={"status": "failed", "error": repeated})
            if repeated
            else await self._maker.make(call)
        )
        await self._go_on_after(made)

    async def _leave_out(self, call: ToolCall, reason: str, by: str) -> None:
        self._maker.deny(call, by, reason)
        denied = call.model_copy(update={"status": "denied", "error": reason, "started_at": self._clock()})
        await self._go_on_after(denied)

    async def _go_on_after(self, call: ToolCall) -> None:
        self._log.add_call(self._transcript.run_id, len(self._transcript.calls), call)
        self._change(calls=(*self._transcript.calls, call))
        self._approved = None
        self._pending = self._unanswered()
        if self._pending is None:
            await self._ask()
        else:  # a model may ask for several calls at once
            self._change(state="paused")
            self._log.save(self._transcript)

    async def _ask(self) -> None:
        """Ask for the next call or the conclusion, and record where the run stands then."""
        if self._agent is None or self._decider is None:
            return
        prompt = None if self._messages else f"Run the skill {self._transcript.skill} with {self._transcript.inputs}."
        messages = None
        self._refusals.clear()
        try:
            self._decider.check(self._transcript.calls)
            ended = await self._agent.run(
                prompt, model=self._decider.model, message_history=self._messages, deferred_tool_results=self._answers()
            )
        except StoreError:
            raise
        except (ModelFailed, LimitReached) as error:
            self._change(state="paused", error=str(error))
        except (EffnbError, AgentRunError) as error:
            given_up = isinstance(error, UnexpectedModelBehavior) and self._decider.give_up(self._refusals, error)
            self._conclude(given_up) if given_up else self._end("failed", str(error))
        else:
            self._messages = ended.all_messages()
            self._take(ended.output)
            messages = ModelMessagesTypeAdapter.dump_json(self._messages)
        self._change(**self._decider.spent)
        if self._transcript.state != "stopped":
            self._log.save(self._transcript, messages)

    def _take(self, output: Any) -> None:
        if not isinstance(output, Resolution):
            self._pending = self._unanswered()
            self._change(state="paused")
            return
        try:
            self._conclude(self._checked(output))
        except SkillError as error:
            self._end("failed", f"the conclusion of {self._transcript.skill} does not hold: {error}")

    def _conclude(self, resolution: Resolution) -> None:
        declared = self._decider.declared(self._transcript.calls) if self._decider is not None else ()
        self._change(resolution=resolution, declared=declared)
        self._end("finished", None)

    def _checked(self, resolution: Resolution) -> Resolution:
        return check_evidence(
            resolution,
            self._transcript.calls,
            load=self._blobs.load,
            source=lambda tool: self._toolbox.get(tool).source,
        )

    async def _recorded(self, call_id: str, tool: str, _: dict[str, Any]) -> Any:
        """What the log has for a call; the agent makes none itself."""
        call = next((one for one in self._transcript.calls if one.id == call_id), None)
        if call is None or call.status != "success":
            raise ToolFailed((call.error if call else None) or f"{tool} was not called")
        return call.result

    def _answers(self) -> DeferredToolResults | None:
        """The answers to the calls in the last message; null before the first."""
        parts = self._last_calls()
        if not parts:
            return None
        made = {call.id: call for call in self._transcript.calls}
        return DeferredToolResults(approvals={part.tool_call_id: _answer(made[part.tool_call_id]) for part in parts})

    def _last_calls(self) -> list[ToolCallPart]:
        """Calls in the last response that wait for the run; those the agent refused itself have their answer there."""
        response, after = self._last_response()
        answered = {getattr(part, "tool_call_id", None) for message in after for part in message.parts}
        parts = response.parts if response is not None else []
        return [part for part in parts if isinstance(part, ToolCallPart) and part.tool_call_id not in answered]

    def _last_response(self) -> tuple[ModelResponse | None, list[ModelMessage]]:
        """The last response, and the messages after it."""
        for at in range(len(self._messages) - 1, -1, -1):
            message = self._messages[at]
            if isinstance(message, ModelResponse):
                return message, self._messages[at + 1 :]
        return None, []

    def _unanswered(self) -> ToolCall | None:
        """The first call in the last message that was not made yet."""
        if self._transcript.state in OVER:
            return None
        made = {call.id for call in self._transcript.calls}
        part = next((one for one in self._last_calls() if one.tool_call_id not in made), None)
        if part is None:
            return None
        response, _ = self._last_response()
        texts = (one.content for one in response.parts if isinstance(one, TextPart | ThinkingPart)) if response else ()
        return self._asked(part.tool_call_id, part.tool_name, part.args_as_dict(), " ".join(texts).strip())

    def _asked(self, call_id: str, tool: str, args: dict[str, Any], said: str) -> ToolCall:
        free = self._transcript.mode == "free"
        call = ToolCall(
            id=call_id,
            step=call_id.removeprefix(f"{self._transcript.skill}.").partition("~")[0],
            tool=tool,
            args=args,
            why="" if free else said,
            reasoning=said[:LONGEST_REASONING] if free else "",
            tier=self._toolbox.tier(tool),
            status="pending",
            started_at=self._clock(),
        )
        return call.model_copy(update={"error": self._maker.warning(call)})

    def _repeats(self, call: ToolCall) -> str | None:
        """Why a model's call is not made: it has the answer already; null when it has not."""
        if self._transcript.mode != "free" or call.edited:
            return None
        same = next((one for one in self._transcript.calls if (one.tool, one.args) == (call.tool, call.args)), None)
        return f"this call was made already as step {same.step}; use its answer, or conclude" if same else None

    def _full(self, call: ToolCall) -> Any:
        return self._blobs.load(call.result) if call.status == "success" else None

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


def _answer(call: ToolCall) -> bool | DeferredToolApprovalResult:
    if call.status == "denied":
        return ToolDenied(call.error or "denied")
    return ToolApproved(override_args=call.args) if call.edited else True
