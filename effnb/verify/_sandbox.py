"""What keeps candidate code in: the promise every sandbox makes, and which of them this machine really offers.

A sandbox is believed only after a probe inside it has tried what candidate code must not do. Below ``strong``,
candidate code is not run.
"""

from __future__ import annotations

import json
import secrets
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from effnb.domain import Noun
from effnb.errors import SandboxError

GIB = 1 << 30
MEMORY_BYTES = 2 * GIB
PROBE = Path(__file__).parent / "inside" / "probe.py"

Level = Literal["strong", "partial", "none"]
Killed = Literal["", "time", "cpu", "output"]


@dataclass(frozen=True)
class Finished:
    """How a command ended."""

    code: int
    """Exit status; negative or above 128 when a signal ended it."""
    stdout: bytes
    """What it wrote there."""
    stderr: bytes
    """What it wrote there."""
    seconds: float
    """Wall-clock time."""
    killed_for: Killed = ""
    """Limit that ended it; empty when it ended by itself."""


class SandboxLevel(Noun):
    """How well a sandbox holds, as tried on this machine."""

    level: Level
    """``strong``: every probe was blocked; ``partial``: some were; ``none``: it does not run."""
    reason: str
    """Which, or why it does not run."""
    name: str = ""
    """The sandbox that was tried."""


class Sandbox(Protocol):
    """Runs commands that must not be trusted."""

    @property
    def name(self) -> str:
        """What it is, for reports."""
        ...

    @property
    def python(self) -> str:
        """The interpreter inside, with the packages candidate code may import."""
        ...

    def run(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        read_only: Sequence[Path] = (),
        stdin: bytes = b"",
        seconds: float,
        memory_bytes: int = MEMORY_BYTES,
        writable: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> Finished:
        """Run a command in a folder, seen inside as ``/src``, without network and with a clean environment.

        Args:
            command: Its words.
            folder: What lies in ``/src``.
            read_only: Further folders and files, seen under their own paths.
            stdin: What it can read.
            seconds: Wall-clock limit.
            memory_bytes: Address space of each process.
            writable: Give it a copy of ``folder`` that it may write to and that is thrown away.
            environment: Variables to set.

        Raises:
            SandboxError: The sandbox itself did not start.
        """
        ...


def probe_level(sandbox: Sandbox) -> SandboxLevel:
    """What a sandbox blocks, found out by trying it from inside."""
    nonce = secrets.token_hex(8)
    with tempfile.TemporaryDirectory(prefix="effnb-probe-") as scratch:
        (Path(scratch) / "file").write_text("kept")
        try:
            done = sandbox.run(
                [sandbox.python, "-I", str(PROBE), nonce], folder=Path(scratch), read_only=[PROBE], seconds=20
            )
        except SandboxError as error:
            return SandboxLevel(level="none", reason=str(error), name=sandbox.name)
    try:
        answer = json.loads(done.stdout)
        holes = [name for name, blocked in answer["blocked"].items() if not blocked]
        known = answer["nonce"] == nonce
    except (ValueError, KeyError, TypeError, AttributeError):
        return SandboxLevel(level="none", reason=f"the probe gave no answer: {_last(done.stderr)}", name=sandbox.name)
    if holes or not known:
        return SandboxLevel(level="partial", reason=f"not blocked: {', '.join(holes)}", name=sandbox.name)
    return SandboxLevel(
        level="strong", reason=f"{len(answer['blocked'])} probes inside were blocked", name=sandbox.name
    )


def first_strong(sandboxes: Iterable[Sandbox]) -> tuple[Sandbox | None, list[SandboxLevel]]:
    """The first sandbox that holds, and how each that was tried came out."""
    tried: list[SandboxLevel] = []
    for sandbox in sandboxes:
        tried.append(probe_level(sandbox))
        if tried[-1].level == "strong":
            return sandbox, tried
    return None, tried


def interpreter_folders() -> list[Path]:
    """Folders the running interpreter and its packages lie in; a virtual environment's python is a link out of it."""
    wanted = dict.fromkeys(Path(folder) for folder in (sys.prefix, sys.base_prefix, sys.exec_prefix))
    return [folder for folder in wanted if not str(folder.resolve()).startswith("/usr/")]


def _last(text: bytes) -> str:
    lines = text.decode(errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else "it wrote nothing"
