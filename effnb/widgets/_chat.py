"""A chat box over ``s.ask``: what was asked and answered stays above it, the newest chart below.

Plain ipywidgets: the log is one HTML value in a live region, every word of it escaped. Clicks wait while a cell runs.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from IPython.display import display
from ipywidgets import HTML, HBox, Layout, Output, Text, VBox

from effnb.charts import chart_bundle, esc
from effnb.domain import Answer
from effnb.errors import EffnbError
from effnb.widgets._answer import answer_chart, answer_outputs, render_answer
from effnb.widgets._controls import WIDE, labelled_button
from effnb.widgets._mode import mode
from effnb.widgets._style import styled


class Answerer(Protocol):
    """A session as the box uses it."""

    async def ask_async(self, question: str) -> Answer:
        """The answer to a question."""

    def ask(self, question: str) -> Answer:
        """The same where nothing can be awaited."""


class ChatBox:
    """A conversation in a notebook.

    Args:
        session: Answers.
        question: What a report asks, and what the field begins with.
    """

    def __init__(self, session: Answerer, question: str = "") -> None:
        self._session = session
        self.answers: list[Answer] = []
        self.log = HTML()
        self.field = Text(value=question, description="ask", placeholder="a question about cost, changes, owners, load")
        self.field.style, self.field.layout = WIDE, Layout(width="min(780px, 100%)")
        self.send = labelled_button("Ask", "eff-ask", "Ask this question", "primary")
        self.chart = Output()
        self._task: asyncio.Task[None] | None = None

    def show(self) -> None:
        """Display the box; in a report, the answer to its question instead."""
        if mode() == "live":
            display(self.open())
        elif self.field.value.strip():
            self.answers.append(self._session.ask(self.field.value))
            for output in answer_outputs(self.answers[-1]):
                display(output, raw=True)

    def open(self) -> VBox:
        """The box as a widget, its button connected to the running event loop."""
        loop = asyncio.get_running_loop()
        self.send.on_click(lambda _: loop.call_soon_threadsafe(self._start))
        self.field.on_msg(  # the key Enter; the method made for it is deprecated
            lambda _, message, __: loop.call_soon_threadsafe(self._start) if message.get("event") == "submit" else None
        )
        self._tell()
        box = VBox([self.log, HBox([self.field, self.send]), self.chart])
        box.add_class("eff-chat")
        return box

    def _start(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self.ask())

    async def ask(self) -> None:
        """Ask what stands in the field; the answer joins the log."""
        question = self.field.value.strip()
        if not question:
            return
        self.send.disabled = True
        self._tell(question)
        try:
            answer = await self._session.ask_async(question)
        except EffnbError as error:
            self._tell(failure=str(error))
        else:
            self.answers.append(answer)
            self.field.value = ""
            self._tell()
            drawn = answer_chart(answer)
            bundles = [] if drawn is None else [chart_bundle(drawn, picture=True)]
            self.chart.outputs = tuple(
                {"output_type": "display_data", "data": bundle, "metadata": {}} for bundle in bundles
            )
        finally:
            self.send.disabled = False

    def _tell(self, waiting: str = "", failure: str = "") -> None:
        told = "".join(render_answer(one) for one in self.answers)
        told += f'<p class="eff-asked">{esc(waiting)} …</p>' if waiting else ""
        told += f'<p class="eff-error-line">{esc(failure)}</p>' if failure else ""
        self.log.value = styled(
            f'<div class="eff-chat-log" role="log" aria-live="polite" aria-label="Conversation">{told}</div>'
        )
