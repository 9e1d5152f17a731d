"""The demo's settings in force, as a git repository with one commit a change, made from the config history."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

from effnb.errors import SourceError

START = "2026-09-28T09:00:00Z"
"""Before everything in the history."""
Tables = dict[str, dict[str, Any]]


def write_config_repository(history: Path, destination: Path) -> None:
    """One TOML file a service with the values its processes run with; who changed them and when is the git history."""
    changes = sorted((json.loads(line) for line in history.read_text(encoding="utf-8").splitlines()), key=_at)
    values: dict[str, Tables] = {}
    for change in reversed(changes):
        _put(values, change["service"], change["key"], change["old"])
    destination.mkdir(parents=True)
    _git(destination, "init", "--quiet", "--initial-branch=main")
    _commit(destination, values, "Settings in force", "Platform <platform@storefront.example>", START)
    for change in changes:
        _put(values, change["service"], change["key"], change["new"])
        _commit(destination, values, change["title"], change["author"], change["at"])


def _at(change: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(change["at"])


def _put(values: dict[str, Tables], service: str, key: str, value: Any) -> None:
    table, _, name = key.rpartition(".")
    values.setdefault(service, {}).setdefault(table, {})[name] = value


def _commit(folder: Path, values: dict[str, Tables], title: str, author: str, at: str) -> None:
    for service, tables in values.items():
        (folder / f"{service}.toml").write_text(_toml(tables), encoding="utf-8")
    name, _, address = author.partition("<")
    who = {f"GIT_{role}_{part}": text for role in ("AUTHOR", "COMMITTER") for part, text in
           (("NAME", name.strip()), ("EMAIL", address.rstrip(">")), ("DATE", at))}  # fmt: skip
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", title, env=who)


def _toml(tables: Tables) -> str:
    """Tables of numbers and texts; JSON spells both as TOML does."""
    return "\n".join(
        f"[{table}]\n" + "".join(f"{name} = {json.dumps(tables[table][name])}\n" for name in sorted(tables[table]))
        for table in sorted(tables)
    )


def _git(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> None:
    isolated = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        capture_output=True, text=True, check=False, env={**os.environ, **isolated, **(env or {})},
    )  # fmt: skip
    if done.returncode:
        raise SourceError(f"cannot write the demo's settings to {folder}: {done.stderr.strip().splitlines()[-1:]}")
