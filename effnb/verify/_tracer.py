"""Runs inside the recorded service: notes with which arguments chosen functions are called, and writes it at the end.

Standard library only, loaded by path through a ``sitecustomize`` of its own. Arguments are read from the frame as a
call begins, before the function can change them, and encoded at once; what is kept is JSON text. On Python 3.12 and
later ``sys.monitoring`` looks at each other code object once; before, ``sys.setprofile`` sees every call.

Which distinct calls are kept: each call draws a random number, a distinct call is worth the largest one its calls
drew, and the best N are kept. That samples without replacement with chances proportional to frequency, in one pass.
"""

from __future__ import annotations

import atexit
import hashlib
import importlib.util
import inspect
import json
import os
import random
import sys
import threading
from collections import Counter
from pathlib import Path
from time import thread_time
from types import CodeType, FrameType, ModuleType
from typing import Any

JOB = "EFFNB_CAPTURE"
"""Environment variable that names the job file."""
REFUSALS = 5
"""So many refusals before the first success, and the function is given up."""
MOST_EXAMINED = 20_000
LARGE = 2_000
"""Characters from which an argument is kept once and referred to."""
LOOK_AGAIN = 64
"""A large object, such as a catalogue, is encoded again after so many uses, then after four times as many, …"""
MOST_OBJECTS = 64
MOST_SHARED = 1_000


class Refused(ValueError):
    """A call that must not or cannot be kept."""


def load(path: str) -> ModuleType:
    """A module by its file, under a name that no service has."""
    spec = importlib.util.spec_from_file_location(f"_effnb{Path(path).stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses and pickling look their module up
    spec.loader.exec_module(module)
    return module


class Values:
    """Encodes arguments; keeps large ones once for all functions."""

    def __init__(self, job: dict[str, Any]) -> None:
        self._job = job
        self._codec, self._secrets = load(job["codec"]), load(job["secrets"])
        self._known = self._secrets.secrets_of()
        self.unencodable: type[Exception] = self._codec.Unencodable
        self.text_of = self._codec.text_of
        self.shared: dict[str, Any] = {}
        self._objects: dict[int, _Held] = {}
        self._changing: set[int] = set()

    def encoded(self, value: Any) -> Any:
        """The value as JSON, or a reference to an entry of ``shared``."""
        held = self._objects.get(id(value))
        if held and not held.is_due():
            return {"$": "use", "key": held.key}
        node = self._codec.encode(value, max_nodes=self._job["max_nodes"])
        text = self.text_of(node)
        if len(text) < LARGE:
            return node
        self.check_length(text)
        key = hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
        if key not in self.shared:
            self.check_content(text)
            self.shared[key] = node
        self._remember(value, held, key)
        return {"$": "use", "key": key}

    def _remember(self, value: Any, held: _Held | None, key: str) -> None:
        """Objects of classes tend to live on unchanged, lists and dictionaries do not."""
        if held and held.key != key:
            self._changing.add(id(value))
            del self._objects[id(value)]
        elif held or id(value) in self._changing or len(self._objects) >= MOST_OBJECTS:
            return
        elif type(value).__module__ != "builtins":
            self._objects[id(value)] = _Held(value, key)

    def forget_all_but(self, used: set[str]) -> None:
        """Drop large values that no kept call refers to."""
        used = used | {held.key for held in self._objects.values()}
        self.shared = {key: node for key, node in self.shared.items() if key in used}

    def check_length(self, text: str) -> None:
        """Raises ``Refused`` for a value that is too long."""
        if len(text) > self._job["max_characters"]:
            raise Refused("the value is too large")

    def check_content(self, text: str) -> None:
        """Raises ``Refused`` for a value that must not be kept."""
        if self._secrets.has_secret(text, self._known):
            raise Refused("it looks like it holds a secret")
        if self._job["tree"] in text:
            raise Refused("it holds a path of the checkout")


class _Held:
    """A large object that was encoded; holding it keeps its identity its own."""

    def __init__(self, value: Any, key: str) -> None:
        self.value = value
        self.key = key
        self._uses = 0
        self._due = LOOK_AGAIN

    def is_due(self) -> bool:
        """Whether it is time to see if it has changed; ever more rarely when it has not."""
        self._uses += 1
        if self._uses < self._due:
            return False
        self._due *= 4
        return True


class Calls:
    """What was seen of one function."""

    def __init__(self, name: str, job: dict[str, Any]) -> None:
        self.name = name
        self.job = job
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.calls = 0
        self.examined = 0
        self.refused: Counter[str] = Counter()
        self.counts: dict[str, int] = {}
        self.kept: dict[str, tuple[float, dict[str, Any]]] = {}
        self._random = random.Random(f"{self.job['seed']} {self.name}")
        self._least = 0.0
        self._left: float = self.job["seconds_a_function"]

    @property
    def is_open(self) -> bool:
        """Whether arguments are still looked at; calls are counted for ever."""
        hopeless = not self.examined and self.refused.total() >= REFUSALS
        return self._left > 0 and not hopeless and self.examined < MOST_EXAMINED

    def note(self, frame: FrameType, values: Values) -> None:
        """Count a call that begins and look at its arguments."""
        self.calls += 1
        if not self.is_open:
            return
        started = thread_time()
        try:
            self._look(frame, values)
        except (Refused, values.unencodable) as refusal:
            self.refused[str(refusal)] += 1
        except Exception as error:  # noqa: BLE001  # whatever an argument does when looked at, the service goes on
            self.refused[f"{type(error).__name__} while it was read"] += 1
        self._left -= thread_time() - started

    def _look(self, frame: FrameType, values: Values) -> None:
        args, kwargs = arguments_of(frame)
        row = {
            "args": [values.encoded(value) for value in args],
            "kwargs": {name: values.encoded(value) for name, value in kwargs.items()},
        }
        text = values.text_of(row)
        values.check_length(text)
        digest = hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
        draw = self._random.random()
        if self._wants(digest, draw):
            values.check_content(text)
            self._keep(digest, draw, row)
        self.examined += 1
        self.counts[digest] = self.counts.get(digest, 0) + 1

    def _wants(self, digest: str, draw: float) -> bool:
        return digest in self.kept or draw > self._least or len(self.kept) < self.job["samples"]

    def _keep(self, digest: str, draw: float, row: dict[str, Any]) -> None:
        self.kept[digest] = (max(draw, self.kept.get(digest, (0.0,))[0]), row)
        if len(self.kept) > self.job["samples"]:
            del self.kept[min(self.kept, key=lambda one: self.kept[one][0])]
        self._least = min(rank for rank, _ in self.kept.values())

    def used(self) -> set[str]:
        """Keys of the large values that the kept calls refer to."""
        values = (one for _, row in self.kept.values() for one in (*row["args"], *row["kwargs"].values()))
        return {one["key"] for one in values if isinstance(one, dict) and one.get("$") == "use"}

    def written(self, values: Values) -> dict[str, Any]:
        """Everything as JSON; samples with their rank, best first."""
        ranked = sorted(self.kept.items(), key=lambda item: -item[1][0])
        return {
            "calls": self.calls,
            "examined": self.examined,
            "refused": dict(self.refused.most_common(20)),
            "counts": self.counts,
            "shared": {key: values.shared[key] for key in sorted(self.used())},
            "samples": [{"digest": digest, "rank": rank, **row} for digest, (rank, row) in ranked],
        }


def arguments_of(frame: FrameType) -> tuple[list[Any], dict[str, Any]]:
    """Positional and keyword arguments of a call that has not begun to run."""
    code, held = frame.f_code, frame.f_locals
    names = code.co_varnames
    positional, last = code.co_argcount, code.co_argcount + code.co_kwonlyargcount
    args = [held[name] for name in names[:positional]]
    kwargs = {name: held[name] for name in names[positional:last]}
    if code.co_flags & inspect.CO_VARARGS:
        args += held[names[last]]
        last += 1
    if code.co_flags & inspect.CO_VARKEYWORDS:
        kwargs |= held[names[last]]
    return args, kwargs


class Tracer:
    """Watches the functions of a job in this process."""

    def __init__(self, job: dict[str, Any]) -> None:
        self._job = job
        self._values = Values(job)
        self._wanted = {(one["file"], one["qualname"]): one["function"] for one in job["functions"]}
        self._calls = {name: Calls(name, job) for name in self._wanted.values()}
        # By identity, for hashing a code object hashes all its constants; holding it keeps the identity its own.
        self._found: dict[int, tuple[CodeType, Calls | None]] = {}
        self._lock = threading.RLock()
        self._inside = threading.local()
        self._begun = os.getpid()

    def watch(self) -> None:
        """Begin, and write at the end of the process or when time is up, whichever is first."""
        atexit.register(self.write)
        os.register_at_fork(after_in_child=self._restart)
        timer = threading.Timer(self._job["seconds"], self.write)
        timer.daemon = True
        timer.start()
        self._install()

    def _install(self) -> None:
        if sys.version_info >= (3, 12):
            watch = sys.monitoring
            watch.use_tool_id(watch.PROFILER_ID, "effnb")
            watch.register_callback(watch.PROFILER_ID, watch.events.PY_START, self._on_start)
            watch.set_events(watch.PROFILER_ID, watch.events.PY_START)
        else:
            threading.setprofile(self._on_event)
            sys.setprofile(self._on_event)

    def _on_start(self, code: CodeType, _: int) -> object:
        calls = self._calls_of(code)
        if calls is None:
            return sys.monitoring.DISABLE  # type: ignore[attr-defined]  # not on 3.11, where this is never called
        self._note(calls, sys._getframe(1))
        return None

    def _on_event(self, frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            calls = self._calls_of(frame.f_code)
            if calls is not None:
                self._note(calls, frame)

    def _calls_of(self, code: CodeType) -> Calls | None:
        found = self._found.get(id(code))
        if found is None:
            name = self._wanted.get((os.path.realpath(code.co_filename), code.co_qualname))
            found = self._found[id(code)] = (code, self._calls[name] if name else None)
        return found[1]

    def _note(self, calls: Calls, frame: FrameType) -> None:
        if getattr(self._inside, "busy", False):  # reading an argument may call code of the service
            return
        self._inside.busy = True
        try:
            with self._lock:
                calls.note(frame, self._values)
                if len(self._values.shared) > MOST_SHARED:
                    self._values.forget_all_but({key for one in self._calls.values() for key in one.used()})
        finally:
            self._inside.busy = False

    def _restart(self) -> None:
        """A forked child counts for itself."""
        self._lock = threading.RLock()
        self._begun = os.getpid()
        for calls in self._calls.values():
            calls.reset()

    def write(self) -> None:
        """Write what was seen so far, under this process's number."""
        with self._lock:
            self._inside.busy = True
            path = Path(self._job["out"]) / f"{self._begun}.json"
            scratch = path.with_suffix(".part")
            scratch.write_text(json.dumps({name: calls.written(self._values) for name, calls in self._calls.items()}))
            scratch.replace(path)
            self._inside.busy = False


def start() -> None:
    """Watch this process as the job file says; without one do nothing."""
    name = os.environ.get(JOB)
    if name:
        Tracer(json.loads(Path(name).read_text(encoding="utf-8"))).watch()
