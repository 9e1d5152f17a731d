"""The controls of the investigation panel: plain ipywidgets with stable CSS classes, no behaviour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ipywidgets import HTML, Button, Dropdown, HBox, Layout, Text, Textarea, VBox

from effnb.charts import esc, points, short_name, when
from effnb.domain import Regression, Window
from effnb.widgets._inputs import typed
from effnb.widgets._style import STYLE

WIDE = {"description_width": "110px"}


def labelled_button(text: str, name: str, tip: str, style: str = "") -> Button:
    """A button with a stable CSS class and a tip."""
    button = Button(description=text, tooltip=tip, button_style=style, layout=Layout(width="auto"))
    button.add_class(name)
    return button


def _time(label: str, name: str) -> Text:
    box = Text(description=label, style=WIDE, layout=Layout(width="300px"), continuous_update=False)
    box.add_class(name)
    return box


def _note() -> Text:
    box = Text(placeholder="a note for the transcript", layout=Layout(width="min(560px, 100%)"))
    box.add_class("eff-note-text")
    return box


def _html(name: str) -> HTML:
    view = HTML()
    view.add_class(name)
    return view


def _arguments() -> Textarea:
    area = Textarea(layout=Layout(width="min(780px, 100%)", height="130px", display="none"), continuous_update=False)
    area.add_class("eff-arguments")
    return area


@dataclass
class Controls:
    """Every control by name; ``box`` is the whole panel."""

    regression: Dropdown
    baseline: tuple[Text, Text] = field(
        default_factory=lambda: (_time("baseline from", "eff-baseline-from"), _time("to (UTC)", "eff-baseline-to"))
    )
    analysis: tuple[Text, Text] = field(
        default_factory=lambda: (_time("analysis from", "eff-analysis-from"), _time("to (UTC)", "eff-analysis-to"))
    )
    reset: Button = field(
        default_factory=lambda: labelled_button("Reset windows", "eff-reset", "Back to the windows the detector used")
    )
    next: Button = field(
        default_factory=lambda: labelled_button("Next step", "eff-next", "Make the next call", "primary")
    )
    run_all: Button = field(
        default_factory=lambda: labelled_button("Run all", "eff-run-all", "Make all calls that are left")
    )
    skip: Button = field(default_factory=lambda: labelled_button("Skip", "eff-skip", "Leave the next call out"))
    edit: Button = field(
        default_factory=lambda: labelled_button("Edit arguments", "eff-edit", "Change the arguments of the next call")
    )
    stop: Button = field(default_factory=lambda: labelled_button("Stop", "eff-stop", "End this run"))
    approve: Button = field(
        default_factory=lambda: labelled_button(
            "Approve", "eff-approve", "Approve exactly this call, and make it", "warning"
        )
    )
    deny: Button = field(
        default_factory=lambda: labelled_button("Deny", "eff-deny", "Leave this call out; the note says why")
    )
    note: Text = field(default_factory=_note)
    keep_note: Button = field(
        default_factory=lambda: labelled_button("Keep note", "eff-keep-note", "Keep the note in the transcript")
    )
    arguments: Textarea = field(default_factory=_arguments)
    message: HTML = field(default_factory=lambda: _html("eff-edit-message"))
    status: HTML = field(default_factory=lambda: _html("eff-status"))
    conclusion: HTML = field(default_factory=lambda: _html("eff-conclusion"))
    summary: VBox = field(default_factory=VBox)
    steps: VBox = field(default_factory=VBox)

    @property
    def box(self) -> VBox:
        """The panel, top to bottom."""
        windows = VBox([HBox(list(self.baseline)), HBox([*self.analysis, self.reset])])
        buttons = HBox([self.next, self.run_all, self.skip, self.edit, self.stop, self.approve, self.deny])
        notes = HBox([self.note, self.keep_note])
        editor = VBox([self.arguments, self.message])
        style = HTML(f"<style>{STYLE}</style>")
        parts = [
            style,
            self.regression,
            windows,
            buttons,
            editor,
            self.status,
            notes,
            self.conclusion,
            self.summary,
            self.steps,
        ]
        panel = VBox(parts)
        panel.add_class("eff-panel")
        return panel

    def show_windows(self, baseline: Window, analysis: Window) -> None:
        """Fill the four time boxes."""
        for boxes, window in ((self.baseline, baseline), (self.analysis, analysis)):
            boxes[0].value, boxes[1].value = typed(window.start), typed(window.end)

    def show_status(self, text: str, *, wrong: bool = False) -> None:
        """Say what is going on; screen readers are told too."""
        kind = ' class="eff-message"' if wrong else ""
        self.status.value = f'<div class="eff-run-head" role="status"><span{kind}>{esc(text)}</span></div>'

    def enable(self, *, busy: bool, over: bool, waits: bool = False, started: bool = False) -> None:
        """Which buttons make sense now; ``waits`` is for a call that has to be approved first."""
        for button in (self.next, self.skip):
            button.disabled = busy or over or waits
        self.edit.disabled = busy or over
        self.run_all.disabled = busy or waits
        for button in (self.approve, self.deny):
            button.disabled = busy
            button.layout.display = None if waits else "none"
        self.keep_note.disabled = busy or not started
        self.run_all.description = "Run again" if over else "Run all"
        self.stop.disabled = over
        self.regression.disabled = busy


def build_controls(regressions: Sequence[Regression], chosen: str | None) -> Controls:
    """Controls for these regressions, of which there is at least one."""
    options = [(_label(found), found.id) for found in regressions]
    dropdown = Dropdown(options=options, description="regression", style=WIDE, layout=Layout(width="min(780px, 100%)"))
    dropdown.value = chosen or options[0][1]
    dropdown.add_class("eff-regression")
    return Controls(regression=dropdown)


def _label(found: Regression) -> str:
    name = short_name(found.function)
    return f"{name} in {found.service}, {points(found.absolute_delta)} since {when(found.change_point.at)} · {found.id}"
