"""Runs inside the sandbox: old and new code side by side in one process, timed in CPU time.

Decides speed only; what the calls return was judged elsewhere, in separate processes. Every version is loaded from a
file of its own, in an order that changes from process to process, because where code lies in memory is worth a few per
cent. A copy of the old code runs along as control.
"""

from __future__ import annotations

import os
import sys

ANSWER = os.dup(1)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

import gc
import importlib
import importlib.util
import json
import logging
import math
import random
import types
from collections import OrderedDict, deque
from contextlib import suppress
from time import process_time_ns as all_threads
from time import thread_time_ns as clock  # bound before candidate code is loaded
from typing import Any

write, dumps, log, shuffle = os.write, json.dumps, math.log, random.Random.shuffle
NAMES = ("old", "new", "copy")


def load(path: str, name: str) -> types.ModuleType:
    """A module from a file, under a given name."""
    inside = [os.path.dirname(path)] if os.path.basename(path).startswith("__init__") else None
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=inside)
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    sys.modules[name] = module
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    return module


class Version:
    """One version of the target: its module, its function, and the state to go back to before each measurement."""

    def __init__(self, job: dict[str, Any], path: str) -> None:
        self.module = load(path, job["module"])
        self.owner: object = self.module
        *outer, self.name = job["qualname"].split(".")
        for part in outer:
            self.owner = getattr(self.owner, part)
        found = vars(self.owner)[self.name]
        self.is_property = isinstance(found, property) or type(found).__name__ == "cached_property"
        self.call = self._property if self.is_property else getattr(self.owner, self.name)
        self.kept: list[tuple[Any, Any]] = [(value, _copy(value)) for value in self._containers()]
        self.caches = [value for value in self._reach() if hasattr(value, "cache_clear")]
        self.remembers = bool(self.caches) or self.is_property

    def _property(self, holder: object) -> object:
        return getattr(holder, self.name)

    def _reach(self) -> list[Any]:
        held = list(vars(self.module).values())
        held += [inner for value in held if isinstance(value, type) for inner in vars(value).values()]
        own = [value for value in held if getattr(value, "__module__", None) == self.module.__name__]
        return own + [value for value in held if isinstance(value, (dict, list, set, deque))]

    def _containers(self) -> list[Any]:
        found = [value for value in self._reach() if isinstance(value, (dict, list, set, deque))]
        for value in self._reach():
            inner = getattr(value, "__wrapped__", value)
            if isinstance(inner, types.FunctionType):
                found += [one for one in inner.__defaults__ or () if isinstance(one, (dict, list, set, deque))]
                found += [one for one in vars(inner).values() if isinstance(one, (dict, list, set, deque))]
                cells = [cell.cell_contents for cell in inner.__closure__ or ()]
                found += [one for one in cells if isinstance(one, (dict, list, set, deque))]
        return found

    def notice(self) -> None:
        """After some calls: whether anything was remembered outside the caches of functools."""
        self.remembers = self.remembers or any(len(value) != len(before) for value, before in self.kept)

    def reset(self) -> None:
        """Forget what earlier calls left behind: a replay must meet the cache as the service does."""
        for value, before in self.kept:
            if len(value) != len(before):
                value.clear()
                (value.update if isinstance(value, (dict, set)) else value.extend)(before)
        for cached in self.caches:
            cached.cache_clear()


def _copy(value: Any) -> Any:
    return OrderedDict(value) if isinstance(value, OrderedDict) else type(value)(value)


class Replay:
    """Recorded calls for one version, decoded with its own classes."""

    def __init__(self, job: dict[str, Any], codec: types.ModuleType, version: Version) -> None:
        self.version, self.codec, self.job = version, codec, job
        self.fresh = job["fresh"]
        self.shared: dict[str, object] = {}
        self.ready = [] if self.fresh else [self._decoded(case) for case in job["cases"]]

    def _value(self, data: object) -> object:
        if isinstance(data, dict) and data.get("$") == "use":
            if self.fresh:
                return self.codec.decode(self.job["shared"][data["key"]], self._resolve)
            if data["key"] not in self.shared:
                self.shared[data["key"]] = self.codec.decode(self.job["shared"][data["key"]], self._resolve)
            return self.shared[data["key"]]
        return self.codec.decode(data, self._resolve)

    def _decoded(self, case: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        args = [self._value(value) for value in case["args"]]
        return args, {name: self._value(value) for name, value in case.get("kwargs", {}).items()}

    def _resolve(self, name: str) -> object:
        module, _, path = name.partition(":")
        if module != self.job["module"]:
            return self.codec.resolve_name(name)
        found: object = self.version.module
        for part in path.split("."):
            found = getattr(found, part)
        return found

    def calls(self, indices: list[int]) -> list[Any]:
        """Arguments of some calls; new ones where the function changes what it is given."""
        if self.fresh:
            return [self._decoded(self.job["cases"][i]) for i in indices]
        return [self.ready[i] for i in indices]


def cost(replay: Replay, warm: list[int], timed: list[int], rounds: int) -> float:
    """CPU nanoseconds of one call, in the state that the calls before it leave.

    Where nothing is remembered, the rounds follow each other without a break, which is steadier.
    """
    spent = 0
    if not replay.version.remembers and not replay.fresh:
        ready = replay.calls(timed)
        return run(replay.version.call, ready * rounds) / (rounds * len(timed))
    for _ in range(rounds):
        replay.version.reset()
        for args, kwargs in replay.calls(warm):
            quietly(replay.version.call, args, kwargs)
        spent += run(replay.version.call, replay.calls(timed))
    return spent / (rounds * len(timed))


def run(call: Any, ready: list[Any]) -> int:
    """CPU nanoseconds of some calls."""
    if not any(kwargs for _, kwargs in ready):
        start = clock()
        try:
            for args, _ in ready:
                call(*args)
            return clock() - start
        except Exception:  # noqa: S110  # one of these calls raises, as it does in service
            pass
    start = clock()
    for args, kwargs in ready:
        quietly(call, args, kwargs)
    return clock() - start


def quietly(call: Any, args: Any, kwargs: Any) -> None:
    """A call whose exception is part of the workload."""
    with suppress(Exception):
        call(*args, **kwargs)


def measure(job: dict[str, Any], replays: dict[str, Replay]) -> dict[str, Any]:
    """Log ratios of costs, old over new and old over its copy, one for each round; and the cost of a call."""
    chooser = random.Random(job["seed"])
    warm, timed, batch = job["warm"], job["timed"], job["batch_ns"]
    for name in chooser.sample(NAMES, len(NAMES)):  # who comes first may leave its objects in caches that all share
        cost(replays[name], warm[:20], timed[:20], 1)
    single = max(min(cost(replays["old"], warm[:20], timed[:20], 1) for _ in range(2)), 20.0)
    timed = timed[: max(1, round(batch / single))]
    rounds = max(1, min(400, round(batch / (single * len(timed)))))
    for name in NAMES:
        cost(replays[name], warm, timed, 1)
        replays[name].version.notice()
    gc.collect()
    gc.freeze()
    began = clock(), all_threads()
    ratios: list[float] = []
    control: list[float] = []
    costs: list[float] = []
    for _ in range(job["pairs"]):
        order = list(NAMES)
        shuffle(chooser, order)
        spent = {name: max(cost(replays[name], warm, timed, rounds), 1e-3) for name in order}
        ratios.append(log(spent["old"] / spent["new"]))
        control.append(log(spent["old"] / spent["copy"]))
        costs.append(spent["old"])
    own, every = clock() - began[0], all_threads() - began[1]
    middle = sorted(costs)[len(costs) // 2]
    return {"ratios": ratios, "control": control, "ns": middle, "elsewhere": max(every - own, 0) / max(own, 1)}


class Discard(logging.Handler):
    """Formats records as a real handler does, and keeps nothing."""

    def emit(self, record: logging.LogRecord) -> None:
        """Format one."""
        self.format(record)


def main() -> None:
    """Read the job, load the versions in the order it names, race them, answer."""
    job = json.loads(sys.stdin.buffer.read())
    nonce = job.pop("nonce")
    codec = load(job["codec"], "effnb_codec")
    for root in reversed(job["roots"]):
        sys.path.insert(0, root)
    logging.getLogger().addHandler(Discard())
    logging.getLogger().setLevel(getattr(logging, job["level"]))
    sys.argv = ["effnb-race"]
    importlib.import_module(job["module"])
    versions = {name: Version(job, job["files"][name]) for name in job["order"]}
    replays = {name: Replay(job, codec, version) for name, version in versions.items()}
    answer = measure(job, replays)
    write(ANSWER, f"\n{nonce} {dumps(answer)}\n".encode())


if __name__ == "__main__":
    main()
    os._exit(0)
