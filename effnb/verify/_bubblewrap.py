"""The sandbox of Linux: bubblewrap as an ordinary user, everything unshared, nothing writable but a copy.

As root the command first becomes ``nobody``, because root ignores process limits. Folders that nobody may not enter
(an interpreter below ``/root``) are then shown through an outer, private mount namespace. ``--disable-userns`` keeps
code inside from making a namespace of its own and mounting there.
"""

from __future__ import annotations

import math
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from effnb.errors import SandboxError
from effnb.verify._process import run_limited
from effnb.verify._sandbox import MEMORY_BYTES, Finished, interpreter_folders

NOBODY = 65534
SCRATCH_BYTES = 64 << 20
FILE_BYTES = 64 << 20
OPEN_FILES = 256
PROCESSES = 200
SYSTEM_LINKS = ("bin", "sbin", "lib", "lib64", "lib32")
SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/alternatives")
ENVIRONMENT = {
    "PATH": "/usr/bin",
    "HOME": "/tmp",  # noqa: S108  # inside the sandbox, where it is private
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
}


@dataclass(frozen=True)
class Bubblewrap:
    """Commands in bubblewrap."""

    as_root: bool = os.geteuid() == 0 if hasattr(os, "geteuid") else False
    """Whether there are rights to give up first."""

    @property
    def name(self) -> str:
        """What it is, for reports."""
        return "bubblewrap, as nobody" if self.as_root else "bubblewrap"

    @property
    def python(self) -> str:
        """The interpreter that runs effnb, with its packages."""
        # As `../.venv/bin/python` it would lead through a folder that is not there inside; links stay as they are.
        return os.path.abspath(sys.executable)  # noqa: PTH100

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
        for program in ("bwrap", "prlimit", *(["setpriv"] if self.as_root else [])):
            if shutil.which(program) is None:
                raise SandboxError(f"no {program} on PATH; install bubblewrap and util-linux (Linux only)")
        with ExitStack() as stack:
            if writable or (self.as_root and not _is_open(folder)):
                folder = self._copy(
                    folder, Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="effnb-copy-")))
                )
            status = stack.enter_context(tempfile.TemporaryFile())
            words = self.words(
                command,
                folder=folder,
                read_only=read_only,
                seconds=seconds,
                memory_bytes=memory_bytes,
                writable=writable,
                environment=environment,
                status=status.fileno(),
            )
            # bubblewrap is process 1 inside, and what it was started with can be read there
            environment = {"PATH": os.environ.get("PATH", os.defpath)}
            done = run_limited(words, stdin=stdin, seconds=seconds, pass_fds=[status.fileno()], environment=environment)
            status.seek(0)
            if not status.read() or done.stderr.startswith(b"bwrap: "):
                raise SandboxError(f"bubblewrap did not start: {_first_line(done.stderr)}; see `effnb doctor`")
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
        status: int | None = None,
    ) -> list[str]:
        """The whole command line."""
        shown = [folder, *interpreter_folders(), *read_only]
        return [
            *(_opened(shown, writable) if self.as_root else ()),
            *_limits(seconds, memory_bytes),
            *(("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--") if self.as_root else ()),
            *("bwrap", "--unshare-all", "--unshare-user", "--disable-userns", "--cap-drop", "ALL"),
            *("--new-session", "--die-with-parent", "--clearenv"),
            *(("--json-status-fd", str(status)) if status is not None else ()),
            *_variables({**ENVIRONMENT, **(environment or {})}),
            *_system(),
            *("--proc", "/proc", "--dev", "/dev", "--size", str(SCRATCH_BYTES), "--tmpfs", "/tmp"),  # noqa: S108
            *_bound(shown[1:]),
            *(
                "--bind" if writable else "--ro-bind",
                str(folder.resolve()),
                "/src",
                "--remount-ro",
                "/",
                "--chdir",
                "/src",
            ),
            *("--", "prlimit", f"--nproc={PROCESSES}", "--", *command),
        ]

    def _copy(self, folder: Path, scratch: Path) -> Path:
        copy = scratch / "src"
        shutil.copytree(folder, copy, symlinks=True)
        if self.as_root:
            scratch.chmod(0o755)
            for path in (copy, *copy.rglob("*")):
                os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        return copy


def _limits(seconds: float, memory_bytes: int) -> list[str]:
    return [
        "prlimit", f"--as={memory_bytes}", f"--fsize={FILE_BYTES}", f"--cpu={math.ceil(2 * seconds) + 1}",
        f"--nofile={OPEN_FILES}", "--core=0", "--",
    ]  # fmt: skip


def _variables(values: Mapping[str, str]) -> list[str]:
    return [word for name, value in values.items() for word in ("--setenv", name, value)]


def _system() -> list[str]:
    """The system's programs and libraries, and nothing of its configuration but where libraries lie."""
    words = ["--ro-bind", "/usr", "/usr"]
    for name in SYSTEM_LINKS:
        path = Path("/", name)
        if path.is_symlink():
            words += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            words += ["--ro-bind", str(path), str(path)]
    return words + [word for path in SYSTEM_FILES for word in ("--ro-bind-try", path, path)]


def _bound(paths: Sequence[Path]) -> list[str]:
    return [word for path in paths for word in ("--ro-bind", str(path.resolve()), str(path.absolute()))]


def _opened(paths: Sequence[Path], writable: bool) -> list[str]:
    """An outer namespace in which nobody reaches the paths; empty when he does anyway.

    Only the paths themselves are shown of a folder that is closed to him.
    """
    closed = {path.resolve(): top for path in paths if (top := _closed_above(path.resolve()))}
    if not closed:
        return []
    words = ["bwrap", "--dev-bind", "/", "/", "--die-with-parent"]
    made: set[Path] = set()
    for top in sorted(set(closed.values())):
        words += ["--perms", "0755", "--tmpfs", str(top)]
        made.add(top)
    for path, top in closed.items():
        for folder in reversed(path.parents):
            if folder.is_relative_to(top) and folder not in made:
                words += ["--perms", "0755", "--dir", str(folder)]
                made.add(folder)
        words += ["--bind" if writable and path == paths[0].resolve() else "--ro-bind", str(path), str(path)]
    return [*words, "--"]


def _closed_above(path: Path) -> Path | None:
    """The topmost folder above a path that others may not enter."""
    return next((folder for folder in reversed(path.parents) if not folder.stat().st_mode & stat.S_IXOTH), None)


def _is_open(folder: Path) -> bool:
    """Whether others may list a folder and what lies in it is theirs to read; one that effnb made is not."""
    needed = stat.S_IROTH | stat.S_IXOTH
    return folder.stat().st_mode & needed == needed


def _first_line(text: bytes) -> str:
    lines = text.decode(errors="replace").strip().splitlines()
    return lines[0][:300] if lines else "it wrote nothing"
