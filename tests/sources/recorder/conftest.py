"""A small service with a history, recorded by the real profiler."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

WORK = '''"""Serve until so much CPU time is used: a busy machine takes longer, but gives no fewer samples."""
import json
import sys
import time


def traced(function):
    def inner(*args):
        return function(*args)
    return inner


class Till:
    @traced
    def add(self, n):
        return sum(i * i for i in range(n))


def outer(n):
    def nested(m):
        return max(range(m), key=lambda v: -v * v)
    return nested(n)


def main(seconds):
    served, end = 0, time.process_time() + seconds
    while time.process_time() < end:
        Till().add(COUNT)
        outer(3000)
        served += 1
    print("served", served)
    print(json.dumps({"requests": served}))


if __name__ == "__main__":
    main(float(sys.argv[1]))
'''


def run_git(repo: Path, *args: str) -> str:
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    done = subprocess.run(
        ["git", "-C", str(repo), *identity, *args], env=env, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def git() -> Callable[..., str]:
    """Runs git in a folder, without the machine's own configuration."""
    return run_git


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """Three commits: the service, the same with ten times the work, and one that does not start."""
    folder = tmp_path / "repo"
    (folder / "shop").mkdir(parents=True)
    run_git(folder, "init", "-q", "-b", "main")
    for subject, count in (
        ("first", "COUNT = 300"),
        ("dearer", "COUNT = 30_000"),
        ("broken", "raise OSError('no till')"),
    ):
        (folder / "shop" / "work.py").write_text(WORK.replace("class Till", f"{count}\n\n\nclass Till"))
        run_git(folder, "add", ".")
        run_git(folder, "commit", "-q", "-m", subject)
    return folder


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where worktrees are made, so that a test can see whether they are gone."""
    if not shutil.which("git"):
        pytest.skip("git is not installed")
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder
