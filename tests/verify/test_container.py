"""The second sandbox, as far as a machine without an engine can tell: its command line, and what it says of itself."""

from __future__ import annotations

import os
import shutil
from itertools import pairwise
from pathlib import Path

import pytest

from effnb.errors import SandboxError
from effnb.verify._container import Container
from effnb.verify._sandbox import probe_level


def words(**more: object) -> list[str]:
    return Container("podman", "image:1").words(
        ["python3", "-c", "x"], folder=Path("/work"), read_only=[Path("/opt/given")], seconds=10, **more
    )


def pairs(command: list[str]) -> set[tuple[str, str]]:
    return set(pairwise(command))


def test_the_command_gives_a_container_nothing():
    command = words()
    assert command[:2] == ["podman", "run"]
    assert {"--rm", "--read-only"} <= set(command)
    assert {
        ("--network", "none"),
        ("--cap-drop", "ALL"),
        ("--security-opt", "no-new-privileges"),
        ("--user", "65534:65534"),
        ("--pids-limit", "200"),
        ("--pull", "never"),
        ("--ulimit", "cpu=21"),
    } <= pairs(command)
    assert not {"--privileged", "--device", "--pid", "--mount"} & set(command)


def test_memory_is_limited_without_swap_on_top():
    assert {("--memory", "1000"), ("--memory-swap", "1000")} <= pairs(words(memory_bytes=1000))


def test_only_the_folder_and_what_is_named_are_shown():
    def shown(command: list[str]) -> list[str]:
        return [value for option, value in pairs(command) if option == "--volume"]

    assert sorted(shown(words())) == ["/opt/given:/opt/given:ro", "/work:/src:ro"]
    assert "/work:/src" in shown(words(writable=True))


def test_the_environment_is_its_own_and_the_image_comes_last():
    command = words(environment={"MODE": "x"})
    given = {value.partition("=")[0] for option, value in pairs(command) if option == "--env"}
    assert given == {"PATH", "HOME", "LC_ALL", "TZ", "PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE", "MODE"}
    assert command[-5:] == ["--entrypoint", "python3", "image:1", "-c", "x"]


def fake_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    client = tmp_path / "docker"
    client.write_text(f"#!/bin/sh\n{script}\n")
    client.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")


def test_a_client_without_an_engine_is_said_to_be_that(tmp_path, monkeypatch):
    said = "docker: Cannot connect to the Docker daemon at unix:///var/run/docker.sock."
    fake_client(tmp_path, monkeypatch, f'echo "{said}" >&2; exit 125')
    level = probe_level(Container())
    assert level.level == "none"
    assert level.reason == f"docker did not start a container: {said}; see `effnb doctor`"


def test_the_client_that_is_installed_answers_without_an_engine(tmp_path):
    if shutil.which("docker") is None:
        pytest.skip("no docker client on PATH")
    if Path("/var/run/docker.sock").exists():
        pytest.skip("an engine runs here")
    assert "did not start a container" in probe_level(Container()).reason


def test_no_client_is_said_too(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert probe_level(Container("podman")).reason == "no podman on PATH; install it, or bubblewrap on Linux"


def test_an_engine_that_starts_nothing_of_ours_is_no_sandbox(tmp_path, monkeypatch):
    fake_client(tmp_path, monkeypatch, "echo hello")
    assert probe_level(Container()).level == "none"


def test_the_exit_status_of_the_command_is_not_the_engines(tmp_path, monkeypatch):
    fake_client(tmp_path, monkeypatch, "exit 3")
    assert Container().run(["python3"], folder=tmp_path, seconds=5).code == 3
    fake_client(tmp_path, monkeypatch, "exit 125")
    with pytest.raises(SandboxError, match="docker did not start"):
        Container().run(["python3"], folder=tmp_path, seconds=5)
