"""A JupyterLab of its own for one test: free port, copied notebooks, every Jupyter folder in a temporary home."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 90
QUIET = {"fetchNews": "false", "checkForUpdates": False}


@dataclass(frozen=True)
class Lab:
    """A running server: where it answers, and the folder it serves."""

    base: str
    folder: Path
    log: Path


@contextmanager
def lab_server(folder: Path, *, environment: Mapping[str, str] | None = None) -> Iterator[Lab]:
    """Serve a copy of ``folder`` without a token on loopback until the block ends.

    Notebooks run in live mode unless ``environment`` says otherwise; it is given to the server and its kernels.
    """
    with tempfile.TemporaryDirectory(prefix="effnb-lab-", ignore_cleanup_errors=True) as home:
        copy = Path(home, "work")
        shutil.copytree(folder, copy)
        port = _free_port()
        log = Path(home, "lab.log")
        with log.open("wb") as sink:
            process = subprocess.Popen(
                [sys.executable, "-m", "jupyterlab", *_arguments(port, copy)],
                env=_environment(Path(home), environment or {}),
                cwd=copy,
                stdout=sink,
                stderr=subprocess.STDOUT,
            )
            try:
                base = f"http://127.0.0.1:{port}"
                _wait_until_ready(base, process, log)
                yield Lab(base, copy, log)
            finally:
                process.terminate()
                try:
                    process.wait(timeout=20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def _arguments(port: int, copy: Path) -> list[str]:
    arguments = [
        "--no-browser",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={copy}",
        "--IdentityProvider.token=",
        "--LabApp.news_url=None",
        "--LabApp.extension_manager=readonly",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.expose_app_in_browser=True",
    ]
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*arguments, "--allow-root"] if is_root else arguments


def _environment(home: Path, extra: Mapping[str, str]) -> dict[str, str]:
    folders = {
        "HOME": "",
        "IPYTHONDIR": "ipython",
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    }
    settings = home / "settings/@jupyterlab/apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(QUIET))
    ours = {name: str(home / path) for name, path in folders.items()}
    # The notebooks of this server belong to the copied workspace, whatever workspace the test run was given.
    outside = {name: value for name, value in os.environ.items() if name != "EFFNB_WORKSPACE"}
    return {**outside, **ours, "EFFNB_MODE": "live", **extra}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(base: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{base}/api/status", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.25)
    raise AssertionError(
        f"JupyterLab did not start within {START_SECONDS} s:\n{log.read_text(errors='replace')[-3000:]}"
    )
