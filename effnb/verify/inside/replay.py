"""Runs inside the sandbox: the command that drives a service, with the time of one function and of everything.

The function has a decorator of ours, so that tables made where it is defined hold the timed one too. Asking for CPU
time takes as long as a short call, so calls of a function that is quick are timed by the wall clock, which is twelve
times cheaper to ask; a call during which the process was stopped then counts as the median of its neighbours. The
CPU time of a call is its thread's: under a limit of CPU time, Linux moves the process's own clock in ticks of 4 ms.
"""

from __future__ import annotations

import os
import sys

ANSWER = os.dup(1)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

import functools
import json
import runpy
from collections.abc import Callable
from statistics import median
from time import perf_counter_ns as wall_clock
from time import process_time_ns as every_thread
from time import thread_time_ns as cpu_clock

write, dumps = os.write, json.dumps
TRIED = 200
"""Calls timed in CPU time before a clock is chosen."""
QUICK_NS = 100_000
STOPPED_NS = 500_000
"""A quick call that took longer was interrupted: the scheduler's shortest slices are longer than this."""
REMEMBERED = 64
TICKS_NS = 10_000_000
"""How far the clock of all threads may be off: under a limit of CPU time it moves by ticks of the scheduler."""
RESOLUTION = 0.25
"""Part of the meter's own cost below which a call is not told from nothing; ratios to it are lower bounds."""


class Meter:
    """Time inside one function; a call inside a call counts with the outer one."""

    def __init__(self) -> None:
        self.calls = self.spent = self.depth = self.stopped = 0
        self.recent: list[int] = []
        self.clock = cpu_clock
        self.quick = False

    def enter(self) -> int:
        """Start of a call."""
        self.depth += 1
        return self.clock()

    def leave(self, since: int) -> None:
        """End of a call."""
        took = self.clock() - since
        self.depth -= 1
        if self.depth:
            return
        self.calls += 1
        if self.quick and took > STOPPED_NS:
            self.stopped += 1
            took = self.usual()
        elif self.calls <= TRIED or not self.calls % 16:
            self.remember(took)
        self.spent += took

    def remember(self, took: int) -> None:
        """Keep some recent durations, and choose the clock once enough are known."""
        self.recent.append(took)
        if self.calls == TRIED and median(self.recent) < QUICK_NS and max(self.recent) < STOPPED_NS / 2:
            self.quick, self.clock = True, wall_clock
        if len(self.recent) > TRIED:
            del self.recent[: TRIED - REMEMBERED]

    def usual(self) -> int:
        """Median of some recent durations; 0 before there are any."""
        return int(median(self.recent)) if self.recent else 0


METER = Meter()


def timed(function: Callable[..., object], meter: Meter | None = None) -> Callable[..., object]:
    """The function, with its time added to a meter."""
    meter = meter or METER
    enter, leave = meter.enter, meter.leave

    @functools.wraps(function)
    def inner(*args: object, **kwargs: object) -> object:
        since = enter()
        try:
            return function(*args, **kwargs)
        finally:
            leave(since)

    for name in ("cache_clear", "cache_info", "cache_parameters"):
        if hasattr(function, name):
            setattr(inner, name, getattr(function, name))
    return inner


def nothing() -> None:
    """A function that costs nothing but its call."""


def own_cost(quick: bool, calls: int = 5_000) -> tuple[float, float]:
    """CPU nanoseconds of a call that the meter adds to what it measures, and that it costs in all."""
    meter = Meter()
    meter.quick, meter.clock = quick, wall_clock if quick else cpu_clock
    meter.calls = TRIED
    wrapped = timed(nothing, meter)
    started = cpu_clock()
    for _ in range(calls):
        wrapped()
    metered = cpu_clock() - started
    started = cpu_clock()
    for _ in range(calls):
        nothing()
    bare = (cpu_clock() - started) / calls
    return max(meter.spent / calls - bare, 0.0), max(metered / calls - bare, 0.0)


def run(words: list[str]) -> int:
    """Run a Python command in this process; its exit status."""
    try:
        if words[:1] == ["-m"]:
            sys.argv = words[1:]
            runpy.run_module(words[1], run_name="__main__", alter_sys=True)
        elif words[:1] == ["-c"]:
            sys.argv = ["-c", *words[2:]]
            exec(compile(words[1], "<command>", "exec"), {"__name__": "__main__"})  # noqa: S102  # what python -c does
        else:
            sys.argv = list(words)
            sys.path[0] = os.path.dirname(words[0]) or "."
            runpy.run_path(words[0], run_name="__main__")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


def main() -> None:
    """Read the job, run the command, answer."""
    job = json.loads(sys.stdin.buffer.read())
    nonce = job["nonce"]
    os.environ.update(job.get("environment", {}))
    sys.modules["effnb_meter"] = sys.modules["__main__"]
    sys.path[0] = "/src"
    started, all_started = cpu_clock(), every_thread()
    code = run(job["words"])
    spent, all_spent = cpu_clock() - started, every_thread() - all_started
    inside, around = own_cost(METER.quick) if METER.calls else (0.0, 0.0)
    answer = {
        "code": code,
        "calls": METER.calls,
        "target_ns": max(METER.spent - METER.calls * inside, METER.calls * inside * RESOLUTION),
        "whole_ns": (all_spent if all_spent > spent + TICKS_NS else spent) - METER.calls * around,
        "stopped": METER.stopped,
        "overhead_ns": inside,
    }
    write(ANSWER, f"\n{nonce} {dumps(answer)}\n".encode())


if __name__ == "__main__":
    main()
    os._exit(0)
