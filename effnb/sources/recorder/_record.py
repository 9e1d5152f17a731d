"""Recording: check a revision out, run the command under the profiler, keep stacks and circumstances."""

from __future__ import annotations

import json
import platform
import shlex
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from pydantic import JsonValue

from effnb.errors import BadQuery, EffnbError
from effnb.sources.recorder._pyspy import Sampled, profile_command, profiler_version
from effnb.sources.recorder._recordings import (
    INDEX,
    Recording,
    file_name,
    load_recordings,
    write_index,
    write_whole,
)
from effnb.sources.recorder._stacks import folded_bytes
from effnb.sources.recorder._worktree import checked_out, list_revisions

_indexing = threading.Lock()


class Job(NamedTuple):
    """What is to be recorded, at whichever revision."""

    repo: Path
    words: list[str]
    service: str
    out: Path
    workload: str
    variant: str
    env: dict[str, str]
    files: dict[str, str]
    rate: int
    seconds: float


def record_revision(
    repo: Path,
    revision: str,
    command: str | Sequence[str],
    *,
    service: str,
    out: Path,
    workload: str = "default",
    variant: str = "",
    env: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
    rate: int = 250,
    seconds: float = 60,
) -> Recording:
    """Profile ``command`` at one revision, add the recording to the folder ``out``, and return it.

    ``command`` is split as a shell would split it, but no shell interprets it; a leading ``python`` is the
    interpreter that runs effnb. ``files`` (name → text) are put into the root of the checkout first. The command is
    sampled until it ends, or for ``seconds`` at most. A recording of the same service, workload, revision and variant
    is replaced. Raises ``BadQuery`` for an unknown revision, ``SourceUnavailable`` when ``repo`` is no repository or
    the command fails, ``SourceDenied`` when the profiler may not look at it, ``NotEnoughData`` when no sample fell
    into it.
    """
    (commit,) = list_revisions(repo, [revision])
    words, env, files = _words(command), dict(env or {}), _checked(files or {})
    return _record(Job(repo, words, service, out, workload, variant, env, files, rate, seconds), commit)


def record_range(
    repo: Path,
    revisions: str | Sequence[str],
    command: str | Sequence[str],
    *,
    service: str,
    out: Path,
    workload: str = "default",
    variant: str = "",
    env: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
    rate: int = 250,
    seconds: float = 60,
    jobs: int = 1,
    force: bool = False,
    on_done: Callable[[Recording, bool], None] | None = None,
) -> list[Recording]:
    """Profile ``command`` at each revision and return the recordings, in the order of ``list_revisions``.

    What ``out`` already holds for the same command, variables and files is taken from there unless ``force``: an
    interrupted recording goes on where it stopped. ``on_done`` is told each recording and whether it is new. More
    than one job at a time makes recordings disturb each other; use it where cores are idle.
    """
    words, env, files = _words(command), dict(env or {}), _checked(files or {})
    job = Job(repo, words, service, out, workload, variant, env, files, rate, seconds)
    held = {} if force else {entry.revision: entry for entry in _held(out) if _answers(entry, job)}

    def one(commit: str) -> Recording:
        recording = held.get(commit) or _record(job, commit)
        if on_done:
            on_done(recording, commit not in held)
        return recording

    commits = list_revisions(repo, revisions)
    with ThreadPoolExecutor(max_workers=jobs) if jobs > 1 else nullcontext() as pool:
        return list(pool.map(one, commits) if pool else map(one, commits))


def _record(job: Job, commit: str) -> Recording:
    with checked_out(job.repo, commit) as tree:
        for name, text in job.files.items():
            (tree / name).write_text(text, encoding="utf-8")
        sampled = _profile(job, tree, commit)
    recording = Recording(
        service=job.service,
        workload=job.workload,
        revision=commit,
        variant=job.variant,
        command=tuple(job.words),
        env=job.env,
        files=job.files,
        rate_hz=job.rate,
        seconds=round(sampled.seconds, 2),
        samples=sampled.raw.stacks.total(),
        outside=sampled.raw.outside,
        python=platform.python_version() if _is_python(job.words[0]) else "",
        profiler=profiler_version(),
        recorded_at=datetime.now(UTC),
        output=_last_json(sampled.stdout),
        file=file_name(job.service, job.workload, commit, job.variant),
        folder=job.out,
    )
    _keep(recording, folded_bytes(sampled.raw.stacks))
    return recording


def _profile(job: Job, tree: Path, commit: str) -> Sampled:
    command = [sys.executable, *job.words[1:]] if _is_python(job.words[0]) else job.words
    try:
        return profile_command(command, tree, rate=job.rate, seconds=job.seconds, env=job.env)
    except EffnbError as error:
        raise type(error)(f"recording revision {commit[:12]}: {error}") from error


def _answers(entry: Recording, job: Job) -> bool:
    """Whether a recording that lies in the folder is one this job would make."""
    asked = (job.service, job.workload, job.variant, tuple(job.words), job.env, job.files)
    made = (entry.service, entry.workload, entry.variant, entry.command, entry.env, entry.files)
    return asked == made and (job.out / entry.file).exists()


def _checked(files: Mapping[str, str]) -> dict[str, str]:
    for name in files:
        if Path(name).name != name:
            raise BadQuery(f"cannot put {name!r} into the checkout; give a plain file name")
    return dict(files)


def _words(command: str | Sequence[str]) -> list[str]:
    try:
        words = shlex.split(command) if isinstance(command, str) else list(command)
    except ValueError as error:
        raise BadQuery(f"cannot split the command {command!r}: {error}; check its quotes") from error
    if not words:
        raise BadQuery('the command is empty; pass one, e.g. --cmd "python -m service.workload"')
    return words


def _is_python(word: str) -> bool:
    return word in ("python", "python3")


def _held(out: Path) -> list[Recording]:
    return load_recordings(out) if (out / INDEX).exists() else []


def _keep(recording: Recording, data: bytes) -> None:
    out = recording.folder
    with _indexing:
        write_whole(out / recording.file, data)
        write_index(out, [*(entry for entry in _held(out) if entry.key != recording.key), recording])


def _last_json(stdout: str) -> JsonValue:
    lines = stdout.strip().splitlines()
    try:
        value: JsonValue = json.loads(lines[-1]) if lines else None
    except ValueError:
        return None
    return value
