"""The same promise through Docker or Podman, for systems without Linux namespaces such as macOS.

The image has to hold Python and the packages the repository needs, because the interpreter of another system cannot be
shown inside. A client without an engine behind it is said to be that.
"""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from effnb.errors import SandboxError
from effnb.verify._process import run_limited
from effnb.verify._sandbox import MEMORY_BYTES, Finished

IMAGE = "python:3.11-slim"
START_SECONDS = 20.0
ENGINE_FAILED = 125  # what both clients exit with when the container did not start
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/tmp",  # noqa: S108  # inside the container
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
}


@dataclass(frozen=True)
class Container:
    """Commands in a container that is thrown away."""

    engine: Literal["docker", "podman"] = "docker"
    """Client program."""
    image: str = IMAGE
    """Image with Python and what the repository needs; it must be there, nothing is fetched."""

    @property
    def name(self) -> str:
        """What it is, for reports."""
        return f"{self.engine}, image {self.image}"

    @property
    def python(self) -> str:
        """The interpreter of the image."""
        return "python3"

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
        """Run a command in a folder; see ``Sandbox.run``."""
        if shutil.which(self.engine) is None:
            raise SandboxError(f"no {self.engine} on PATH; install it, or bubblewrap on Linux")
        with ExitStack() as stack:
            if writable:
                copy = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="effnb-copy-"))) / "src"
                shutil.copytree(folder, copy, symlinks=True)
                folder = copy
            words = self.words(
                command,
                folder=folder,
                read_only=read_only,
                seconds=seconds,
                memory_bytes=memory_bytes,
                writable=writable,
                environment=environment,
            )
            done = run_limited(words, stdin=stdin, seconds=seconds + START_SECONDS)
        if done.code == ENGINE_FAILED:
            raise SandboxError(f"{self.engine} did not start a container: {_line(done.stderr)}; see `effnb doctor`")
        return done

    def words(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        read_only: Sequence[Path] = (),
        seconds: float = 60,
        memory_bytes: int = MEMORY_BYTES,
        writable: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> list[str]:
        """The whole command line."""
        shown = [word for path in read_only for word in ("--volume", f"{path.resolve()}:{path.absolute()}:ro")]
        values = {**ENVIRONMENT, **(environment or {})}
        return [
            *(self.engine, "run", "--rm", "--interactive", "--pull", "never", "--network", "none", "--read-only"),
            *("--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--user", "65534:65534", "--ipc", "none"),
            *("--pids-limit", "200", "--memory", str(memory_bytes), "--memory-swap", str(memory_bytes)),
            *("--ulimit", f"cpu={math.ceil(2 * seconds) + 1}", "--ulimit", "fsize=67108864"),
            *("--ulimit", "nofile=256", "--ulimit", "core=0"),
            *("--tmpfs", "/tmp:rw,nosuid,nodev,size=67108864,mode=1777"),  # noqa: S108
            *(word for name, value in values.items() for word in ("--env", f"{name}={value}")),
            *shown,
            *("--volume", f"{folder.resolve()}:/src{'' if writable else ':ro'}", "--workdir", "/src"),
            *("--entrypoint", command[0], self.image, *command[1:]),
        ]


def _line(text: bytes) -> str:
    lines = [line for line in text.decode(errors="replace").splitlines() if line.strip()]
    return lines[0][:300] if lines else "it wrote nothing"
