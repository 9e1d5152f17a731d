"""The panel a person drives an investigation with; in a report the same investigation, run to its end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from IPython.display import display
from ipywidgets import HTML, Output, Text, VBox, Widget

from effnb.charts import esc
from effnb.domain import Window
from effnb.errors import ConfigError, EffnbError, NotFound
from effnb.widgets._conclusion import render_resolution
from effnb.widgets._controls import Controls, build_controls
from effnb.widgets._inputs import as_window, parse_arguments, parse_window, typed
from effnb.widgets._mode import mode
from effnb.widgets._protocols import DrivenRun, Investigator
from effnb.widgets._show import conclusion_outputs, describe_next, fetch_result, show_run_blocking, step_outputs

Inputs = tuple[str, Window | None, Window | None]


class InvestigationPanel:
    """Choose a regression, adjust its windows, and go through the investigation step by step.

    The parameters are those of the notebook; the panel writes what a person chooses back into ``params``. An empty
    ``regression`` means the first; empty windows mean the detector's own, else give ``start/end`` or a ``Window``.
    """

    def __init__(
        self,
        session: Investigator,
        *,
        regression: str | None = None,
        baseline: Window | str | None = None,
        analysis: Window | str | None = None,
    ) -> None:
        self._session = session
        self._listing = session.regressions()
        self._found = {found.id: found for found in self._listing}
        self.params: dict[str, Any] = {
            "regression": self._chosen(regression),
            "baseline": as_window(baseline, name="baseline window"),
            "analysis": as_window(analysis, name="analysis window"),
        }
        self.run: DrivenRun | None = None
        self.controls: Controls | None = None
        self._inputs: Inputs | None = None
        self._offered: str | None = None
        self._shown = 0
        self._results: list[object] = []
        self._task: asyncio.Task[None] | None = None

    def show(self) -> None:
        """Display the panel; in a report, display the whole investigation instead and create no widget."""
        if not self._found:
            display(
                {"text/html": f"<p>No regressions to investigate. Searched: {esc(self._listing.searched)}</p>"},
                raw=True,
            )
        elif mode() == "report":
            self.run = self._session.investigate(
                self.params["regression"], baseline=self.params["baseline"], analysis=self.params["analysis"]
            )
            show_run_blocking(self.run)
        else:
            display(self.open())

    def open(self) -> VBox:
        """The panel as a widget, its buttons connected to the running event loop."""
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            raise ConfigError(
                "the panel needs a notebook kernel; elsewhere set EFFNB_MODE=report or run the steps"
            ) from None
        controls = self.controls = build_controls(list(self._found.values()), self.params["regression"])
        self._show_windows(self.params["baseline"], self.params["analysis"])
        controls.next.on_click(lambda _: self._begin(self.next_step))
        controls.run_all.on_click(lambda _: self._begin(self.run_all))
        controls.skip.on_click(lambda _: self._begin(self.skip_step))
        controls.edit.on_click(lambda _: self._begin(self.toggle_editor))
        controls.approve.on_click(lambda _: self._begin(self.approve))
        controls.deny.on_click(lambda _: self._begin(self.deny))
        controls.keep_note.on_click(lambda _: self._begin(self.keep_note))
        controls.stop.on_click(lambda _: self.stop())
        controls.reset.on_click(lambda _: self._show_windows(None, None))
        controls.regression.observe(lambda _: self._show_windows(None, None), "value")
        self._refresh(busy=False)
        return controls.box

    async def next_step(self) -> None:
        """Make the pending call, with the edited arguments if the editor is open."""
        run = self._current()
        await run.next(self._edited(run))

    async def run_all(self) -> None:
        """Make all calls that are left; a run that is over is made again."""
        run = self._current(again=True)
        edited = self._edited(run)
        while await run.next(edited) is not None:
            edited = None
            self._refresh(busy=True)

    async def skip_step(self) -> None:
        """Leave the pending call out."""
        await self._current().skip("skipped by a person")

    async def approve(self) -> None:
        """Approve exactly the call that waits, with edited arguments if the editor is open, and make it."""
        run = self._current()
        run.approve(args=self._edited(run))
        await run.next()

    async def deny(self) -> None:
        """Leave out the call that waits; the note says why."""
        controls, run = self._panel(), self._current()
        await run.skip(controls.note.value.strip() or "denied by a person")
        controls.note.value = ""

    async def keep_note(self) -> None:
        """Keep the note in the transcript."""
        controls, run = self._panel(), self._current()
        if controls.note.value.strip():
            run.note(controls.note.value.strip())
            controls.note.value = ""

    async def toggle_editor(self) -> None:
        """Open the editor on the pending call's arguments, or close it."""
        controls, run = self._panel(), self._current()
        opened = controls.arguments.layout.display == "none" and run.pending is not None
        self._offered = None  # open on the call's own arguments, also after a failed edit
        controls.arguments.layout.display = None if opened else "none"

    def stop(self) -> None:
        """End the run; what was found so far stays."""
        if self.run is not None:
            self.run.stop()
            self._refresh(busy=self._task is not None)

    def _begin(self, action: Callable[[], Awaitable[None]]) -> None:
        # a click may arrive on another thread than the kernel's
        self._loop.call_soon_threadsafe(self._start, action)

    def _start(self, action: Callable[[], Awaitable[None]]) -> None:
        if self._task is None:
            self._task = self._loop.create_task(self._act(action))
            self._task.add_done_callback(self._ended)

    async def _act(self, action: Callable[[], Awaitable[None]]) -> None:
        controls = self._panel()
        controls.message.value = ""
        controls.enable(busy=True, over=False)
        try:
            await action()
        except EffnbError as error:
            self._refresh(busy=False)
            self._complain(str(error))
        else:
            self._refresh(busy=False)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._task = None
        failure = None if task.cancelled() else task.exception()
        if failure is not None:
            self._refresh(busy=False)
            self._complain(f"{type(failure).__name__}: {failure}")

    def _complain(self, text: str) -> None:
        controls = self._panel()
        controls.show_status(text, wrong=True)
        if controls.arguments.layout.display is None:
            controls.message.value = f'<span class="eff-message">{esc(text)}</span>'

    def _current(self, *, again: bool = False) -> DrivenRun:
        """The run for what is chosen now; a new one when the choice changed, or when the last is over."""
        wanted = self._wanted()
        if self.run is None or wanted != self._inputs or (again and _is_over(self.run)):
            self.stop()
            self._clear()
            self.run, self._inputs = (
                self._session.investigate(wanted[0], baseline=wanted[1], analysis=wanted[2]),
                wanted,
            )
            self.params.update(regression=wanted[0], baseline=wanted[1], analysis=wanted[2])
            self._refresh(busy=True)
        return self.run

    def _wanted(self) -> Inputs:
        controls = self._panel()
        found = self._found[controls.regression.value]
        baseline = self._typed(controls.baseline, found.baseline, "baseline window")
        return found.id, baseline, self._typed(controls.analysis, found.analysis, "analysis window")

    def _typed(self, boxes: tuple[Text, Text], default: Window, name: str) -> Window | None:
        start, end = (box.value.strip() for box in boxes)
        unchanged = (start, end) == (typed(default.start), typed(default.end))
        return None if unchanged else parse_window(start, end, name=name)

    def _edited(self, run: DrivenRun) -> dict[str, Any] | None:
        controls = self._panel()
        if run.pending is None or controls.arguments.layout.display == "none":
            return None
        arguments = parse_arguments(controls.arguments.value)
        return None if arguments == run.pending.args else arguments

    def _refresh(self, *, busy: bool) -> None:
        """Make every control say what is true now."""
        controls, run = self._panel(), self.run
        over = run is not None and _is_over(run)
        waits = run is not None and not busy and run.waits_for_approval
        controls.enable(busy=busy and not over, over=over, waits=waits, started=run is not None)
        if run is None:
            controls.show_status(f"{len(self._found)} regressions. Press “Next step” or “Run all”.")
            controls.conclusion.value = render_resolution(None)
            return
        self._append_steps(run)
        pending = run.pending
        text = f"{run.transcript.model} · {run.transcript.state} · {len(run.transcript.calls)} steps"
        text += f" · {run.transcript.error}" if run.transcript.error and not over else ""
        controls.show_status(f"{text} · {describe_next(run)}" if pending else text)
        offered = pending.id if pending else None
        if self._offered != offered:  # else what a person typed would be lost
            self._offered = offered
            controls.arguments.value = json.dumps(pending.args, indent=2) if pending else ""
        controls.arguments.layout.display = controls.arguments.layout.display if pending else "none"
        self._conclude(run, over=over)

    def _append_steps(self, run: DrivenRun) -> None:
        controls = self._panel()
        for call in run.transcript.calls[self._shown :]:
            result = fetch_result(run, call)
            views = _views(step_outputs(call, result, self._results))
            controls.steps.children = (*controls.steps.children, VBox(views))
            self._results.append(result)
        self._shown = len(run.transcript.calls)

    def _conclude(self, run: DrivenRun, *, over: bool) -> None:
        controls, transcript = self._panel(), run.transcript
        if not over:
            controls.conclusion.value = render_resolution(None)
        elif not controls.summary.children:
            outputs = conclusion_outputs(transcript, self._results)
            controls.conclusion.value = outputs[0]["text/html"]
            controls.summary.children = tuple(_views(outputs[1:]))

    def _clear(self) -> None:
        controls = self._panel()
        self._offered, self._shown, self._results = None, 0, []
        controls.steps.children, controls.summary.children = (), ()
        controls.arguments.layout.display = "none"

    def _show_windows(self, baseline: Window | None, analysis: Window | None) -> None:
        controls = self._panel()
        found = self._found[controls.regression.value]
        controls.show_windows(baseline or found.baseline, analysis or found.analysis)

    def _chosen(self, regression: str | None) -> str | None:
        if not regression:
            return next(iter(self._found), None)
        if regression not in self._found:
            known = ", ".join(list(self._found)[:5]) or "none"
            raise NotFound(f"no regression {regression!r} to investigate; known: {known}")
        return regression

    def _panel(self) -> Controls:
        if self.controls is None:
            raise ConfigError("the panel is not open; call show() in a notebook cell first")
        return self.controls


def _is_over(run: DrivenRun) -> bool:
    return run.pending is None and run.transcript.state != "paused"


def _views(outputs: list[dict[str, Any]]) -> list[Widget]:
    """Widgets for MIME bundles; set as a trait, since what a task prints or displays is lost."""
    views: list[Widget] = []
    for data in outputs:
        if "text/html" in data:
            views.append(HTML(data["text/html"]))
        else:
            views.append(Output(outputs=({"output_type": "display_data", "data": data, "metadata": {}},)))
    return views
