"""An investigation in a notebook cell: every step appears as it ends, the conclusion last.

The same displays are made with a person watching and in a report, so that the two never differ.
"""

from __future__ import annotations

from typing import Any

from IPython.display import HTML, DisplayHandle, display

from effnb.charts import AnyChart, chart_bundle, esc
from effnb.domain import ToolCall, Transcript
from effnb.widgets._conclusion import render_remarks, render_resolution, render_run_head
from effnb.widgets._mode import mode
from effnb.widgets._protocols import DrivenRun
from effnb.widgets._step import conclusion_chart, render_step, step_chart
from effnb.widgets._style import styled

Output = dict[str, Any]


async def show_run(run: DrivenRun) -> None:
    """Run to the end and display each step as it ends; ``run.transcript`` holds what happened.

    In a notebook: ``await show_run(s.investigate(regression))``.
    """
    view = CellView(run)
    while await run.next() is not None:
        view.show_new_steps()
    view.show_conclusion()


def show_run_blocking(run: DrivenRun) -> None:
    """``show_run`` where nothing can be awaited."""
    view = CellView(run)
    while run.next_blocking() is not None:
        view.show_new_steps()
    view.show_conclusion()


class CellView:
    """The outputs of one run in the cell that is being executed."""

    def __init__(self, run: DrivenRun) -> None:
        self._run = run
        self._shown = 0
        self._results: list[object] = []
        self._head: DisplayHandle | None = display(HTML(self._heading()), display_id=True)
        self.show_new_steps()

    def show_new_steps(self) -> None:
        """Display the steps that ended since the last time."""
        calls = self._run.transcript.calls
        for call in calls[self._shown :]:
            result = fetch_result(self._run, call)
            for output in step_outputs(call, result, self._results):
                display(output, raw=True)
            self._results.append(result)
        self._shown = len(calls)
        if self._head is not None:
            self._head.update(HTML(self._heading()))

    def show_conclusion(self) -> None:
        """Display how the run ended, with the chart that sums it up."""
        self.show_new_steps()
        waiting = render_waiting(self._run)
        outputs = [_html(waiting)] if waiting else conclusion_outputs(self._run.transcript, self._results)
        for output in outputs:
            display(output, raw=True)

    def _heading(self) -> str:
        return styled(render_run_head(self._run.transcript, describe_next(self._run)))


def step_outputs(call: ToolCall, result: object, earlier: list[object]) -> list[Output]:
    """MIME bundles of a step: its text and, where there is one, its chart."""
    return [_html(render_step(call, result)), *_charts(step_chart(call, result, earlier))]


def conclusion_outputs(transcript: Transcript, results: list[object]) -> list[Output]:
    """MIME bundles of the end of a run: the conclusion, and the history with all that was found about it."""
    text = render_resolution(transcript.resolution, failure=transcript.error or "", state=transcript.state)
    text += render_remarks(transcript)
    return [_html(text), *_charts(conclusion_chart(results) if transcript.resolution is not None else None)]


def fetch_result(run: DrivenRun, call: ToolCall) -> object:
    """The typed result of a call; null when it has none."""
    return run.result(call.id) if call.status == "success" else None


def describe_next(run: DrivenRun) -> str:
    """What comes next, in a few words; empty when the run is over."""
    if run.pending is None:
        return ""
    return f"waits for approval of {run.pending.tool}" if run.waits_for_approval else f"next: {run.pending.tool}"


def render_waiting(run: DrivenRun) -> str:
    """The call that a person has to approve, with what the next cell says; empty when none waits."""
    pending = run.pending
    if pending is None or not run.waits_for_approval:
        return ""
    return (
        '<div class="eff-conclusion-box eff-open"><span class="eff-badge">waits for approval</span>'
        f"{render_step(pending)}"
        f"<p>Next cell: <code>run.approve({esc(repr(pending.step))}, by=&quot;…&quot;)</code> and "
        "<code>await run.finish()</code>, or <code>run.deny(&quot;why not&quot;)</code>. "
        f"On the command line: <code>effnb approve {esc(run.transcript.run_id)}</code>.</p></div>"
    )


def _charts(chart: AnyChart | None) -> list[Output]:
    return [] if chart is None else [chart_bundle(chart, picture=mode() == "live")]


def _html(fragment: str) -> Output:
    return {"text/html": styled(fragment), "text/plain": "a step of the investigation; its view is HTML"}
