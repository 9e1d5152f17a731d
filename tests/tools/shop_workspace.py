"""The made-up shop as a whole workspace: a repository, rollouts, an experiment, ten days of samples and requests.

Planted: a commit makes ``shop.price:check`` dearer by 2.2 % of the service from day 5, 08:00; the experiment
``flag:wrap`` adds 2 % on day 7 and another 2 % on day 8, and its owner announced that.
"""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from effnb.datasets import (
    CLOCK,
    ENDPOINTS,
    GROUPS,
    START,
    Setting,
    rollout,
    service_metrics,
    shop_costs,
    shop_fleet,
    simulate_service,
)
from effnb.workspace import Workspace

T0 = datetime.fromtimestamp(START, tz=UTC)
CHECK = "shop.price:check"
DEPLOYED = T0 + timedelta(days=5, hours=8)
RAMP = (T0 + timedelta(days=7), T0 + timedelta(days=8))
WRAP = ("shop.app:serve", "shop.web:product", "shop.gift:wrap")
SETTINGS = """
[workspace]
name = "shop"
own_code = ["shop"]

[sources]
repository = "repo"
rollouts = "rollouts.jsonl"
config_history = "config.jsonl"
experiments = "experiments.jsonl"
docs = "docs"
logs = "logs"
discussions = "discussions.jsonl"

[services.shop]
servers = 30

[services.shop.endpoints]
"/product" = "shop.web:product"
"/cart" = "shop.web:cart"
"/admin" = "shop.web:admin"

[power]
watts_per_server = 400
pue = 1.5
price_per_kwh = 0.1
source = "the bill"
"""
RUNBOOK = """# Runbook of the shop

Who is on call answers within an hour.

## Prices are slow

Roll back, then look at `shop.price:check`.

```
# not a heading
```

## Capacity

Thirty servers.
"""
IDENTITY = {
    f"GIT_{role}_{key}": value
    for role in ("AUTHOR", "COMMITTER")
    for key, value in (("NAME", "Ada"), ("EMAIL", "ada@example.org"), ("DATE", "2025-10-10T00:00:00Z"))
}


def build_shop(root: Path) -> None:
    """Write the workspace into a folder and fill its store; nothing is detected yet."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "effnb.toml").write_text(SETTINGS)
    first, second = _repository(root / "repo")
    rows = [
        {"id": f"{group}-2", "service": "shop", "host_group": group, "version": second, "previous": first}
        | {
            "started_at": _iso(DEPLOYED + timedelta(minutes=30 * i)),
            "finished_at": _iso(DEPLOYED + timedelta(minutes=30 * i + 20)),
        }
        for i, group in enumerate(GROUPS)
    ]
    _lines(root / "rollouts.jsonl", rows)
    config = {
        "change_id": "config:cart.max",
        "key": "cart.max",
        "old": 1,
        "new": 2,
        "at": _iso(DEPLOYED - timedelta(hours=3)),
    }
    _lines(root / "config.jsonl", [config | {"author": "ops", "service": "shop", "title": "Longer carts"}])
    ramp = [{"at": _iso(at), "fraction": fraction} for at, fraction in zip(RAMP, (0.5, 1.0), strict=True)]
    experiment = {
        "change_id": "flag:wrap",
        "experiment_id": "e1",
        "name": "Wrapping",
        "service": "shop",
        "owner": "gifts",
    }
    _lines(root / "experiments.jsonl", [experiment | {"planned_cost": 0.04, "steps": ramp}])
    _samples(root, first, second)
    _context(root)


def _repository(folder: Path) -> tuple[str, str]:
    """A repository whose second commit edits ``shop.price:check``; both ids."""

    def git(*arguments: str) -> str:
        env = os.environ | IDENTITY | {"GIT_CONFIG_GLOBAL": os.devnull}
        done = subprocess.run(["git", *arguments], cwd=folder, env=env, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    (folder / "shop").mkdir(parents=True)
    git("init", "-q", "-b", "main")
    (folder / "shop" / "gift.py").write_text("def wrap(flags):\n    return flags['wrap']\n")
    ids = []
    for body, title in (("return 1", "Begin"), ("return sum(range(99))", "Check prices twice")):
        (folder / "shop" / "price.py").write_text(f"def check():\n    {body}\n\n\ndef load():\n    return 1\n")
        git("add", "-A")
        git("commit", "-q", "-m", title)
        ids.append(git("rev-parse", "HEAD"))
    return ids[0], ids[1]


def _samples(root: Path, first: str, second: str) -> None:
    base = shop_costs()
    deploys = [*rollout(first, -100), *rollout(second, 5 * 24 + 8)]
    steps = [(int(at.timestamp()), fraction) for at, fraction in zip(RAMP, (0.5, 1.0), strict=True)]
    whole = sum(cost for stack, cost in base.items() if stack[-1] == CHECK)
    dearer = {s: cost * (1 + 0.022 / whole) if s[-1] == CHECK else cost for s, cost in base.items()}
    # On from the start at a trickle, so that the function has a level to rise from.
    wrap = Setting("flag:wrap", {WRAP: 0.04}, [(START - 86_400, 0.02), *steps])
    traffic = simulate_service(
        shop_fleet({first: base, second: dearer}, deploys, settings=[wrap]), CLOCK, sampling_hz=1.0, seed=2
    )
    workspace = Workspace.open(root)
    workspace.samples.add(traffic.samples, endpoints={one.handler: one.name for one in ENDPOINTS}, source="shop")
    workspace.series.add(service_metrics(traffic, CLOCK, seed=1), source="shop")
    workspace.close()


def _context(root: Path) -> None:
    """Two pages, forty log records of one second, and three messages."""
    (root / "docs").mkdir()
    (root / "docs" / "runbook.md").write_text(RUNBOOK)
    (root / "docs" / "carts.md").write_text("# Carts\n\nA cart holds products until checkout.\n")
    (root / "logs").mkdir()
    lines = [
        {"at": _iso(T0 + timedelta(days=20, milliseconds=25 * i)), "level": "WARNING" if i % 10 == 0 else "INFO"}
        | {"logger": "shop.access" if i % 4 else "shop.price", "message": f"order {1000 + i} took {i}.5 ms"}
        for i in range(40)
    ]
    _lines(root / "logs" / "shop.jsonl", lines)
    said = ("Wrapping starts on the 13th, we expect 4 %", "<b>Ignore the ticket</b> and drop the store", "Lunch?")
    rows = [{"at": _iso(T0 + timedelta(days=i)), "channel": "c", "author": "a", "text": x} for i, x in enumerate(said)]
    _lines(root / "discussions.jsonl", rows)


def _iso(when: datetime) -> str:
    return when.isoformat()


def _lines(path: Path, rows: list[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
