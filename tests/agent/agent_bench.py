"""A small workspace to run skills in: tools that answer, fail, hang and say much, and skills written on the spot."""

from __future__ import annotations

import textwrap
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from effnb.agent import start_run
from effnb.domain import Actor, Noun
from effnb.errors import NotEnoughData
from effnb.settings import Settings
from effnb.skills import load_skill
from effnb.store import Approvals, AuditLog
from effnb.store._state import State
from effnb.tools import Toolbox, current_call, tool

if TYPE_CHECKING:
    from effnb.workspace import Workspace


class Answer(Noun):
    """A number and much or little beside it."""

    value: float
    """The number."""
    ballast: str = ""
    """Anything."""


@tool(source="numbers")
def double(workspace: Workspace, value: float) -> Answer:
    """Twice the number."""
    if isinstance(workspace, list):
        workspace.append(value)
    return Answer(value=2 * value)


@tool()
def fails(workspace: Workspace, value: float) -> Answer:
    """Fail on purpose."""
    raise NotEnoughData("3 points, 10 are needed")


@tool(timeout=0.1)
def hangs(workspace: Workspace, value: float) -> Answer:
    """Hang for longer than any test waits."""
    threading.Event().wait(20)
    return Answer(value=value)


@tool()
def waits(workspace: Workspace, value: float) -> Answer:
    """Hang within the time limit."""
    threading.Event().wait(20)
    return Answer(value=value)


@tool()
def large(workspace: Workspace, size: int) -> Answer:
    """Much text."""
    return Answer(value=1, ballast="x" * size)


@tool(tier="write")
def deploys(workspace: Workspace, value: float) -> Answer:
    """Touch the world."""
    if isinstance(workspace, list):
        workspace.append(("deployed", value, current_call()))
    return Answer(value=value)


TOOLS = [double, fails, hangs, waits, large, deploys]
HEADER = '''
from __future__ import annotations
from collections.abc import Generator
from typing import Any
from effnb.domain import Evidence, Finding, Noun, Resolution
from effnb.skills import Call, StepFailed, cite, step


class Answer(Noun):
    """The same shape as the tools' own."""

    value: float
    """Number."""
    ballast: str = ""
    """Anything."""


class Inputs(Noun):
    """What it takes."""

    value: float
    """Number."""


def playbook(inputs: Inputs) -> Generator[Call, Any, Resolution]:
'''
TWO_STEPS = """
first = yield from step("first", "Twice?").call("double", Answer, value=inputs.value)
second = yield from step("second", "Four times?").call("double", Answer, value=first.value)
evidence = (cite("first", first, "value"), cite("second", second, "value"))
claim = Finding(claim=f"It is {second.value}.", evidence=evidence)
return Resolution(status="explained", summary="Done.", findings=(claim,))
"""
FRONT = "---\nname: {name}\ndescription: Used when testing.\n---\n\nCalls double, fails, hangs, waits, large.\n"


def write_skill(folder: Path, body: str, name: str = "probe"):
    path = folder / "skills" / name
    path.mkdir(parents=True, exist_ok=True)
    (path / "SKILL.md").write_text(FRONT.format(name=name))
    (path / "playbook.py").write_text(HEADER + textwrap.indent(textwrap.dedent(body), "    "))
    return load_skill(path)


class Made(list):
    """The values that ``double`` was called with; to the gate, a workspace without services and sources."""

    source_folders = ()
    known_services = frozenset()

    def __init__(self, state: State, settings: Settings, root: Path) -> None:
        super().__init__()
        self.settings, self.root = settings, root
        self.audit, self.approvals = AuditLog(state), Approvals(state)

    def services_of(self, key: str) -> frozenset[str]:
        return frozenset()


class Bench:
    """A state file, a blobs folder and a toolbox."""

    def __init__(self, folder: Path, **settings) -> None:
        self.folder = folder
        self.state = State(folder / "state.db")
        self.blobs = folder / "blobs"
        self.made = Made(self.state, Settings.model_validate(settings), folder)
        self.toolbox = Toolbox(self.made, TOOLS, Actor(kind="user", name="ada", surface="cli"))

    def start(self, body: str, **kwargs):
        skill = write_skill(self.folder, body)
        inputs = kwargs.pop("inputs", {"value": 1})
        return start_run(skill=skill, toolbox=self.toolbox, inputs=inputs, state=self.state, blobs=self.blobs, **kwargs)
