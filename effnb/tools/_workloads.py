"""Records a workload: the command that drives a service, and with which arguments its hot functions are called."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from effnb.sources.recorder import Recording, checked_out
from effnb.verify import (
    FunctionWorkload,
    ServiceWorkload,
    capture_calls,
    load_service_workload,
    write_function_workload,
    write_service_workload,
)

FLOOR = 0.01
"""gCPU from which a function is hot: one point, the usual threshold of a report."""


def record_workload(
    repo: Path,
    recording: Recording,
    out: Path,
    *,
    floor: float = FLOOR,
    command: Sequence[str] | None = None,
    requests: int | None = None,
    seconds: float = 300.0,
) -> tuple[ServiceWorkload, list[FunctionWorkload]]:
    """Run a recorded command once more and write its workload to ``out/<service>``, in place of an older one.

    Functions of the repository with gCPU ≥ ``floor`` in the recording are looked at. ``command`` may have the words
    ``{seed}`` and ``{requests}``; by default it is the recorded one. Errors are those of ``capture_calls``.
    """
    service = ServiceWorkload(
        service=recording.service,
        command=tuple(command or recording.command),
        revision=recording.revision,
        files=recording.files,
        requests=requests,
    )
    with checked_out(repo, recording.revision) as tree:
        for name, text in recording.files.items():
            (tree / name).write_text(text, encoding="utf-8")
        captured = capture_calls(
            service.words(),
            tree,
            hot_functions(recording, floor),
            service=recording.service,
            revision=recording.revision,
            env=recording.env,
            seconds=seconds,
        )
    service = service.model_copy(update={"not_replayable": captured.refused})
    folder = out / recording.service
    for old in folder.glob("*.jsonl*"):
        old.unlink()
    for workload in captured.workloads:
        write_function_workload(folder, workload)
    write_service_workload(folder, service)
    return service, list(captured.workloads)


def has_workload(recording: Recording, out: Path, command: Sequence[str] | None = None) -> bool:
    """Whether ``out`` holds the workload of this very recording, or of another command at its revision."""
    folder = out / recording.service
    if not (folder / "workload.json").exists():
        return False
    held = load_service_workload(folder)
    asked = (recording.revision, tuple(command or recording.command), recording.files)
    return (held.revision, held.command, held.files) == asked


def hot_functions(recording: Recording, floor: float = FLOOR) -> list[str]:
    """Functions with at least this share of the recording's samples, dearest first."""
    shares = recording.profile().gcpu()
    return sorted((name for name, share in shares.items() if share >= floor), key=lambda name: -shares[name])
