"""Attacks on the sandbox, one at a time. Refuses to start in the mount namespace of whoever launched it.

Run unsandboxed by the administrator, some of these would really hide or change files of the whole machine.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import resource
import signal
import socket
import sys
import termios
from pathlib import Path

CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
PTRACE_ATTACH = 16


def require_private_mounts(launcher_namespace: str) -> None:
    if str(Path("/proc/self/ns/mnt").readlink()) == launcher_namespace:
        sys.exit("refused: hostile fixture needs a private mount namespace")


def libc(function: str, *arguments: object) -> bool:
    """Whether a call of the C library did what it was asked."""
    return getattr(ctypes.CDLL(None, use_errno=True), function)(*arguments) == 0


def secret_file(given: dict) -> bool:
    return given["secret"] in Path(given["secret_file"]).read_text()


def environment(given: dict) -> bool:
    return any(given["secret"] in value for value in os.environ.values())


def environment_of_others(given: dict) -> bool:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and given["secret"].encode() in (folder / "environ").read_bytes():
            return True
    return False


def loopback(given: dict) -> bool:
    with socket.create_connection(("127.0.0.1", given["tcp"]), timeout=2) as connected:
        connected.sendall(b"stolen")
    return True


def udp(given: dict) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.settimeout(2)
        sender.connect(("127.0.0.1", given["udp"]))
        sender.send(b"stolen")
        return sender.recv(10) == b"heard"


def abstract_socket(given: dict) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connected:
        connected.connect("\0" + given["abstract"])
    return True


def container_socket(given: dict) -> bool:
    reached = False
    for path in (given["container_socket"], "/var/run/docker.sock", "/run/podman/podman.sock"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connected:
            reached |= connected.connect_ex(path) == 0
    return reached


def outside_write(given: dict) -> bool:
    written = False
    for folder in (given["writable"], "/usr/lib", "/etc", str(Path(sys.executable).parent), "/"):
        try:
            Path(folder, "effnb-attack").write_text("x")
        except OSError:
            continue
        written = True
    return written


def git_hooks(given: dict) -> bool:
    written = False
    for repository in (given["repository"], "/src"):
        try:
            Path(repository, ".git/hooks/post-commit").write_text("#!/bin/sh\n")
        except OSError:
            continue
        written = True
    return written


def kill(given: dict) -> bool:
    os.kill(given["victim"], signal.SIGTERM)
    return True


def ptrace(given: dict) -> bool:
    return libc("ptrace", PTRACE_ATTACH, given["victim"], 0, 0)


def mount(given: dict) -> bool:
    return libc("mount", b"none", b"/src", b"tmpfs", 0, None) or libc("mount", b"/tmp", b"/usr", None, 4096, None)


def nested_namespace(given: dict) -> bool:
    return libc("unshare", CLONE_NEWUSER)


def mount_in_nested_namespace(given: dict) -> bool:
    return libc("unshare", CLONE_NEWUSER | CLONE_NEWNS) and libc("mount", b"none", b"/src", b"tmpfs", 0, None)


def capabilities(given: dict) -> bool:
    status = Path("/proc/self/status").read_text().splitlines()
    held = any(int(line.split()[1], 16) for line in status if line.startswith(("CapEff", "CapPrm", "CapInh")))
    return held or libc("sethostname", b"attack", 6)


def terminal_injection(given: dict) -> bool:
    reached = False
    for path in ("/dev/tty", "/dev/console", given["terminal"]):
        try:
            terminal = os.open(path, os.O_RDWR)
            fcntl.ioctl(terminal, termios.TIOCSTI, b"x")
        except OSError:
            continue
        reached = True
    return reached


def three_gib(given: dict) -> bool:
    try:
        held = bytearray(3 << 30)
    except MemoryError:
        return False
    held[::4096] = b"x" * len(held[::4096])
    return True


def large_file(given: dict) -> bool:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    for folder in ("/src", "/tmp"):
        with Path(folder, "large").open("wb") as file:
            try:
                for _ in range(300):
                    file.write(b"x" * (1 << 20))
                    file.flush()
            except OSError:
                continue
            return True
    return False


def forks(given: dict) -> bool:
    children = []
    try:
        for _ in range(600):
            child = os.fork()
            if child == 0:
                signal.pause()
            children.append(child)
    except OSError:
        return False
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
    return True


def raised_limits(given: dict) -> bool:
    """Asks for more than it was given."""
    for limit in (resource.RLIMIT_AS, resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE):
        resource.setrlimit(limit, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return True


def left_behind(given: dict) -> bool:
    """Starts a process that tries to outlive the sandbox; what is left is counted outside."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(60)", given["secret"]])
        os._exit(0)
    return False


def main() -> None:
    require_private_mounts(sys.argv[2])
    given = json.loads(sys.stdin.read())
    try:
        succeeded, detail = bool(globals()[sys.argv[1]](given)), ""
    except (OSError, ValueError) as error:
        succeeded, detail = False, str(error)
    sys.stdout.write(
        json.dumps({"attack": sys.argv[1], "succeeded": succeeded, "detail": detail, "nonce": given["nonce"]})
    )


if __name__ == "__main__":
    main()
