"""``effnb init`` and ``effnb lab``: a new workspace, and JupyterLab on the notebooks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from effnb.errors import ConfigError
from effnb.settings import FILE_NAME

TEMPLATE = """\
# effnb.toml: what this workspace is and where its data comes from. Paths are relative to this file.
# Commands find it upward from where they are called. Unknown keys are refused with the nearest known one.

[workspace]
name = "{name}"
# own_code = ["myservice"]        # module prefixes of your code: a regression is named after such a function
# bucket_seconds = 1800           # profiles are counted in buckets of this width

[sources]
# repository = "."                # git repository whose commits are deployed: needed to name a commit as cause
# rollouts = "rollouts.jsonl"     # a line: id, service, host_group, version, previous, started_at, finished_at
# config_history = "config.jsonl" # a line: change_id (config:KEY), key, old, new, at, author, service, title
# config_repository = "../settings" # git repository of the settings in force: a fix of a setting is a change there
# flags = "flags.jsonl"
# experiments = "experiments.jsonl"
# docs = "docs"                   # Markdown pages; repository_docs = "docs" for those inside the repository
# logs = "logs"                   # SERVICE.jsonl, SERVICE.log or SERVICE.journal
# discussions = "chat.jsonl"      # a line: at, channel, author, text
# kubernetes = "rs.json"          # kubectl get rs,deploy -o json
# config_files = {{ "config/defaults.toml" = "*" }}  # files in the repository → the service that reads each
# workloads = "workloads"         # folder that `effnb record` wrote: what a fix or a suspected cause is replayed with

# [sources.prometheus]
# url = "http://127.0.0.1:9090"
# token_env = "PROMETHEUS_TOKEN"  # name of the environment variable, never the token
# step_seconds = 1800
# [sources.prometheus.queries]
# requests = "sum by (service, endpoint) (increase(http_requests_total[30m]))"

# [sources.pyroscope]
# url = "http://127.0.0.1:4040"
# services = {{ web = '{{service_name="web"}}' }}

# [sources.github]
# repository = "owner/name"
# token_env = "GITHUB_TOKEN"
# deployments = true              # environments are services, or SERVICE/HOSTGROUP
# discussions = true              # pull requests and comments

# [sources.flagd]                 # experiments from an OpenFeature flag definition in the repository
# file = "flags.json"
# service = "web"

# [services.web]
# servers = 40                    # turns gCPU into servers-equivalent
# [services.web.config_override]  # how `effnb confirm` runs the service with another config value
# file = "overrides.toml"
# arguments = ["--config", "overrides.toml"]
# [services.web.endpoints]        # endpoint → handler; with the metric `requests`, tells traffic mix from cost
# "/product" = "myservice.web:product_page"

[detect]
# preset = "small-fleet"          # kind of workload, see docs/stages/presets.md; [services.NAME.detect] for one service
# threshold = {threshold}             # smallest lasting rise that is reported, as a share of the service's samples

# [verify]                        # when a fix counts as proved
# min_saved_share = 0.001         # smallest saving worth a change, as a share of the service's CPU

# [forge]                         # where fixes are offered; without it a bare repository below .effnb
# kind = "github"
# repository = "acme/shop"
# token_env = "GITHUB_TOKEN"      # name of the environment variable, never the token
# [forge.logins]
# "ana@example.org" = "ana"       # author of a commit → login that is asked to review

# [agent]
# model = "local"                 # only for --mode guided and free; playbooks need no language model
# [models.local]
# kind = "openai"                 # or anthropic, ollama; most servers are compatible with openai
# name = "model-name"
# base_url = "http://127.0.0.1:8000/v1"
# token_env = "MODEL_KEY"         # name of the environment variable, never the key
# requests = 50                   # limits of one run; also tool_calls, tokens, and money with price_in and price_out

# [skills]
# paths = ["../our-skills"]       # besides the folder skills here; those of others wait for `effnb skill pin`

# [mcp.servers.tickets]           # tools of another program; they wait for a person until they are trusted
# command = "tickets-mcp"         # or url = "http://127.0.0.1:8001/mcp"
# env = ["TICKETS_TOKEN"]         # variables it may see
# trusted_read = ["find_ticket"]  # its tools that only read

# [permissions.agent]             # runs of skills; also .user, .mcp (other programs), .agents.NAME, .users.NAME
# allow = ["read", "propose"]     # free; what is in ask waits for `effnb approve`
# ask = ["write"]
# services = ["web"]              # all when left out
# [permissions.approve]
# tools = []                      # approved in advance, for jobs that nobody watches

# [power]                         # constants for kW, MWh and money; say where you took them from
# watts_per_server = 350.0
# pue = 1.5
# price_per_kwh = 0.12
# currency = "USD"
# source = "our data centre's bill, 2026"
"""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(init)
    app.command()(lab)


def init(folder: Annotated[Path, typer.Argument(help="Folder of the new workspace.")] = Path()) -> None:
    """Write a commented effnb.toml; an existing one is never overwritten."""
    from effnb.settings import DetectSettings
    from effnb.store._files import write_text

    path = folder / FILE_NAME
    if path.exists():
        raise ConfigError(f"{path} exists already; edit it, or choose another folder")
    name = folder.resolve().name.replace("\\", "").replace('"', "") or "workspace"
    try:
        write_text(path, TEMPLATE.format(name=name, threshold=DetectSettings().threshold))
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}; choose another folder") from error
    typer.echo(f"wrote {path}\nnext: effnb ingest PATH… --service NAME, then effnb detect")


def lab(
    folder: Annotated[Path, typer.Argument(help="Folder to open; the notebooks are copied there.")] = Path(),
) -> None:
    """Open JupyterLab on the notebooks, copied into FOLDER/notebooks unless they are there."""
    from effnb.datasets import bundled

    if not folder.is_dir():
        raise ConfigError(f"no folder {folder}; `effnb demo` makes one with a workspace")
    notebooks = folder / "notebooks"
    notebooks.mkdir(exist_ok=True)
    for source in sorted(bundled("notebooks").glob("*.ipynb")):
        if not (notebooks / source.name).exists():
            shutil.copyfile(source, notebooks / source.name)
    first = "notebooks/00_start_here.ipynb"
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    options = ["--allow-root"] if is_root else []  # Jupyter refuses root otherwise; in a container there is nobody else
    command = [sys.executable, "-m", "jupyter", "lab", "--ip=127.0.0.1", *options, first]
    subprocess.run(command, cwd=folder, check=False, env=dict(os.environ))
