"""``effnb doctor``: what of this machine and this workspace is ready, each found out by trying it."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

from effnb.cli._common import AsJson, print_json, print_table
from effnb.domain import Noun
from effnb.errors import ConfigError, EffnbError

if TYPE_CHECKING:
    from effnb.workspace import Workspace

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
MODEL_KEYS = ("ANTHROPIC_API_KEY", "OPENAI_API_KEY")
SECONDS = 15


class Finding(Noun):
    """One thing that was tried."""

    what: str
    """What was tried."""
    state: Literal["ok", "limited", "missing"]
    """``limited``: something does without it, and the detail says what; ``missing``: it is needed and not there."""
    detail: str
    """What was found."""
    next_step: str = ""
    """What to do about it; empty when it is in order."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(as_json: AsJson = False) -> None:
    """Try the sandbox, git, the browser, the store and the sources, and say what is missing."""
    found = [*_machine(), *_workspace()]
    if as_json:
        print_json([finding.to_json() for finding in found])
    else:
        print_table(
            ("", "state", "found", "next step"),
            [(one.what, one.state, one.detail, one.next_step) for one in found],
        )
    if any(one.state == "missing" for one in found):
        raise typer.Exit(1)


def _machine() -> Iterator[Finding]:
    yield Finding(what="python", state="ok", detail=f"{platform.python_version()} on {platform.platform(terse=True)}")
    yield _program("git", ("git",), "missing", "install git: changes are read with it")
    yield _program(
        "browser", BROWSERS, "limited", "install Chromium to check reports in a browser; nothing else needs it"
    )
    yield _program("profiler", ("py-spy",), "limited", "pip install py-spy: `effnb record` needs it")
    keys = [name for name in MODEL_KEYS if os.environ.get(name)]
    yield Finding(
        what="language model",
        state="ok" if keys else "limited",
        detail=f"{', '.join(keys)} set" if keys else "no key in the environment: skills run as playbooks",
        next_step="" if keys else f"set {' or '.join(MODEL_KEYS)} for the guided and free modes",
    )


def _program(what: str, names: tuple[str, ...], absent: Literal["limited", "missing"], advice: str) -> Finding:
    beside = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    path = next((path for name in names if (path := shutil.which(name, path=beside))), None)
    if path is None:
        return Finding(what=what, state=absent, detail=f"no {names[0]} on PATH", next_step=advice)
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=SECONDS, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        return Finding(what=what, state=absent, detail=f"{path} does not start: {error}", next_step=advice)
    return Finding(what=what, state="ok", detail=done.stdout.strip().splitlines()[0])


def _sandbox(image: str) -> Finding:
    from effnb.verify import probe

    level = probe(image)
    states: dict[str, Literal["ok", "limited"]] = {"strong": "ok"}
    return Finding(
        what="sandbox",
        state=states.get(level.level, "limited"),
        detail=f"{level.level}: {level.name}, {level.reason}",
        next_step=""
        if level.level == "strong"
        else "candidate code is not run, fixes stay drafts; install bubblewrap, on macOS Docker or Podman",
    )


def _workspace() -> Iterator[Finding]:
    from effnb.settings import VerifySettings
    from effnb.workspace import Workspace

    try:
        workspace = Workspace.open()
    except ConfigError as error:
        yield _sandbox(VerifySettings().image)
        yield Finding(what="workspace", state="limited", detail=str(error), next_step="run `effnb init` here")
        return
    yield _sandbox(workspace.settings.verify.image)
    yield Finding(what="workspace", state="ok", detail=f"{workspace.settings.workspace.name} in {workspace.root}")
    try:
        yield _tried("store", lambda: _store(workspace), "run `effnb ingest PATH`")
        yield from _sources(workspace)
    finally:
        workspace.close()


def _store(workspace: Workspace) -> str:
    (result,) = workspace.state.connection.execute("PRAGMA quick_check").fetchone()
    services = workspace.samples.services()
    return f"state {result}; samples of {', '.join(services) or 'no service yet'}"


def _sources(workspace: Workspace) -> Iterator[Finding]:
    sources = workspace.settings.sources
    for name, value in sources:
        if not isinstance(value, str):
            continue
        path = workspace.root / value
        yield Finding(
            what=name.replace("_", " "),
            state="ok" if path.exists() else "missing",
            detail=str(path) if path.exists() else f"[sources] {name}: no {path}",
            next_step="" if path.exists() else "mend the path in effnb.toml",
        )
    if sources.prometheus:
        set_ = sources.prometheus.token_env is None or sources.prometheus.token_env in os.environ
        yield Finding(
            what="prometheus",
            state="ok" if set_ else "missing",
            detail=f"{sources.prometheus.url}, asked when something is fetched",
            next_step="" if set_ else f"set {sources.prometheus.token_env}",
        )


def _tried(what: str, action: Callable[[], str], advice: str) -> Finding:
    try:
        return Finding(what=what, state="ok", detail=action())
    except (EffnbError, sqlite3.DatabaseError, OSError) as error:
        return Finding(what=what, state="missing", detail=str(error), next_step=advice)
