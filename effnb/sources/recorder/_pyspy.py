"""Runs one command under py-spy and says what was sampled."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from effnb.errors import ConfigError, NotEnoughData, SourceDenied, SourceUnavailable
from effnb.sources.recorder._stacks import RawStacks, read_raw

# py-spy neither reports the exit code of what it starts nor keeps its output apart from its own, so a shell does.
# The script is a file because py-spy writes the shell's arguments into its line-based output.
LAUNCHER = """here=$1
shift
"$@" >"$here/stdout" 2>"$here/stderr" </dev/null
echo $? >"$here/status"
"""
REPRODUCIBLE = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


class Sampled(NamedTuple):
    """What one run of the command gave."""

    raw: RawStacks
    """Its stacks."""
    seconds: float
    """How long it ran under the profiler."""
    stdout: str
    """What it printed."""


def profiler_path() -> str:
    """py-spy of this environment, else the first on PATH."""
    # The same path in a sandbox, where folders that `..` leads through may be missing.
    beside = Path(os.path.abspath(sys.executable)).with_name("py-spy")  # noqa: PTH100
    found = str(beside) if beside.exists() else shutil.which("py-spy")
    if not found:
        raise ConfigError("cannot find py-spy; install it with: pip install py-spy")
    return found


def profiler_version() -> str:
    """``py-spy X.Y.Z``."""
    done = subprocess.run([profiler_path(), "--version"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "py-spy"


def profile_command(
    command: Sequence[str], tree: Path, *, rate: int, seconds: float, env: Mapping[str, str]
) -> Sampled:
    """Run ``command`` in ``tree`` until it ends, or for ``seconds``, and sample its CPU time at ``rate`` Hz.

    Idle threads are not sampled, child processes are. Raises ``SourceUnavailable`` when the command fails,
    ``SourceDenied`` when the profiler may not look at it, ``NotEnoughData`` when not one sample fell into it.
    """
    with tempfile.TemporaryDirectory(prefix="effnb-record-") as name:
        scratch = Path(name)
        started = time.monotonic()
        complaints = _run(_arguments(command, scratch, rate, seconds), tree, _environment(env))
        elapsed = time.monotonic() - started
        _check_command(command, scratch)
        raw = _read_samples(scratch, tree, complaints)
        return Sampled(raw, elapsed, _text(scratch / "stdout"))


def _arguments(command: Sequence[str], scratch: Path, rate: int, seconds: float) -> list[str]:
    launcher = scratch / "launch.sh"
    launcher.write_text(LAUNCHER)
    duration = str(max(1, round(seconds)))
    options = ["--format", "raw", "--function", "--full-filenames", "--subprocesses", "--rate", str(rate)]
    output = ["--duration", duration, "--output", str(scratch / "raw")]
    return [profiler_path(), "record", *options, *output, "--", "sh", str(launcher), str(scratch), *command]


def _environment(env: Mapping[str, str]) -> dict[str, str]:
    # A PYTHONPATH or PYTHONSTARTUP of the caller would put code into the recording that is not of the revision.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GIT_"))}
    return {**inherited, **REPRODUCIBLE, **env}


def _run(arguments: list[str], tree: Path, env: dict[str, str]) -> str:
    """What the profiler said; whatever happens, nothing it started lives on."""
    with subprocess.Popen(
        arguments,
        cwd=tree,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as profiler:
        try:
            said, _ = profiler.communicate()
            return said
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(profiler.pid, signal.SIGKILL)


def _check_command(command: Sequence[str], scratch: Path) -> None:
    status = _text(scratch / "status").strip()
    if status not in ("", "0"):  # without a status it was still running when time was up
        said = [line for line in _text(scratch / "stderr").splitlines() if line.strip()]
        reason = said[-1].strip() if said else "it wrote nothing to stderr"
        raise SourceUnavailable(
            f"the command {' '.join(command)!r} ended with exit code {status}: {reason}; "
            "run it by hand in a checkout of that revision"
        )


def _read_samples(scratch: Path, tree: Path, complaints: str) -> RawStacks:
    output = scratch / "raw"
    raw = read_raw(_text(output), tree)
    if raw.stacks:
        return raw
    if "permission denied" in complaints.lower() or "operation not permitted" in complaints.lower():
        raise SourceDenied(
            "py-spy may not look into the process it started; in a container add the capability SYS_PTRACE, "
            "on macOS run as root"
        )
    if not output.exists():
        reason = next((line for line in complaints.splitlines() if line.startswith("Error")), "no message")
        raise SourceUnavailable(f"py-spy made no recording: {reason}; try 'py-spy record -- COMMAND' by hand")
    raise NotEnoughData(
        f"not one sample in the command's own code ({raw.outside} in interpreter start-up); "
        "let it run longer than a second, or raise --rate"
    )


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
