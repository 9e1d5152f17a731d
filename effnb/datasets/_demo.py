"""Lays out the demo workspace: repository, context files and ``effnb.toml``."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from effnb.datasets._config_repository import write_config_repository
from effnb.datasets._storefront import SERVED, Storefront
from effnb.domain import Rollout
from effnb.errors import SourceError, SourceUnavailable
from effnb.sources.changes import GitRepository

CONTEXT_FILES = ("config_history.jsonl", "flags.jsonl", "experiments.jsonl", "discussions.jsonl")
CONTEXT_FOLDERS = ("docs", "logs", "workloads")
NOTE = (
    "Recorded: the stacks of every deployed revision of the storefront, by py-spy, and arguments of its hot functions. "
    "Simulated: traffic, hosts and their noise, rollout times, incidents, latency, memory, errors and log volume."
)
TOML = """\
# The demo workspace. `effnb init` writes a commented file like this one for your own services.

[workspace]
name = "storefront (demo)"
own_code = ["storefront"]
note = "{note}"

[sources]
repository = "storefront"
rollouts = "context/rollouts.jsonl"
config_history = "context/config_history.jsonl"
config_repository = "config"
flags = "context/flags.jsonl"
experiments = "context/experiments.jsonl"
discussions = "context/discussions.jsonl"
docs = "context/docs"
logs = "context/logs"
workloads = "context/workloads"

[permissions.approve]
tools = ["open_pull_request"]   # the demo's forge is a repository in this folder, so nothing leaves it

[detect]
threshold = 0.01           # one point of gCPU: 0.4 of forty servers; smaller changes are listed by `effnb suppressed`

[power]
watts_per_server = 350.0   # assumed: a two-socket server at medium load
pue = 1.56                 # industry average, Uptime Institute Global Data Center Survey 2024
price_per_kwh = 0.12       # assumed; put your own contract's price here
currency = "USD"
source = "PUE: Uptime Institute survey 2024; watts and price: assumptions of the demo"

{services}"""

SERVICE_TOML = """\
[services.{service}]
servers = {servers}

[services.{service}.config_override]     # how a replay gets another config value, and another flag
file = "overrides.toml"
arguments = ["--config", "overrides.toml"]

[services.{service}.flag_override]
arguments = ["--flag", "{{key}}={{value}}"]

[services.{service}.endpoints]
{endpoints}
"""


def lay_out_storefront(root: Path, data: Path) -> Storefront:
    """Build repository and context of the demo in an empty or new folder; returns what its traffic is drawn from."""
    apply_history(data, root / "storefront")
    storefront = Storefront(data, GitRepository(root / "storefront"))
    context = root / "context"
    context.mkdir(parents=True, exist_ok=True)
    for name in CONTEXT_FILES:
        shutil.copyfile(data / name, context / name)
    for name in CONTEXT_FOLDERS:
        shutil.copytree(data / name, context / name, dirs_exist_ok=True)
    _write_rollouts(context / "rollouts.jsonl", storefront.rollouts())
    write_config_repository(data / "config_history.jsonl", root / "config")
    services = "\n".join(_service_toml(storefront, service) for service in SERVED)
    (root / "effnb.toml").write_text(TOML.format(note=NOTE, services=services), encoding="utf-8")
    return storefront


def is_demo(root: Path) -> bool:
    """Whether a folder holds a workspace that ``lay_out_storefront`` made, and so may be replaced."""
    try:
        return (root / "effnb.toml").read_text(encoding="utf-8").startswith(TOML.partition("\n")[0])
    except (OSError, UnicodeDecodeError):
        return False


def apply_history(data: Path, destination: Path) -> None:
    """Make the storefront repository from its patches; commit ids are the same on every machine."""
    script = data / "apply.sh"
    try:
        done = subprocess.run(
            ["bash", str(script), str(destination)], capture_output=True, text=True, check=False, env=dict(os.environ)
        )
    except FileNotFoundError as error:
        raise SourceUnavailable(f"cannot run {script.name}: {error.filename} is not installed") from error
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise SourceError(f"cannot build the storefront repository in {destination}: {' '.join(last)}")


def _write_rollouts(path: Path, rollouts: Sequence[Rollout]) -> None:
    path.write_text("".join(row.model_dump_json() + "\n" for row in rollouts), encoding="utf-8")


def _service_toml(storefront: Storefront, service: str) -> str:
    handlers = storefront.handlers(service).items()
    rows = "\n".join(f'{name} = "{handler}"' for name, handler in handlers)
    return SERVICE_TOML.format(service=service, servers=storefront.servers(service), endpoints=rows)
