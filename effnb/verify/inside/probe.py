"""Runs inside a sandbox and tries what candidate code must not be able to do; prints what was blocked.

Everything tried here is harmless when it succeeds: the real attacks are the tests' business.
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import sys
from collections.abc import Callable

CLONE_NEWUSER = 0x10000000
EXPECTED = {"PATH", "HOME", "LC_ALL", "LC_CTYPE", "TZ", "PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE", "PWD", "HOSTNAME"}


def succeeds(action: Callable[[], object]) -> bool:
    """Whether the action raised nothing and returned something true."""
    try:
        return bool(action())
    except OSError:
        return False


def is_root() -> bool:
    """Whether the system sees us as its administrator."""
    return os.geteuid() == 0


def has_interfaces() -> bool:
    """Whether there is any network interface but the loopback."""
    return any(name != "lo" for _, name in socket.if_nameindex())


def can_write(path: str) -> bool:
    """Whether a new file can be made there."""
    name = os.path.join(path, f"effnb-probe-{os.getpid()}")  # the standard library alone, kept small
    os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    os.unlink(name)
    return True


def can_nest() -> bool:
    """Whether a user namespace can be made; tried in a child, which ends with it."""
    child = os.fork()
    if child == 0:
        os._exit(0 if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER) == 0 else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def has_capabilities() -> bool:
    """Whether any capability is held."""
    with open("/proc/self/status", encoding="ascii") as file:
        held = [line.split()[1] for line in file if line.startswith(("CapEff", "CapPrm"))]
    return any(int(mask, 16) for mask in held)


def sees_others() -> bool:
    """Whether processes outside can be seen."""
    others = [name for name in os.listdir("/proc") if name.isdigit() and int(name) not in (1, os.getpid())]
    return len(others) > 1


def main() -> None:
    """Try everything and print one JSON value."""
    tried: dict[str, Callable[[], object]] = {
        "administrator": is_root,
        "network interfaces": has_interfaces,
        "writing to /usr": lambda: can_write("/usr"),
        "writing to /etc": lambda: can_write("/etc"),
        "nested user namespace": can_nest,
        "capabilities": has_capabilities,
        "other processes": sees_others,
        "passwords": lambda: os.access("/etc/shadow", os.R_OK),
        "environment": lambda: set(os.environ) - EXPECTED,
        "container socket": lambda: os.access("/var/run/docker.sock", os.F_OK),
    }
    blocked = {name: not succeeds(action) for name, action in tried.items()}
    print(json.dumps({"nonce": sys.argv[1], "blocked": blocked}))  # noqa: T201


main()
