"""Whether any caller gets a call through that its rights do not cover: every tool, by every surface, under every rule.

    python benchmarks/permissions.py [--quick] [--json]

A cell is one tool, one surface and one set of rights. Every tool there is is asked for, and one of each tier that only
notes that it ran. What really ran is told by the tools themselves, whose functions are replaced by ones that note it;
for the MCP server, which is another process started as a client starts it, by the audit log it leaves. A leak is a
call that ran and may not; a wrong refusal is one that may run and did not, so that refusing everything is no success.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import itertools
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from mcp import Client, StdioServerParameters
from mcp_types import Implementation

from effnb.domain import Actor
from effnb.errors import EffnbError
from effnb.tools import Origin, Tool, Toolbox, tool, tools
from effnb.workspace import Workspace

START, END = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
VALUES: dict[str, Any] = {
    "start": START,
    "end": END,
    "before": {"start": START, "end": END},
    "after": {"start": START, "end": END},
    "paths": ["inside.folded"],
}
RIGHTS = {
    "nothing": "allow = []\nask = []",
    "read": 'allow = ["read"]\nask = []',
    "read and propose": 'allow = ["read", "propose"]\nask = []',
    "write when asked": 'allow = ["read", "propose"]\nask = ["write"]',
    "another tool": 'allow = ["read", "propose"]\nask = ["write"]\ntools = ["no_such_tool"]',
    "another source": 'allow = ["read", "propose"]\nask = ["write"]\nsources = ["no such source"]',
}
COVERS = {
    "nothing": (),
    "read": ("read",),
    "read and propose": ("read", "propose"),
    "write when asked": ("read", "propose"),
    "another tool": (),
    "another source": (),
}
APPROVED = "write when asked, approved"
ORIGIN = Origin(run="run-1", call="c1", digest="d")


@tool(tier="read")
def only_reads(_: Workspace) -> str:
    """Note that it ran."""
    return "ran"


@tool(tier="propose")
def only_proposes(_: Workspace) -> str:
    """Note that it ran."""
    return "ran"


@tool(tier="write")
def only_writes(_: Workspace) -> str:
    """Note that it ran."""
    return "ran"


@dataclass
class Tally:
    """Cells so far, and what was wrong in them."""

    cells: int = 0
    leaks: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def count(self, name: str, *, ran: bool, may: bool) -> None:
        """One cell."""
        self.cells += 1
        if ran and not may:
            self.leaks.append(name)
        if may and not ran:
            self.refused.append(name)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two sets of rights a surface")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        tally = measure(Path(folder), quick=given.quick)
    result = {
        "cells": tally.cells,
        "leaks": len(tally.leaks),
        "refused_wrongly": len(tally.refused),
        "seconds": round(time.perf_counter() - began, 1),
    }
    if given.json:
        print(json.dumps(result | {"leaking": tally.leaks[:20], "refused": tally.refused[:20]}))
    else:
        print("\n".join(f"{name:16} {value}" for name, value in result.items()))
        print("\n".join([*tally.leaks, *tally.refused]))


def measure(folder: Path, *, quick: bool) -> Tally:
    """All cells."""
    tally, ran = Tally(), set[str]()
    noted = [_noting(one, ran) for one in (*tools().values(), only_reads, only_proposes, only_writes)]
    chosen = ("read", "write when asked") if quick else tuple(RIGHTS)
    for surface, rights in itertools.product(("notebook", "cli", "batch", "mcp"), chosen):
        print(f"{surface}, {rights}", file=sys.stderr)
        place = _place(folder / f"{surface}-{rights}", rights)
        with _workspace(place) as workspace:
            for one in noted:
                ran.clear()
                with contextlib.suppress(EffnbError):
                    CALLERS[surface](workspace, noted, one)
                tally.count(
                    f"{one.name} ({one.tier}), {surface}, {rights}", ran=bool(ran), may=one.tier in COVERS[rights]
                )
    for surface in ("notebook", "batch"):
        with _workspace(_place(folder / f"{surface}-approved", "write when asked")) as workspace:
            for one in noted:
                _approved(workspace, noted, one, surface, ran, tally)
    for options, covered in ((), ("read",)), (("--propose",), ("read", "propose")):
        _over_stdio(folder / f"stdio{len(options)}", options, covered, tally)
    return tally


def _approved(
    workspace: Workspace, noted: list[Tool[..., Any]], one: Tool[..., Any], surface: str, ran: set[str], tally: Tally
) -> None:
    """A write runs once when exactly it was approved, not twice, and not with other arguments."""
    if one.tier != "write":
        return
    kind = "user" if surface == "notebook" else "agent"
    toolbox = Toolbox(workspace, noted, Actor(kind=kind, name="a", surface=surface))
    origin = Origin() if surface == "notebook" else ORIGIN
    args = _arguments(one)
    toolbox.gate.approve(one, args, origin, "a person")
    others = [{**args, name: "another"} for name in args] if args else []
    attempts = [*((other, False) for other in others), (args, True), (args, False)]
    for given, may in attempts:
        ran.clear()
        with contextlib.suppress(EffnbError):
            toolbox.call(one.name, given, origin)
        tally.count(f"{one.name} {given}, {surface}, {APPROVED}", ran=bool(ran), may=may)


def _over_stdio(folder: Path, options: tuple[str, ...], covered: tuple[str, ...], tally: Tally) -> None:
    """Every real tool asked for by name through ``effnb mcp``, listed or not; the audit log says what ran."""
    print(f"mcp over stdio {' '.join(options)}", file=sys.stderr)
    folder.mkdir()
    (folder / "effnb.toml").write_text("")
    every = list(tools().values())

    async def ask() -> set[str]:
        command = StdioServerParameters(
            command=sys.executable,
            args=["-c", "from effnb.cli import main; main()", "mcp", str(folder), *options],
            env=dict(os.environ),
        )
        async with Client(command, client_info=Implementation(name="other", version="1")) as client:
            listed = {one.name for one in (await client.list_tools()).tools}
            for one in every:
                await client.call_tool(one.name, _arguments(one, folder))
            return listed

    listed = asyncio.run(asyncio.wait_for(ask(), 300))
    with _workspace(folder) as workspace:
        made = {entry.tool for entry in workspace.audit.entries() if entry.outcome in ("begun", "success", "failed")}
    for one in every:
        may = one.tier in covered
        tally.count(f"{one.name} ({one.tier}), mcp over stdio {options}", ran=one.name in made, may=may)
        tally.count(f"{one.name} ({one.tier}) listed, mcp over stdio {options}", ran=one.name in listed, may=may)


def _in_notebook(workspace: Workspace, noted: list[Tool[..., Any]], one: Tool[..., Any]) -> None:
    person = Actor(kind="user", name="a", surface="notebook")
    getattr(Toolbox(workspace, noted, person), one.name)(**_arguments(one))


def _on_command_line(workspace: Workspace, noted: list[Tool[..., Any]], one: Tool[..., Any]) -> None:
    """``effnb tool NAME --arg …``, the command itself, in this process."""
    from effnb.cli import app
    from effnb.session import Session

    session = Session(workspace)
    session.tools = Toolbox(workspace, noted, Actor(kind="user", name="a", surface="cli"))
    given = [part for name, value in _arguments(one).items() for part in ("--arg", f"{name}={_typed(value)}")]
    with (
        mock.patch("effnb.session.open_session", lambda *_: session),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        app(["tool", one.name, *given, "--json"], standalone_mode=False)


def _in_batch(workspace: Workspace, noted: list[Tool[..., Any]], one: Tool[..., Any]) -> None:
    """As a skill's run in a job that nobody watches."""
    agent = Actor(kind="agent", name="a", surface="batch", on_behalf="a")
    Toolbox(workspace, noted, agent).call(one.name, _arguments(one), ORIGIN)


def _over_mcp(workspace: Workspace, noted: list[Tool[..., Any]], one: Tool[..., Any]) -> None:
    """The entry that the server calls, here also for tools that it would not offer."""
    client = Actor(kind="mcp", name="a", surface="mcp")
    Toolbox(workspace, noted, client).call(one.name, _arguments(one))


CALLERS: dict[str, Callable[[Workspace, list[Tool[..., Any]], Tool[..., Any]], None]] = {
    "notebook": _in_notebook,
    "cli": _on_command_line,
    "batch": _in_batch,
    "mcp": _over_mcp,
}


def _noting(original: Tool[..., Any], ran: set[str]) -> Tool[..., Any]:
    """The tool with the same name, tier, arguments and source, whose function notes that it ran."""
    one: Tool[..., Any] = Tool(original.function, original.tier, original.timeout, original.source, original.paths_from)
    _ = one.arguments, one.returns

    def note(*_: Any, **__: Any) -> str:
        ran.add(one.name)
        return "ran"

    one.function = note
    return one


def _arguments(one: Tool[..., Any], folder: Path | None = None) -> dict[str, Any]:
    """Acceptable values for the arguments that have to be given; paths lie in the folder, else where we work."""
    schema = one.arguments.model_json_schema()
    given = {name: VALUES.get(name, _sample(schema["properties"][name])) for name in schema.get("required", [])}
    if folder is not None and "paths" in given:
        given["paths"] = [str(folder / path) for path in given["paths"]]
    return given


def _sample(about: dict[str, Any]) -> Any:
    kind = about.get("type")
    return {"number": 1.0, "integer": 1, "boolean": True, "array": []}.get(str(kind), "some-name")


def _typed(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _place(folder: Path, rights: str) -> Path:
    """A workspace in which everybody has the same rights, as far as a kind of caller can have them."""
    folder.mkdir()
    text = RIGHTS[rights]
    over_mcp = text.replace('ask = ["write"]', "ask = []")
    named = f"[permissions.user]\n{text}\n[permissions.agent]\ncalls = 100000\n{text}\n[permissions.mcp]\n{over_mcp}\n"
    (folder / "effnb.toml").write_text(named)
    return folder


@contextlib.contextmanager
def _workspace(folder: Path) -> Iterator[Workspace]:
    workspace = Workspace.open(folder)
    os.chdir(folder)
    try:
        yield workspace
    finally:
        workspace.close()


if __name__ == "__main__":
    main()
