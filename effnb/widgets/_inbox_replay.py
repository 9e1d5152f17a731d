"""Detection replayed with other settings: one click shows what would change, a second one files it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from ipywidgets import HTML, HBox, Layout, Text, VBox
from pydantic import JsonValue

from effnb.charts import chart_funnel, esc
from effnb.errors import ConfigError, EffnbError
from effnb.settings import DetectSettings
from effnb.tools import Toolbox
from effnb.tools.replay_detection import Replay, read_settings, with_detect_settings
from effnb.widgets._inbox_tables import boxed, filed_note, replay_table
from effnb.widgets._inbox_views import ROW, button, chart_view, html, text_box
from effnb.widgets._style import STYLE

if TYPE_CHECKING:
    from effnb.session import Session

TO_FILE = (
    '<p class="eff-more">To file these: <code>effnb detect --set NAME=VALUE</code>, '
    "or a second click in JupyterLab.</p>"
)
GRID = Layout(grid_template_columns="repeat(auto-fill, minmax(235px, 1fr))", grid_gap="2px 14px", max_width="1060px")


class ReplayView:
    """A form of all detection settings; ``replayed`` holds what the last replay showed."""

    def __init__(self, session: Session, settings: Mapping[str, JsonValue], *, on_filed: Callable[[], None]) -> None:
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            raise ConfigError("the replay needs a notebook kernel; elsewhere set EFFNB_MODE=report") from None
        self._session, self._on_filed = session, on_filed
        self._task: asyncio.Task[None] | None = None
        self._changes: dict[str, JsonValue] = {}
        self.replayed: Replay | None = None
        self.boxes = _boxes(session.workspace.settings.detect)
        self._initial = {name: box.value for name, box in self.boxes.items()}
        self.run = button("Replay", "eff-replay", "Show what these settings would file; files nothing", "primary")
        self.file = button("File these", "eff-file", "File what the replay showed, for this run only", "warning")
        self.reset = button("Reset", "eff-reset-settings", "Back to the settings of effnb.toml")
        self.status, self.result, self.chart = html("eff-replay-status"), html("eff-replay-result"), VBox()
        self.fill(settings)
        for box in self.boxes.values():
            box.observe(lambda _: self._edited(), "value")
        self.run.on_click(lambda _: self._begin(self.replay))
        self.file.on_click(lambda _: self._begin(self.file_these))
        self.reset.on_click(lambda _: self.fill({}))
        self._edited()
        self.box = self._panel()

    def fill(self, settings: Mapping[str, JsonValue]) -> None:
        """Show these settings, and the workspace's own for the rest; runs nothing."""
        unknown = [name for name in settings if name not in self.boxes]
        for name, box in self.boxes.items():
            box.value = _text(settings[name]) if name in settings else self._initial[name]
        if unknown:
            self._say(f"no setting {unknown[0]!r} of detection; there are: {', '.join(self.boxes)}", wrong=True)

    def try_setting(self, would_keep: str) -> None:
        """Take over the setting that would have kept a dropped change point."""
        name, value = next(iter(read_settings([would_keep]).items()))
        if name in self.boxes:
            self.boxes[name].value = _text(value)
            self._say(f"{name} = {_text(value)} is set below. Press “Replay” to see what else it would file.")

    def changes(self) -> dict[str, JsonValue]:
        """The settings that differ from the workspace's."""
        changed = {name: box.value.strip() for name, box in self.boxes.items() if box.value != self._initial[name]}
        return read_settings(f"{name}={value}" for name, value in changed.items() if value)

    async def replay(self) -> None:
        """Show what the settings in the form would keep, gain and lose; nothing is filed."""
        changes = self.changes()
        self._say("Replaying …")
        replay = await asyncio.to_thread(self._session.tools.replay_detection, settings=changes)
        self.replayed, self._changes = replay, changes
        self.result.value = boxed(replay_table(replay))
        self.chart.children = (chart_view(chart_funnel(replay.funnel)),)
        self._say("Replayed; what is filed is unchanged.")

    async def file_these(self) -> None:
        """File what the last replay showed, with its settings; ``effnb.toml`` stays as it is."""
        if self.replayed is None:
            return
        self._say("Filing …")
        once = with_detect_settings(self._session.workspace, self._changes)
        summary = await asyncio.to_thread(Toolbox(once).call, "run_detection")
        told = ", ".join(f"{name} = {_text(value)}" for name, value in self._changes.items())
        self.result.value = boxed(filed_note(summary, told or "the settings of effnb.toml"))
        self.replayed = None
        self._say("Filed.")
        self._on_filed()

    def _panel(self) -> VBox:
        form = VBox(list(self.boxes.values()), layout=GRID)
        form.layout.display = "grid"
        buttons = HBox([self.run, self.file, self.reset], layout=ROW)
        style = HTML(f"<style>{STYLE}</style>")
        panel = VBox([style, form, buttons, self.status, self.result, self.chart])
        panel.add_class("eff-replay-panel")
        return panel

    def _edited(self) -> None:
        """What was replayed may no longer be what the form says; then it cannot be filed."""
        for name, box in self.boxes.items():
            (box.add_class if box.value != self._initial[name] else box.remove_class)("eff-changed")
        if self.replayed is not None:
            self.replayed = None
            self._say("The settings changed since the replay; replay again before filing.")
        self._enable(busy=self._task is not None)

    def _begin(self, action: Callable[[], Awaitable[None]]) -> None:
        # a click may arrive on another thread than the kernel's
        self._loop.call_soon_threadsafe(self._start, action)

    def _start(self, action: Callable[[], Awaitable[None]]) -> None:
        if self._task is None:
            self._task = self._loop.create_task(self._act(action))
            self._task.add_done_callback(self._ended)

    async def _act(self, action: Callable[[], Awaitable[None]]) -> None:
        self._enable(busy=True)
        try:
            await action()
        except EffnbError as error:
            self._say(str(error), wrong=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._task = None
        failure = None if task.cancelled() else task.exception()
        if failure is not None:
            self._say(f"{type(failure).__name__}: {failure}", wrong=True)
        self._enable(busy=False)

    def _enable(self, *, busy: bool) -> None:
        self.run.disabled = self.reset.disabled = busy
        for box in self.boxes.values():
            box.disabled = busy
        self.file.disabled = busy or self.replayed is None

    def _say(self, text: str, *, wrong: bool = False) -> None:
        kind = "eff-message" if wrong else "eff-more"
        self.status.value = boxed(f'<p class="{kind}" role="status">{esc(text)}</p>')


def replay_blocking(session: Session, settings: Mapping[str, JsonValue]) -> tuple[str, Replay]:
    """A replay for a report: its tables as HTML, and the replay itself."""
    replay: Replay = session.tools.replay_detection(settings=dict(settings))
    return boxed(replay_table(replay), TO_FILE), replay


def _boxes(settings: DetectSettings) -> dict[str, Text]:
    """One line for each setting that is a single value, with what it means as its tooltip."""
    boxes = {}
    for name, field in DetectSettings.model_fields.items():
        value = getattr(settings, name)
        if value is None or isinstance(value, str | int | float):
            box = text_box(name, f"eff-setting-{name.replace('_', '-')}", "", _text(value), width="auto")
            box.tooltip = field.description or name
            boxes[name] = box
    return boxes


def _text(value: JsonValue) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
