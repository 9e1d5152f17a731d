"""Runs inside the sandbox: calls one version of a function and writes down everything that can be noticed of it.

Started once for the old code, where it also makes up the inputs, and once for the new code with the same inputs; which
is which only the judge outside knows. The answer is one line that begins with a nonce, written to a descriptor that
was put aside before any candidate code was loaded.
"""

from __future__ import annotations

import os
import sys

ANSWER = os.dup(1)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

import importlib
import importlib.util
import io
import itertools
import json
import logging
import random
import signal
import time
import types
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

unpack = zlib.decompress
write, clock, set_timer = os.write, time.process_time, signal.setitimer
dumps, set_trace = json.dumps, sys.settrace
MOST_ITEMS = 20_000
LONGEST_VALUE = 4000
LOOKED_AT = 30
UNDER_STATE = 5
"""Cases that are called again under every change of state: from the shortest to the longest."""
LARGE_EVERY = 4
"""Of cases with a long outcome, only each of this many is called with changed arguments."""
ENOUGH = 260
PATIENCE = 1.5
"""How much more time there is, as a part of the usual, while fewer than ``ENOUGH`` cases were called."""
EITHER_HEADER = 47
"""For zlib: take a header of its own or of gzip."""
WATCHED = (
    "open",
    "os.",
    "socket.",
    "subprocess.",
    "shutil.",
    "ctypes.",
    "import",
    "exec",
    "compile",
    "sys.",
    "tempfile.",
)
QUIET = ("os.listdir", "os.scandir", "sys._getframe", "sys.unraisablehook", "sys.excepthook")


class TooLong(BaseException):
    """A call took longer than it may."""


def load(path: str, name: str) -> types.ModuleType:
    """A module from a file, under a name of its own."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    sys.modules[name] = module
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    return module


def beside(name: str) -> types.ModuleType:
    """Another file of this folder, under a name that no repository has."""
    return load(os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{name}.py"), f"effnb_{name}")


class Events:
    """What the interpreter reports of the outside world being touched, while it is switched on."""

    def __init__(self) -> None:
        self.on = False
        self.seen: list[str] = []
        sys.addaudithook(self._hook)

    def _hook(self, event: str, args: tuple[Any, ...]) -> None:
        if self.on and event.startswith(WATCHED) and event not in QUIET:
            self.seen.append(f"{event} {args[0]!s:.120}" if args and event != "compile" else event)


class Records(logging.Handler):
    """Every log record as logger, level and text."""

    def __init__(self) -> None:
        super().__init__(0)
        self.seen: list[list[Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        self.seen.append([record.name, record.levelno, record.getMessage()])


class Target:
    """The function under test, found by name in one version of the code."""

    def __init__(self, job: dict[str, Any]) -> None:
        for root in reversed(job["roots"]):
            sys.path.insert(0, root)
        self.module = importlib.import_module(job["module"])
        self.owner: object = self.module
        *outer, self.name = job["qualname"].split(".")
        for part in outer:
            self.owner = getattr(self.owner, part)
        found = vars(self.owner)[self.name]
        self.is_property = isinstance(found, property) or type(found).__name__ == "cached_property"
        self.is_bound = isinstance(found, (classmethod, staticmethod))

    def call(self, args: list[Any], kwargs: dict[str, Any]) -> object:
        """The result of one call, looked up by name each time, as importers of the module do."""
        if self.is_property:
            return getattr(args[0], self.name)
        if self.is_bound or not isinstance(self.owner, type):
            args = args[1:] if self.is_bound and isinstance(args[0] if args else None, type) else args
            return getattr(self.owner, self.name)(*args, **kwargs)
        return getattr(self.owner, self.name)(*args, **kwargs)

    def function(self) -> Any:
        """The plain function, without what wraps it."""
        found = vars(self.owner)[self.name]
        for name in ("fget", "func", "__func__"):
            found = getattr(found, name, found)
        while hasattr(found, "__wrapped__"):
            found = found.__wrapped__
        return found


class Runner:
    """Calls the target and describes what came of it."""

    TooLong = TooLong

    def __init__(self, job: dict[str, Any], codec: types.ModuleType) -> None:
        self.job, self.codec, self.changes = job, codec, beside("changes")
        self.events, self.records = Events(), Records()
        self.target = Target(job)
        self.lines: set[int] = set()
        self.shared: dict[str, Any] = {}
        self.looked, self.changes_arguments = 0, False
        self.interesting = set(job.get("lines", ()))
        self.file = self.target.module.__file__
        logging.getLogger().addHandler(self.records)
        logging.getLogger().setLevel(logging.DEBUG)
        logging.lastResort = None
        signal.signal(signal.SIGPROF, self._late)

    @staticmethod
    def _late(*_: object) -> None:
        raise TooLong

    def decode(self, case: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """Arguments of a case, made anew."""
        args = [self._decoded(value) for value in case["args"]]
        return args, {name: self._decoded(value) for name, value in case.get("kwargs", {}).items()}

    def _decoded(self, data: Any) -> Any:
        if not isinstance(data, dict) or data.get("$") != "use":
            return self.codec.decode(data)
        key = data["key"]
        if key not in self.shared:
            self.shared[key] = self.codec.decode(self.job["shared"][key])
        return self.shared[key]

    def is_shared(self, value: Any) -> bool:
        """Whether a value is one that many calls are given; it is made once, and compared at the end."""
        return any(value is held for held in self.shared.values())

    def _differs(self, case: dict[str, Any], args: list[Any], kwargs: dict[str, Any]) -> bool:
        """Whether a call left its own arguments other than it was given them."""
        pairs = [
            *zip(case["args"], args, strict=True),
            *((data, kwargs[name]) for name, data in case.get("kwargs", {}).items()),
        ]
        own = [(data, value) for data, value in pairs if not self.is_shared(value)]
        return any(dumps(self.codec.encode(value, describe=True)) != dumps(data) for data, value in own)

    def _own(self, value: Any) -> Any:
        return "effnb-shared" if self.is_shared(value) else value

    def outcome(
        self, args: list[Any], kwargs: dict[str, Any], *, trace: bool = False, whole: bool = True
    ) -> tuple[dict[str, Any], object]:
        """What can be noticed of one call, and its result."""
        self.records.seen, self.events.seen = [], []
        spoken, kept = io.StringIO(), (sys.stdout, sys.stderr)
        result, raised = None, ""
        sys.stdout = sys.stderr = spoken
        set_timer(signal.ITIMER_PROF, self.job["seconds_each"])
        if trace:
            set_trace(self._trace)
        self.events.on = True
        try:
            result = self.target.call(args, kwargs)
            if isinstance(result, Iterator):
                result = list(itertools.islice(result, MOST_ITEMS))
        except TooLong:
            raise
        except BaseException as error:  # exceptions are behaviour
            raised = f"{type(error).__module__}:{type(error).__qualname__}"
        finally:
            set_timer(signal.ITIMER_PROF, 0)
            self.events.on = False
            set_trace(None)
            sys.stdout, sys.stderr = kept
        given = [self._own(value) for value in args], {name: self._own(value) for name, value in kwargs.items()}
        seen = {
            "raised": raised,
            "value": self._told(self.codec.encode([result, *given] if whole else [result], describe=True)),
            "logs": self.records.seen,
            "events": sorted(set(self.events.seen)),
            "out": spoken.getvalue()[:5000],
        }
        return seen, result

    def _told(self, encoded: Any) -> Any:
        """Encoded values as they are compared: what is long by its hash and its beginning."""
        if self.job["decompress"]:
            encoded = decompressed(encoded)
        text = dumps(encoded)
        return (
            encoded if len(text) < LONGEST_VALUE else {"sha256": sha256(text.encode()).hexdigest(), "head": text[:400]}
        )

    def _trace(self, frame: types.FrameType, _: str, __: object) -> Any:
        if frame.f_code.co_filename != self.file:
            return None
        self.lines.add(frame.f_lineno)
        return self._line

    def _line(self, frame: types.FrameType, event: str, _: object) -> Any:
        if event == "line":
            self.lines.add(frame.f_lineno)
        return self._line

    def story(self, case: dict[str, Any], number: int) -> dict[str, Any]:
        """One case: a call, a second one after its result was spoiled, and one with changed arguments."""
        self.lines = set()
        args, kwargs = self.decode(case)
        first, result = self.outcome(args, kwargs, trace=True)
        covered = sorted(self.lines & self.interesting)
        if self.looked < LOOKED_AT and not self.changes_arguments:
            self.looked += 1
            self.changes_arguments = self._differs(case, args, kwargs)
        self.changes.spoil(result, {id(value) for value in (*args, *kwargs.values())})
        second, _ = self.outcome(*self.decode(case), whole=False)
        told = {"first": first, "second": second}
        if isinstance(first["value"], dict) and number % LARGE_EVERY:
            return {"told": told, "covered": covered}
        args, kwargs = self.decode(case)
        self.outcome(args, kwargs, whole=False)
        if self.changes.change_in_place(
            [one for one in (*args, *kwargs.values()) if not self.is_shared(one)],
            random.Random(number),
            self.job["written"],
        ):
            told["changed"] = self.outcome(args, kwargs, whole=False)[0]
        return {"told": told, "covered": covered}


def decompressed(value: Any) -> Any:
    """Encoded bytes as what they hold, where they are compressed."""
    if isinstance(value, list):
        return [decompressed(item) for item in value]
    if isinstance(value, dict) and value.get("$") == "bytes":
        try:
            return {"$": "compressed", "of": b64encode(unpack(b64decode(value["base64"]), EITHER_HEADER)).decode()}
        except zlib.error:
            return value
    return {key: decompressed(item) for key, item in value.items()} if isinstance(value, dict) else value


def tell(
    runner: Runner, job: dict[str, Any], cases: list[dict[str, Any]], watch: Any
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What came of each case, and the cases that ended in time."""
    until = clock() + job["seconds_all"]
    kept: list[dict[str, Any]] = []
    told: list[dict[str, Any]] = []
    for number, case in enumerate(cases):
        patience = PATIENCE * job["seconds_all"] if len(kept) < ENOUGH else 0.0
        if clock() > until + patience and not job["all"]:
            break
        try:
            one = runner.story(case, number)
        except TooLong:
            one = {"told": {"first": {"raised": "effnb:TooLong"}}, "covered": []}
        except runner.codec.Unencodable:
            continue
        if one["told"]["first"]["raised"] == "effnb:TooLong" and not job["all"]:
            continue
        kept.append(case)
        told.append(one)
        if number == len(cases) // 2:
            watch.mark()
    watch.mark()
    return kept, told


def with_other_state(runner: Runner, job: dict[str, Any], cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same few cases under each change of what the repository keeps at module level."""
    told: list[dict[str, Any]] = []
    until = clock() + job["seconds_all"] / 2
    spread = [cases[i * (len(cases) - 1) // (UNDER_STATE - 1)] for i in range(UNDER_STATE)] if cases else []
    for name in runner.changes.State(job["state"]).variations():
        for case in spread:
            if clock() > until and not job["all"]:
                return told
            try:
                told.append({"state": name, "case": case, "told": runner.outcome(*runner.decode(case))[0]})
            except TooLong:
                told.append({"state": name, "case": case, "told": {"raised": "effnb:TooLong"}})
    return told


def main() -> None:
    """Read the job, run it, answer in one line."""
    job = json.loads(sys.stdin.buffer.read())
    nonce = job.pop("nonce")
    codec = load(job["codec"], "effnb_codec")
    sys.argv = ["effnb-behave"]
    runner = Runner(job, codec)
    cases = job["cases"]
    if job["count"]:
        seen: dict[str, dict[str, Any]] = {}
        inputs = beside("inputs").Inputs(runner, job)
        telling = inputs.telling()  # the time there is buys those that say most, and then more short ones
        for case in [*telling, *sorted([*cases, *inputs.made()], key=lambda case: len(dumps(case)))]:
            plain = {name: part for name, part in case.items() if part or name == "args"}
            seen.setdefault(dumps(plain), plain)
        cases = list(seen.values())
    remembered = beside("remembered")
    watch = remembered.Watch(runner.target)
    kept, told = tell(runner, job, cases, watch)
    other = with_other_state(runner, job, kept)
    memory = {
        "calls": len(kept),
        "growth": watch.growth(),
        "limits": remembered.limits(remembered.containers(runner.target.module, runner.target)),
        "peak_bytes": remembered.peak(runner, kept[: job["memory_calls"]]),
    }
    shared = {key: codec.encode(value, describe=True) for key, value in runner.shared.items()}
    answer: dict[str, Any] = {
        "changes_arguments": runner.changes_arguments,
        "cases": kept,
        "told": told,
        "other": other,
        "memory": memory,
        "shared": shared,
    }

    # Hypothesis and the tracer are gone by now; what is written is data that the judge compares
    write(ANSWER, f"\n{nonce} {dumps(answer)}\n".encode())


if __name__ == "__main__":
    main()
    os._exit(0)
