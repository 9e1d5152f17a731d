"""A fix with its buttons: open the file, apply, undo, pull request; in a report the same view without them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from IPython.display import display
from ipywidgets import HTML, Button, HBox, VBox

from effnb.charts import esc
from effnb.domain import FixRecord
from effnb.errors import EffnbError
from effnb.widgets._controls import labelled_button
from effnb.widgets._fix_view import render_fix
from effnb.widgets._mode import mode
from effnb.widgets._style import styled


class Deliverer(Protocol):
    """A session as the card uses it. A click is a person's approval of exactly the call it makes."""

    def fix_record(self, fix: str) -> FixRecord:
        """The fix and all that is known of it."""

    def fix_folder(self, fix: str) -> Path:
        """Folder whose files it changes."""

    def apply_fix(self, fix: str) -> FixRecord:
        """Write it into the files."""

    def undo_fix(self, fix: str) -> FixRecord:
        """Take it out of the files again."""

    def open_pull_request(self, fix: str) -> FixRecord:
        """Offer it for review."""


class FixCard:
    """One fix: purpose, both texts, gate, and what a person may do with it."""

    def __init__(self, session: Deliverer, fix: str) -> None:
        self._session = session
        self._id = fix
        self.record = session.fix_record(fix)
        self.view = HTML()
        self.status = HTML()
        self.apply = labelled_button("Apply", "eff-fix-apply", "Write the fix into the files", "primary")
        self.undo = labelled_button("Undo", "eff-fix-undo", "Take the fix out of the files again")
        self.pull = labelled_button("Pull request", "eff-fix-pull", "Push a branch and open a pull request")

    def show(self) -> None:
        """Display the card; in a report, the view alone."""
        if mode() == "report":
            display({"text/html": styled(self._html()), "text/plain": f"fix {self._id}"}, raw=True)
        else:
            display(self.open())

    def open(self) -> VBox:
        """The card as a widget."""
        self.apply.on_click(self._doing("applied", self._session.apply_fix))
        self.undo.on_click(self._doing("taken out again", self._session.undo_fix))
        self.pull.on_click(self._doing("offered for review", self._session.open_pull_request))
        self._refresh()
        opener = HTML(self._opener())
        box = VBox([self.view, HBox([opener, self.apply, self.undo, self.pull]), self.status])
        box.add_class("eff-fix-card")
        return box

    def _doing(self, done: str, act: Callable[[str], FixRecord]) -> Callable[[Any], None]:
        def clicked(_: Any) -> None:
            for button in self._buttons:
                button.disabled = True
            try:
                self.record = act(self._id)
            except EffnbError as error:
                self._refresh()
                self._say(str(error), wrong=True)
            else:
                self._refresh()
                self._say(f"{self._id} {done}")

        return clicked

    @property
    def _buttons(self) -> tuple[Button, ...]:
        return (self.apply, self.undo, self.pull)

    def _refresh(self) -> None:
        self.view.value = styled(self._html())
        applied = self.record.delivery is not None and self.record.delivery.state == "applied"
        proved = self.record.verification is not None and self.record.verification.verdict == "verified"
        self.apply.disabled = applied or not proved
        self.undo.disabled = not applied
        self.pull.disabled = not proved

    def _html(self) -> str:
        one = self.record
        return render_fix(one.fix, one.verification, one.delivery, one.pull, one.examples)

    def _say(self, text: str, *, wrong: bool = False) -> None:
        kind = ' class="eff-message"' if wrong else ""
        self.status.value = f'<div class="eff-run-head" role="status"><span{kind}>{esc(text)}</span></div>'

    def _opener(self) -> str:
        """JupyterLab's own command link where the file lies below its root; else the path to open by hand."""
        path = self._session.fix_folder(self._id) / first_path(self.record.fix.diff)
        inside = below_lab_root(path)
        if inside is None:
            return f"<code>{esc(path.name)}</code>"
        arguments = json.dumps({"path": inside})
        return (
            '<button class="eff-fix-open" data-commandlinker-command="docmanager:open" '
            f'data-commandlinker-args="{esc(arguments)}" title="{esc(inside)}">Open</button>'
        )


def first_path(diff: str) -> str:
    """First file that a unified diff writes; empty when it writes none."""
    named = (line[4:].split("\t")[0].removeprefix("b/") for line in diff.splitlines() if line.startswith("+++ "))
    return next((path for path in named if path != "/dev/null"), "")


def below_lab_root(path: Path) -> str | None:
    """The path as the running Jupyter server sees it; null when it lies outside every server's root."""
    from jupyter_server.serverapp import list_running_servers

    roots = {Path(os.path.realpath(server["root_dir"])) for server in list_running_servers()}
    where = path.resolve()
    holding = [root for root in roots if where.is_relative_to(root)]
    return where.relative_to(max(holding, key=lambda root: len(root.parts))).as_posix() if holding else None
