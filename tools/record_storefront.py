"""Make the demo service's recordings again: every release of every service, every setting that changed, one twice.

Usage: ``python tools/record_storefront.py OUT [--force]``. What ``OUT`` holds is kept: a stopped run goes on.
Recordings of releases that are no longer in the plan are removed. Beside ``OUT``, in ``workloads``, the newest release
of every service is recorded as a workload: the command that drives it, and the arguments of its hot functions.
"""

from __future__ import annotations

import json
import random
import shlex
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from effnb.datasets import SERVED, Storefront, apply_history
from effnb.sources.changes import GitRepository
from effnb.sources.recorder import Recording, drop_recordings, load_recordings, record_range
from effnb.tools import has_workload, record_workload

DATA = Path(__file__).resolve().parents[1] / "data" / "storefront"
# The same requests at every revision, so that recordings differ by sampling and the machine alone; about 8 s each.
COMMAND = "python -m storefront.workload --service {service} --requests {requests} --seed 1"
REQUESTS = {"web": 20_000, "search": 10_000, "jobs": 8_000}
# A replay is made many times over; about 1 s each.
REPLAYED = "python -m storefront.workload --service {service} --requests {{requests}} --seed {{seed}}"
REPLAYED_REQUESTS = {"web": 3_000, "search": 1_500, "jobs": 1_200}
RATE = 500
REPEAT = "#"
SETTING_REPEATS = 4
OVERRIDES = "overrides.toml"


class Wanted(NamedTuple):
    """One recording that is shipped."""

    service: str
    revision: str
    variant: str = ""
    arguments: str = ""
    overrides: str = ""


def main() -> None:
    """Build the service's repository, record what is wanted, remove the rest."""
    out, force = Path(sys.argv[1]), "--force" in sys.argv[2:]
    with tempfile.TemporaryDirectory() as scratch:
        repo = Path(scratch) / "storefront"
        apply_history(DATA, repo)
        plain = recordings_of(Storefront(DATA, GitRepository(repo)))
        wanted = [one for each in plain for one in repeated(each)]
        # In random order a machine that slowly warms up does not look like a history that slowly gets dearer.
        random.Random(1).shuffle(wanted)
        for number, one in enumerate(wanted, start=1):
            sys.stderr.write(f"{number}/{len(wanted)} ")
            record_range(
                repo,
                [one.revision],
                COMMAND.format(service=one.service, requests=REQUESTS[one.service]) + one.arguments,
                service=one.service,
                variant=one.variant,
                files={OVERRIDES: one.overrides} if one.overrides else {},
                out=out,
                rate=RATE,
                force=force,
                on_done=say,
            )
        record_workloads(repo, out, force)
    keys = {(one.service, one.revision, one.variant) for one in wanted}
    dropped = drop_recordings(out, lambda made: (made.service, made.revision, made.variant) not in keys)
    sys.stderr.write(f"{len(wanted)} recordings in {out}, {len(dropped)} old ones removed\n")


def record_workloads(repo: Path, out: Path, force: bool) -> None:
    """The newest release of every service, as a workload; one that is there is kept."""
    head = json.loads((DATA / "plan.json").read_text(encoding="utf-8"))["head"]
    workloads = out.parent / "workloads"
    for recording in load_recordings(out):
        if recording.revision != head or recording.variant:
            continue
        command = shlex.split(REPLAYED.format(service=recording.service))
        if has_workload(recording, workloads, command) and not force:
            continue
        requests = REPLAYED_REQUESTS[recording.service]
        service, functions = record_workload(repo, recording, workloads, command=command, requests=requests)
        left = len(service.not_replayable)
        sys.stderr.write(f"{service.service} workload: {len(functions)} functions, {left} not replayable\n")


def recordings_of(storefront: Storefront) -> Iterator[Wanted]:
    """Every release of every service; the first once more, to see how far recordings of equal code differ; settings."""
    for service in SERVED:
        for release in storefront.releases:
            yield Wanted(service, release.sha)
        yield Wanted(service, storefront.releases[0].sha, "again")
    for change in storefront.plan["config_changes"]:
        # JSON's strings, numbers and booleans are TOML's too.
        override = f"{change['key']} = {json.dumps(change['new'], ensure_ascii=False)}\n"
        yield changed(storefront, change, f" --config {OVERRIDES}", override)
    switched_on = {flag["flag"]: flag for flag in reversed(storefront.plan["flags"]) if flag["new_fraction"] > 0}
    for flag in switched_on.values():
        yield changed(storefront, flag, f" --flag {flag['flag']}=on")


def repeated(wanted: Wanted) -> list[Wanted]:
    """A setting is recorded several times, for there are no neighbouring revisions to pool it with."""
    if not wanted.variant.startswith(("config:", "flag:")):
        return [wanted]
    return [wanted, *(wanted._replace(variant=f"{wanted.variant}{REPEAT}{n}") for n in range(2, SETTING_REPEATS + 1))]


def changed(storefront: Storefront, change: dict[str, Any], arguments: str, overrides: str = "") -> Wanted:
    """The release a setting met, run with the setting."""
    at = datetime.fromisoformat(change["at"])
    running = [release.sha for release in storefront.releases if release.at <= at][-1]
    return Wanted(change["service"], running, change["change_id"], arguments, overrides)


def say(recording: Recording, is_new: bool) -> None:
    """One line a recording."""
    what = f"{recording.samples:,} samples" if is_new else "kept"
    sys.stderr.write(f"{recording.service} {recording.revision[:12]} {recording.variant or 'plain'}: {what}\n")


if __name__ == "__main__":
    main()
