"""Git as delivery uses it: one command at a time, without the person's hooks, prompts and configuration."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from effnb.errors import DeliveryError, SourceUnavailable

ISOLATED = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}
PLACES = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE")
SECONDS = 120.0


def git(
    folder: Path, *arguments: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """What a git command printed; its exit code is the caller's to judge."""
    inherited = {name: value for name, value in os.environ.items() if name not in PLACES}
    command = ["git", "-c", "core.hooksPath=/dev/null", "-c", "core.autocrlf=false", "-C", str(folder), *arguments]
    try:
        return subprocess.run(
            command,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            check=False,
            timeout=SECONDS,
            env={**inherited, **ISOLATED, **(env or {})},
        )
    except FileNotFoundError as error:
        raise SourceUnavailable("git is not installed; install it with the system's package manager") from error
    except subprocess.TimeoutExpired as error:
        raise DeliveryError(f"git {arguments[0]} gave no answer within {SECONDS:g} s in {folder.name}") from error


def output(folder: Path, *arguments: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None) -> str:
    """The command's output as text without the last line end; ``DeliveryError`` with git's own reason if it fails."""
    done = git(folder, *arguments, stdin=stdin, env=env)
    if done.returncode:
        raise DeliveryError(f"git {arguments[0]} failed in {folder.name}: {reason(done)}")
    return done.stdout.decode(errors="replace").rstrip("\n")


def reason(done: subprocess.CompletedProcess[bytes]) -> str:
    """Git's complaint in one line."""
    lines = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
    return lines[-1].removeprefix("error: ").removeprefix("fatal: ") if lines else f"exit {done.returncode}"
