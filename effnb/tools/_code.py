"""The code a workspace owns, and what is known about its cost: what scans and fixes share."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from effnb.domain import Window
from effnb.errors import ConfigError
from effnb.opportunities import Evidence, Repeats
from effnb.tools._owners import owner_of_files

if TYPE_CHECKING:
    from effnb.workspace import Workspace

Stack = tuple[str, ...]
NEWEST_SAMPLES = timedelta(days=1)
"""Span before the newest sample that says what code costs now: a day, so that every hour counts once."""


def code_folder(workspace: Workspace) -> Path:
    """Folder of the repository's files; that of the workspace when no repository is configured."""
    configured = workspace.settings.sources.repository
    folder = workspace.root / configured if configured else workspace.root
    if not folder.is_dir():
        raise ConfigError(f"no folder {folder}; set [sources] repository in effnb.toml to the code's folder")
    return folder


def evidence_of(workspace: Workspace) -> Evidence:
    """Samples of the newest day, servers, recorded arguments, owners and earlier fixes, as far as there are any."""
    stacks: dict[str, Mapping[Stack, int]] = {}
    window = None
    for service in workspace.samples.services():
        newest = _newest(workspace, service)
        if newest is not None:
            window = newest if window is None or newest.end > window.end else window
            stacks[service] = workspace.samples.stack_counts(service, newest)
    known = {service: workspace.settings.service(service).servers for service in stacks}
    fixes: dict[str, list[str]] = {}
    for fix in workspace.fixes.verified():
        fixes.setdefault(fix.pattern, []).append(fix.id)
    return Evidence(
        stacks=stacks,
        servers={service: servers for service, servers in known.items() if servers is not None},
        repeats=_repeats(workspace),
        owner=owner_of_files(workspace),
        examples=fixes,
        window=f"{window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M} UTC" if window else "",
    )


def _newest(workspace: Workspace, service: str) -> Window | None:
    cube = workspace.samples.cube(service)
    if cube is None or not cube.n_buckets:
        return None
    held = cube.window
    return Window(start=max(held.start, held.end - NEWEST_SAMPLES), end=held.end)


def _repeats(workspace: Workspace) -> dict[str, Repeats]:
    """Heads of recorded argument samples by function; of several services the one with most calls."""
    folder = workspace.workloads
    found: dict[str, Repeats] = {}
    for path in sorted(folder.glob("*/*.jsonl*")) if folder is not None else ():
        head = _head(path)
        function, calls = head.get("function"), head.get("calls")
        if not isinstance(function, str) or not isinstance(calls, int):
            continue
        if function not in found or found[function].calls < calls:
            found[function] = Repeats(
                rate=float(head.get("repeat_rate", 0.0)),
                calls=calls,
                distinct=int(head.get("distinct", 0)),
                workload=path.relative_to(workspace.root).as_posix(),
            )
    return found


def _head(path: Path) -> dict[str, Any]:
    """First line of a recording; empty when it cannot be read, for a scan goes on without it."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            head = json.loads(file.readline())
    except (OSError, EOFError, ValueError):
        return {}
    return head if isinstance(head, dict) else {}
