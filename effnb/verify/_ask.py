"""Questions to a program inside the sandbox: a job goes in as JSON, one line that begins with a nonce comes out.

The nonce is new for every question and is read before candidate code is loaded, so that code which prints a result of
its own and leaves has answered nothing.
"""

from __future__ import annotations

import json
import secrets
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from effnb.verify._sandbox import MEMORY_BYTES, Finished, Sandbox

INSIDE = Path(__file__).parent / "inside"
CODEC = Path(__file__).parent / "_codec.py"


class NoAnswerError(Exception):
    """A program ended without its answer; the text says how."""

    def __init__(self, reason: str, killed_for: str = "") -> None:
        super().__init__(reason)
        self.killed_for = killed_for


def ask(
    sandbox: Sandbox,
    program: str,
    job: Mapping[str, Any],
    *,
    folder: Path,
    seconds: float,
    read_only: Sequence[Path] = (),
    writable: bool = False,
    memory_bytes: int = MEMORY_BYTES,
) -> dict[str, Any]:
    """The answer of a program of ``inside``, run on a folder.

    Raises:
        NoAnswerError: It ended or was ended without one.
        SandboxError: The sandbox did not start.
    """
    nonce = secrets.token_hex(16)
    question = json.dumps({**job, "nonce": nonce, "codec": str(CODEC)}).encode()
    done = sandbox.run(
        [sandbox.python, "-I", str(INSIDE / program)],
        folder=folder,
        read_only=[INSIDE, CODEC, *read_only],
        stdin=question,
        seconds=seconds,
        memory_bytes=memory_bytes,
        writable=writable,
    )
    prefix = f"{nonce} ".encode()
    for line in reversed(done.stdout.splitlines()):
        if line.startswith(prefix):
            return _read(line[len(prefix) :])
    raise NoAnswerError(_how_it_ended(done, seconds), done.killed_for)


def _read(line: bytes) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = json.loads(line)
    except ValueError as error:
        raise NoAnswerError("its answer was cut off: too long", "output") from error
    return answer


def _how_it_ended(done: Finished, seconds: float) -> str:
    if done.killed_for == "time":
        return f"it did not end within {seconds:g} s"
    if done.killed_for:
        return f"it exceeded its limit of {done.killed_for}"
    lines = [line for line in done.stderr.decode(errors="replace").splitlines() if line.strip()]
    said = f": {lines[-1].strip()[:300]}" if lines else ""
    number = -done.code if done.code < 0 else done.code - 128
    if number in set(signal.Signals):
        return f"it was ended by {signal.Signals(number).name}{said}"
    return f"it ended with status {done.code} and without its result{said}"
