"""From a finding to a fix by mouse: choose what to resolve, have the fix made and proved, then deliver it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from IPython.display import display
from ipywidgets import HTML, Dropdown, HBox, Layout, VBox

from effnb.charts import esc
from effnb.domain import FixRecord
from effnb.errors import ConfigError, EffnbError
from effnb.widgets._controls import WIDE, labelled_button
from effnb.widgets._fix_card import Deliverer, FixCard
from effnb.widgets._mode import mode
from effnb.widgets._style import styled


class Resolver(Deliverer, Protocol):
    """A session as the panel uses it."""

    def resolve(self, subject: str) -> FixRecord:
        """Make a fix for an opportunity or a regression, and run the gate on it."""

    def fix_of(self, subject: str) -> FixRecord | None:
        """The newest fix that was made for it; null when there is none."""


class FixPanel:
    """Fixes for some subjects, one at a time.

    Args:
        session: Makes, proves and delivers.
        subjects: ``(label, id)`` of opportunities or regressions, in the order they are offered.
        chosen: Id to begin with; the first when empty.
        make: Whether a report makes and proves a fix when there is none yet; else it says how to make one.
    """

    def __init__(
        self, session: Resolver, subjects: Sequence[tuple[str, str]], chosen: str = "", *, make: bool = False
    ) -> None:
        ids = [one for _, one in subjects]
        if chosen and chosen not in ids:
            raise ConfigError(f"no subject {chosen!r} to resolve; there are: {', '.join(ids) or 'none'}")
        self._session = session
        self._subjects = list(subjects)
        self._make = make
        self.chosen = chosen or next(iter(ids), "")
        self.record: FixRecord | None = None
        self.card: FixCard | None = None
        self.subject = Dropdown(options=self._subjects, description="resolve", style=WIDE)
        self.subject.layout = Layout(width="min(780px, 100%)")
        self.make = labelled_button("Make and prove a fix", "eff-resolve", "Write the fix and run the gate", "primary")
        self.status = HTML()
        self.place = VBox()
        self._task: asyncio.Task[None] | None = None

    def show(self) -> None:
        """Display the panel; in a report, the fix of the chosen subject."""
        if not self.chosen:
            text = "Nothing to resolve: no opportunity or regression is filed. Run `effnb scan` or `effnb detect`."
            self._tell(text)
        elif mode() == "report":
            self._report()
        else:
            display(self.open())

    def open(self) -> VBox:
        """The panel as a widget, its button connected to the running event loop."""
        self._loop = asyncio.get_running_loop()
        self.subject.value = self.chosen
        self.subject.add_class("eff-subject")
        self.make.on_click(lambda _: self._loop.call_soon_threadsafe(self._start))
        box = VBox([self.subject, HBox([self.make]), self.status, self.place])
        box.add_class("eff-fix-panel")
        self.subject.observe(lambda _: self._show_known(), "value")
        self._show_known()
        return box

    async def resolve(self) -> None:
        """Make and prove a fix for what is chosen; the card appears when the gate has spoken."""
        self.chosen = self.subject.value
        self.place.children = ()
        self._say("writing the fix and proving it in the sandbox; this takes some seconds")
        try:
            self.record = await asyncio.to_thread(self._session.resolve, self.chosen)
        except EffnbError as error:
            self._say(str(error), wrong=True)
            return
        self._show_card(self.record)

    def _show_known(self) -> None:
        """The fix that was made for the subject before, if there is one."""
        self.chosen = self.subject.value
        self.record = self._session.fix_of(self.chosen)
        self.place.children, self.status.value = (), ""
        if self.record is not None:
            self._show_card(self.record)

    def _show_card(self, record: FixRecord) -> None:
        self.card = FixCard(self._session, record.fix.id)
        self.place.children = (self.card.open(),)
        verdict = record.verification.verdict.replace("_", " ") if record.verification else "not verified"
        self._say(f"{record.fix.id}: {verdict}")

    def _start(self) -> None:
        if self._task is None:
            self.make.disabled = True
            self._task = self._loop.create_task(self.resolve())
            self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._task = None
        self.make.disabled = False
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._say(f"{type(failure).__name__}: {failure}", wrong=True)

    def _report(self) -> None:
        try:
            self.record = self._session.fix_of(self.chosen)
            if self.record is None and self._make:
                self.record = self._session.resolve(self.chosen)
        except EffnbError as error:
            self._tell(str(error))
            return
        if self.record is None:
            self._tell(f"No fix was made yet: effnb resolve {self.chosen}")
        else:
            FixCard(self._session, self.record.fix.id).show()

    def _tell(self, text: str) -> None:
        display({"text/html": styled(f'<p class="eff-why">{esc(text)}</p>'), "text/plain": text}, raw=True)

    def _say(self, text: str, *, wrong: bool = False) -> None:
        kind = ' class="eff-message"' if wrong else ""
        self.status.value = f'<div class="eff-run-head" role="status"><span{kind}>{esc(text)}</span></div>'
