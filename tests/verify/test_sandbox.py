"""What candidate code must not be able to do, tried: every attack is blocked, and real without its defence."""

from __future__ import annotations

import json
import os
import pty
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from effnb.errors import SandboxError
from effnb.verify import best_sandbox, probe
from effnb.verify._bubblewrap import Bubblewrap
from effnb.verify._sandbox import SandboxLevel, first_strong, probe_level

HOSTILE = Path(__file__).parent / "hostile"
PRIVATE = ["unshare", "--mount", "--propagation", "private", "--"]

ATTACKS = (
    *("secret_file", "environment", "environment_of_others", "loopback", "udp", "abstract_socket"),
    *("container_socket", "outside_write", "git_hooks", "kill", "ptrace", "mount", "nested_namespace"),
    *("mount_in_nested_namespace", "capabilities", "terminal_injection", "three_gib", "large_file", "forks"),
    *("raised_limits", "left_behind"),
)

HOLES = {
    "secret_file": "+--ro-bind {home} {home}",
    "environment": "--clearenv",
    "environment_of_others": "nothing, but bubblewrap itself is started with the whole environment",
    "loopback": "+--share-net",
    "udp": "+--share-net",
    "abstract_socket": "+--share-net",
    "container_socket": "+--bind {home} {home}",
    "outside_write": "+--bind {home} {home}",
    "git_hooks": "+--bind {home} {home}",
    "nested_namespace": "--disable-userns",
    "mount_in_nested_namespace": "--disable-userns",
    "three_gib": "--as=",
    "forks": "--nproc=",
}
"""What has to be taken away, or added with +, for an attack to succeed; the order of flags is bubblewrap's own."""


@pytest.fixture(scope="module")
def sandbox() -> Bubblewrap:
    level = probe_level(Bubblewrap())
    if level.level != "strong":
        pytest.skip(f"no strong sandbox here: {level.reason}")
    can_hide = subprocess.run([*PRIVATE, "true"], capture_output=True, text=True, check=False)
    if can_hide.returncode:
        pytest.skip(f"hostile fixtures need a mount namespace of their own: {can_hide.stderr.strip()}")
    return Bubblewrap()


class Outside:
    """A machine worth attacking: secrets, listeners, a victim, each with what was noticed of an attack."""

    def __init__(self, stack: ExitStack, home: Path) -> None:
        home.chmod(0o777)
        self.home, self.noticed = home, []
        self.secret = secrets.token_hex(8)
        (home / "secret").write_text(f"token={self.secret}")
        (home / "secret").chmod(0o644)
        hooks = home / "repository/.git/hooks"
        hooks.mkdir(parents=True)
        hooks.chmod(0o777)
        (home / "src").mkdir()
        environment = {**os.environ, "EFFNB_TEST_TOKEN": self.secret}
        self.victim = stack.enter_context(
            subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"], env=environment)
        )
        stack.callback(self.victim.kill)
        self.abstract = f"effnb-{secrets.token_hex(4)}"
        self.tcp = self._listen(stack, socket.AF_INET, ("127.0.0.1", 0)).getsockname()[1]
        self._listen(stack, socket.AF_UNIX, "\0" + self.abstract)
        self._listen(stack, socket.AF_UNIX, str(home / "docker.sock"))
        (home / "docker.sock").chmod(0o777)
        self.udp = self._hear(stack)
        self.terminal, slave = pty.openpty()
        self.terminal_name = os.ttyname(slave)
        stack.callback(os.close, self.terminal)
        stack.callback(os.close, slave)

    def _listen(self, stack: ExitStack, family: int, address: object) -> socket.socket:
        listener = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
        listener.bind(address)
        listener.listen()

        def accept() -> None:
            while True:
                try:
                    connected, _ = listener.accept()
                except OSError:
                    return
                self.noticed.append(f"connection to {address!r}")
                connected.close()

        threading.Thread(target=accept, daemon=True).start()
        stack.callback(listener.shutdown, socket.SHUT_RDWR)
        return listener

    def _hear(self, stack: ExitStack) -> int:
        receiver = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(0.2)
        over = threading.Event()

        def hear() -> None:
            while not over.is_set():
                try:
                    _, sender = receiver.recvfrom(10)
                except TimeoutError:
                    continue
                self.noticed.append("datagram")
                receiver.sendto(b"heard", sender)

        listening = threading.Thread(target=hear)
        listening.start()
        stack.callback(listening.join)
        stack.callback(over.set)
        return receiver.getsockname()[1]

    def given(self) -> dict[str, object]:
        return {
            "nonce": secrets.token_hex(8),
            "secret": self.secret,
            "secret_file": str(self.home / "secret"),
            "tcp": self.tcp,
            "udp": self.udp,
            "abstract": self.abstract,
            "container_socket": str(self.home / "docker.sock"),
            "writable": str(self.home),
            "repository": str(self.home / "repository"),
            "victim": self.victim.pid,
            "terminal": self.terminal_name,
        }

    def launch(self, attack: str, without: str = "") -> dict[str, object]:
        given = self.given()
        here = str(Path("/proc/self/ns/mnt").readlink())
        done = subprocess.run(
            [*PRIVATE, sys.executable, HOSTILE / "launch.py", attack, here, self.home / "src", without],
            input=json.dumps(given),
            env={**os.environ, "EFFNB_TEST_TOKEN": self.secret},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        ended = json.loads(done.stdout)
        answer = json.loads(ended["stdout"]) if ended["stdout"].strip() else {"nonce": given["nonce"], **ended}
        assert answer["nonce"] == given["nonce"], ended
        return answer

    def damage(self) -> list[str]:
        """What the attack left behind outside."""
        found = list(self.noticed)
        if self.victim.poll() is not None:
            found.append("the victim was ended")
        found += [str(path) for path in self.home.rglob("*") if path.name in ("effnb-attack", "post-commit")]
        lines = (path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if os.access(path, os.R_OK))
        if any(b"time.sleep(60)" in line and self.secret.encode() in line for line in lines):
            found.append("a process was left")
        return found


@pytest.fixture
def outside(sandbox):
    with ExitStack() as stack:
        # a folder of tmp_path is closed to nobody, so that an attack would fail for another reason
        yield Outside(stack, Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="effnb-outside-"))))


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_attack_is_blocked(outside, attack):
    answer = outside.launch(attack)
    assert answer["attack"] == attack, answer
    assert answer["succeeded"] is False
    assert outside.damage() == []


@pytest.mark.parametrize("attack", HOLES)
def test_without_its_defence_the_attack_succeeds(outside, attack):
    hole = HOLES[attack].format(home=outside.home)
    answer = outside.launch(attack, without=hole)
    assert answer["succeeded"] is True, answer


def test_a_hostile_fixture_refuses_the_launchers_own_namespace(tmp_path):
    here = str(Path("/proc/self/ns/mnt").readlink())
    for program, arguments in (("attack.py", ["environment", here]), ("launch.py", ["environment", here, "/", ""])):
        done = subprocess.run(
            [sys.executable, HOSTILE / program, *arguments], input="{}", capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        assert "refused" in done.stderr


def test_a_run_sees_its_folder_and_loses_what_it_writes(sandbox, tmp_path):
    (tmp_path / "given").write_text("1")
    code = "import os, sys; open('made', 'w'); print(sorted(os.listdir()), os.getuid(), sys.stdin.read())"
    done = sandbox.run([sandbox.python, "-c", code], folder=tmp_path, stdin=b"asked", seconds=20, writable=True)
    uid = 65534 if os.geteuid() == 0 else os.geteuid()
    assert done.stdout.decode() == f"['given', 'made'] {uid} asked\n"
    assert [path.name for path in tmp_path.iterdir()] == ["given"]


def test_a_folder_is_not_writable_unless_asked_for(sandbox, tmp_path):
    done = sandbox.run([sandbox.python, "-c", "open('made', 'w')"], folder=tmp_path, seconds=20)
    assert done.code == 1
    assert b"Read-only file system" in done.stderr


def test_time_cpu_and_output_are_limited(sandbox, tmp_path):
    def run(code: str, seconds: float) -> tuple[str, bool]:
        done = sandbox.run([sandbox.python, "-c", code], folder=tmp_path, seconds=seconds)
        return done.killed_for, done.seconds < seconds + 3

    assert run("import time; time.sleep(30)", 0.5) == ("time", True)
    assert run("import os, time\nwhile True: os.write(1, b'x' * 1000000)", 20) == ("output", True)


def test_the_interpreter_inside_has_the_packages_of_this_one(sandbox, tmp_path):
    done = sandbox.run([sandbox.python, "-c", "import pytest, hypothesis"], folder=tmp_path, seconds=20)
    assert (done.code, done.stderr) == (0, b"")


def test_this_machine_offers_what_it_says(sandbox):
    assert probe() == SandboxLevel(level="strong", reason="10 probes inside were blocked", name=sandbox.name)
    assert best_sandbox() == sandbox


class Leaky(Bubblewrap):
    """A sandbox with a hole."""

    def words(self, *args, **kwargs):
        return [word for word in super().words(*args, **kwargs) if word != "--disable-userns"]


class Absent(Bubblewrap):
    def run(self, *args, **kwargs):
        raise SandboxError("no bwrap on PATH; install bubblewrap")


def test_a_sandbox_with_a_hole_is_partial_and_the_hole_is_named(sandbox):
    level = probe_level(Leaky())
    assert (level.level, level.reason) == ("partial", "not blocked: nested user namespace")
    chosen, tried = first_strong([Absent(), Leaky(), sandbox])
    assert chosen is sandbox
    assert [level.level for level in tried] == ["none", "partial", "strong"]
    assert tried[0].reason == "no bwrap on PATH; install bubblewrap"


def test_no_sandbox_is_no_sandbox():
    assert first_strong([Absent()])[0] is None


def test_an_interpreter_named_through_another_folder_is_found_inside(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    python = f"{os.path.relpath(Path(sys.executable).parent, tmp_path / 'elsewhere')}/python"
    code = "import sys; from effnb.verify import probe; print('..' in sys.executable, probe().level)"
    done = subprocess.run([python, "-c", code], cwd=tmp_path / "elsewhere", capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", probe().level]
