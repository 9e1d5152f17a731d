"""Check ``speed``: the target takes less CPU time on the recorded workload, by more than the control's own spread.

Decides speed only. Processes that hold all three versions (old, new, a copy of the old as control) run two at a time;
intervals come from resampling processes and rounds.
"""

from __future__ import annotations

import random
import shutil
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from pathlib import Path
from typing import Any

from effnb.domain import Check, Interval
from effnb.verify._ask import NoAnswerError, ask
from effnb.verify._candidate import Candidate
from effnb.verify._checks import broken, failed, skipped
from effnb.verify._judge import judge
from effnb.verify._setting_speed import check_setting_speed
from effnb.verify._statistics import excludes_one, ratio_interval
from effnb.verify._workload import FunctionWorkload

PROCESSES = 8
PAIRS = 15
BATCH_NS = 3_000_000
LONGEST_STREAM = 8000
TIMED_CALLS = 2000
ROUNDS = 3
"""How often more processes are added while the answer is open."""
SECONDS = 60
AT_A_TIME = 2
OTHER_THREADS = 0.1
"""CPU time outside the calling thread, as a part of what is spent in it, from which on it counts as hidden work."""


def check_speed(candidate: Candidate) -> Check:
    """Whether the interval of old over new lies above 1 and above the control's."""
    if candidate.fix.kind != "code":
        return check_setting_speed(candidate)
    if candidate.workload is None or not candidate.workload.samples:
        return skipped("speed", "no recorded calls to replay; record them with `effnb record`")
    try:
        ratio, control, nanoseconds = race(candidate, candidate.workload)
    except NoAnswerError as error:
        return broken("speed", f"the race gave no result: {error}")
    candidate.speedup, candidate.control = ratio, control
    if float(str(candidate.answers["elsewhere"])) > OTHER_THREADS:
        return failed("speed", "other threads work while the target is called, so its own CPU time says nothing")
    return judge(candidate, ratio, control, f"{nanoseconds / 1000:.3g} µs a call before")


def race(candidate: Candidate, workload: FunctionWorkload) -> tuple[Interval, Interval, float]:
    """Ratio, control ratio, and nanoseconds of a call before.

    More processes are added while the ratio may or may not lie above the control.

    Raises:
        NoAnswerError: A process gave no result.
    """
    tree = _tree_with_versions(candidate)
    job = _job(candidate, workload)
    ratios: list[list[float]] = []
    controls: list[list[float]] = []
    costs: list[float] = []
    elsewhere: list[float] = []
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        for round_ in range(ROUNDS):
            seeds = range(round_ * PROCESSES, (round_ + 1) * PROCESSES)
            for answer in pool.map(lambda seed: _one(candidate, job, tree, seed), seeds):
                ratios.append(answer["ratios"])
                controls.append(answer["control"])
                costs.append(answer["ns"])
                elsewhere.append(answer["elsewhere"])
            ratio, control = ratio_interval(ratios), ratio_interval(controls)
            if not _is_open(ratio, control):
                break
    candidate.answers["elsewhere"] = sorted(elsewhere)[len(elsewhere) // 2]
    return ratio, control, sorted(costs)[len(costs) // 2]


def _is_open(ratio: Interval, control: Interval) -> bool:
    """Whether more measurements could still change the answer."""
    if excludes_one(control):
        return True
    edge = max(1.0, control.high)
    return ratio.low <= edge < ratio.high and ratio.value > 1.003


def _one(candidate: Candidate, job: dict[str, Any], tree: Path, seed: int) -> dict[str, Any]:
    orders = list(permutations(("old", "new", "copy")))
    return ask(
        candidate.sandbox,
        "race.py",
        {**job, "seed": seed + candidate.policy.seed, "order": orders[seed % len(orders)]},
        folder=tree,
        seconds=SECONDS,
        memory_bytes=candidate.policy.memory_bytes,
    )


def _tree_with_versions(candidate: Candidate) -> Path:
    """The old tree with the new version and a copy of the old beside the target's file."""
    tree = candidate.scratch / "race"
    if not tree.exists():
        shutil.copytree(candidate.old, tree, symlinks=True)
        file = tree / str(candidate.file)
        shutil.copyfile(candidate.new / str(candidate.file), beside(file, "new"))
        shutil.copyfile(candidate.old / str(candidate.file), beside(file, "copy"))
    return tree


def beside(file: Path, name: str) -> Path:
    """Another version of a file, in the same folder so that relative paths and imports hold."""
    return file.with_name(f"{file.stem}__effnb_{name}.py")


def _job(candidate: Candidate, workload: FunctionWorkload) -> dict[str, Any]:
    inside = Path("/src") / str(candidate.file)
    warm, timed = streams(workload, candidate.policy.seed)
    return {
        "module": candidate.module,
        "qualname": candidate.qualname,
        "roots": candidate.roots,
        "files": {"old": str(inside), "new": str(beside(inside, "new")), "copy": str(beside(inside, "copy"))},
        "cases": [sample.model_dump(mode="json", include={"args", "kwargs"}) for sample in workload.samples],
        "shared": workload.shared,
        "fresh": _changes_arguments(candidate),
        "warm": warm,
        "timed": timed,
        "pairs": PAIRS,
        "batch_ns": BATCH_NS,
        "level": "INFO",
    }


def streams(workload: FunctionWorkload, seed: int) -> tuple[list[int], list[int]]:
    """Calls that fill a cache as the service would have, and calls that are timed then.

    The recorded multiset of calls, shuffled and never repeated: a key comes back as often as it did in the recording.
    """
    chooser = random.Random(seed)
    every = [i for i, sample in enumerate(workload.samples) for _ in range(min(sample.n, LONGEST_STREAM))]
    chooser.shuffle(every)
    every = every[:LONGEST_STREAM]
    timed = every[len(every) // 2 :][:TIMED_CALLS]
    before = every[: len(every) - len(every[len(every) // 2 :])]
    warm = list(dict.fromkeys(reversed(before)))[::-1]  # each key once, in the order of its last use
    return warm, timed


def _changes_arguments(candidate: Candidate) -> bool:
    """Whether calls have to be given new arguments each time, because they change them."""
    old = candidate.answers.get("old")
    return not isinstance(old, dict) or bool(old["changes_arguments"])
