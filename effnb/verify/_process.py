"""Runs one command with limits on time and output; whatever it started in its group ends with it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from effnb.errors import SandboxError
from effnb.verify._sandbox import Finished, Killed

OUTPUT_BYTES = 32 << 20


def run_limited(
    words: Sequence[str],
    *,
    stdin: bytes,
    seconds: float,
    environment: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
    cwd: Path | None = None,
) -> Finished:
    """Run a command; output goes through files, so that a chatty command meets its file limit and blocks nobody.

    Raises:
        SandboxError: There is no such program.
    """
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(stdin)
        given.seek(0)
        started = time.perf_counter()
        try:
            process = subprocess.Popen(
                words, stdin=given, stdout=out, stderr=err, start_new_session=True, env=environment,
                pass_fds=tuple(pass_fds), cwd=cwd,
            )  # fmt: skip
        except OSError as error:
            raise SandboxError(
                f"cannot start {words[0]}: {error.strerror}; install it, or see `effnb doctor`"
            ) from error
        killed = _wait(process, seconds)
        return Finished(
            code=process.returncode,
            stdout=_read(out),
            stderr=_read(err),
            seconds=time.perf_counter() - started,
            killed_for=killed or _limit(process.returncode, out),
        )


def _wait(process: subprocess.Popen[bytes], seconds: float) -> Killed:
    ended = False
    try:
        ended = _ended_within(process, seconds)
    finally:
        if not ended:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return "" if ended else "time"


def _ended_within(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether it ends in time; waits without polling where the system has a way to."""
    if not hasattr(os, "pidfd_open"):
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        return process.returncode is not None
    descriptor = os.pidfd_open(process.pid)
    try:
        waiting = select.poll()
        waiting.register(descriptor, select.POLLIN)
        return bool(waiting.poll(seconds * 1000))
    finally:
        os.close(descriptor)


def _limit(code: int, out: IO[bytes]) -> Killed:
    if code in (-signal.SIGXCPU, 128 + signal.SIGXCPU):
        return "cpu"
    if code in (-signal.SIGXFSZ, 128 + signal.SIGXFSZ) or out.seek(0, os.SEEK_END) > OUTPUT_BYTES:
        return "output"
    return ""


def _read(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read(OUTPUT_BYTES)
