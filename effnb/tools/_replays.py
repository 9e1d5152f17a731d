"""What a replay in the sandbox needs from a workspace: checkouts, settings of another day, the recorded profile."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from effnb.domain import Fix, Window
from effnb.errors import ConfigError
from effnb.settings import OverrideSettings
from effnb.sources.recorder import checked_out, profiler_path, read_raw
from effnb.tools._histories import service_history
from effnb.verify import Sandbox, ServiceWorkload, Version, profile_similarity

if TYPE_CHECKING:
    from effnb.workspace import Workspace

PROFILE_RATE = 500
PROFILE_SECONDS = 120.0
SPY = 'spy=$1; shift; "$spy" record --format raw --function --full-filenames --subprocesses --rate "$0" '
SPY += '--duration 120 --output /tmp/raw -- "$@" >/dev/null 2>&1; cat /tmp/raw'
INSIDE = Path("/src")
COUNTED = re.compile(r" \d+$")
_similarities: WeakKeyDictionary[Workspace, dict[tuple[str, str], float | None]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Side:
    """A revision of the service, run with or without another setting."""

    revision: str
    arguments: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def version_of(repo: Path, side: Side, workload: ServiceWorkload) -> Iterator[Version]:
    """A checkout of a revision with what its command needs; removed afterwards."""
    with checked_out(repo, side.revision) as tree:
        for name, text in {**workload.files, **side.files}.items():
            (tree / name).write_text(text, encoding="utf-8")
        seeded = any("{requests}" in word for word in workload.command)
        yield Version(
            tree=tree,
            words=(*workload.words()[1:], *side.arguments),
            idle=(*workload.words(requests=1)[1:], *side.arguments) if seeded else None,
            environment=side.environment,
        )


@contextmanager
def versions_of(repo: Path, old: Side, new: Side, workload: ServiceWorkload) -> Iterator[tuple[Version, Version]]:
    """Two of them."""
    with ExitStack() as stack:
        yield (
            stack.enter_context(version_of(repo, old, workload)),
            stack.enter_context(version_of(repo, new, workload)),
        )


def with_setting(revision: str, key: str, value: str, override: OverrideSettings) -> Side:
    """A revision under one value of a config key or flag, as its record has it."""

    def filled(text: str) -> str:
        upper = re.sub(r"[^A-Z0-9]", "_", key.upper())
        return (
            text.replace("{key}", key).replace("{KEY}", upper).replace("{json}", _json(value)).replace("{value}", value)
        )

    return Side(
        revision,
        tuple(filled(word) for word in override.arguments),
        {override.file: filled(override.text)} if override.file else {},
        {filled(name): filled(text) for name, text in override.environment.items()},
    )


def _json(value: str) -> str:
    """What reads as JSON stays as it is, the rest becomes a string."""
    try:
        json.loads(value)
    except ValueError:
        return json.dumps(value, ensure_ascii=False)
    return value


def replay_similarity(
    workspace: Workspace, service: str, window: Window, sandbox: Sandbox, version: Version
) -> float | None:
    """Cosine of one replay's profile with the service's samples in a window; None when either cannot be had.

    The profiler runs inside the sandbox, too, and only looks at what it started itself there.
    """
    recorded = workspace.samples.stack_counts(service, window)
    try:
        spy = profiler_path()
    except ConfigError:
        return None
    words = ["sh", "-c", SPY, str(PROFILE_RATE), spy, sandbox.python, *version.words]
    done = sandbox.run(words, folder=version.tree, seconds=PROFILE_SECONDS, environment=dict(version.environment))
    # A line break in the command's own words would break py-spy's lines, too.
    lines = [line for line in done.stdout.decode(errors="replace").splitlines() if COUNTED.search(line)]
    replayed = read_raw("\n".join(lines), INSIDE).stacks
    return profile_similarity(recorded, replayed)


def base_similarity(workspace: Workspace, fix: Fix, workload: ServiceWorkload, sandbox: Sandbox) -> float | None:
    """Likeness of the workload, at the base of a fix, to the newest quarter of the service's samples.

    Asked once for every base; None without git, without samples or when the command is not Python's.
    """
    repository, service = workspace.repository, workload.service
    if repository is None or fix.kind != "code" or not fix.base or not is_python(workload):
        return None
    if service not in workspace.samples.services():
        return None
    kept = _similarities.setdefault(workspace, {})
    if (service, fix.base) not in kept:
        history = service_history(workspace, service)
        newest = history.window(history.n_buckets * 3 // 4, history.n_buckets)
        with version_of(repository.path, Side(fix.base), workload) as version:
            kept[service, fix.base] = replay_similarity(workspace, service, newest, sandbox, version)
    return kept[service, fix.base]


def is_python(workload: ServiceWorkload) -> bool:
    """Whether the command can be run by our programs in the sandbox."""
    return workload.command[0] in ("python", "python3")
