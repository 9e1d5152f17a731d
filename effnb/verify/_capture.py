"""Runs a service's workload once more and keeps with which arguments its hot functions are called.

The command is trusted as it is when it is profiled: it runs the repository's own code, outside the sandbox. A small
tracer gets into every Python process of it through a ``sitecustomize`` on ``PYTHONPATH``; nothing is installed.
"""

from __future__ import annotations

import ast
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from effnb.errors import SourceError, SourceUnavailable
from effnb.verify import _codec, _secrets, _tracer
from effnb.verify._codec import text_of
from effnb.verify._sharing import is_use
from effnb.verify._workload import CallSample, FunctionWorkload

SHIM = """import os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [path for path in sys.path if os.path.abspath(path) != here]
sys.modules.pop("sitecustomize", None)
try:
    import sitecustomize  # the one that would have run
except ImportError:
    pass
try:
    import importlib.util
    spec = importlib.util.spec_from_file_location("_effnb_tracer", {tracer!r})
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.start()
except Exception as error:
    with open(os.path.join(here, "problem"), "w") as out:
        out.write(f"{{type(error).__name__}}: {{error}}")
"""
REPRODUCIBLE = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
GRACE_SECONDS = 15.0
UNSUITABLE_DECORATORS = ("property", "cached_property", "classmethod", "setter", "getter", "overload", "contextmanager")


@dataclass(frozen=True)
class Limits:
    """How much is kept."""

    samples: int = 240
    """Distinct calls of one function."""
    characters: int = 600_000
    """Length of one argument, encoded."""
    function_characters: int = 1_500_000
    """Length of all calls of one function; arguments that calls share count once."""
    nodes: int = 60_000
    """Values inside one argument."""
    seconds_a_function: float = 1.5
    """CPU time spent on looking at one function's arguments; later calls are counted only."""


class Site(NamedTuple):
    """Where a function is defined."""

    function: str
    file: str
    qualname: str


@dataclass(frozen=True)
class Captured:
    """What one run gave."""

    workloads: tuple[FunctionWorkload, ...]
    """One for each function that can be replayed."""
    refused: dict[str, str] = field(default_factory=dict)
    """Function → why it cannot be."""


def capture_calls(
    command: Sequence[str],
    tree: Path,
    functions: Sequence[str],
    *,
    service: str,
    revision: str = "",
    env: Mapping[str, str] | None = None,
    seconds: float = 300.0,
    seed: int = 1,
    limits: Limits = Limits(),
) -> Captured:
    """Run ``command`` in the checkout ``tree`` and sample the arguments of ``functions`` (``module:qualname``).

    The command runs until it ends, or for ``seconds``. Functions outside the tree are left out silently; those that
    cannot be replayed are listed with the reason, those that were not called too. Raises ``SourceUnavailable`` when
    the command fails, ``SourceError`` when the tracer could not start in it.
    """
    sites, refused = _sites(tree.resolve(), functions)
    with tempfile.TemporaryDirectory(prefix="effnb-capture-") as name:
        scratch = Path(name)
        job = _write_job(scratch, tree.resolve(), sites, seconds, seed, limits)
        _run(command, tree, scratch, {**(env or {}), _tracer.JOB: str(job)}, seconds)
        seen = _merged(scratch, [site.function for site in sites], limits)
    workloads = []
    for function, calls in seen.items():
        if calls["samples"]:
            workloads.append(_workload(function, calls, service, revision, limits))
        else:
            refused[function] = _why_not(calls)
    return Captured(tuple(sorted(workloads, key=lambda one: one.function)), dict(sorted(refused.items())))


def own_functions(tree: Path, functions: Sequence[str]) -> list[str]:
    """Those whose module is a file of the tree, in the order given."""
    return [function for function in functions if _file_of(tree, function.partition(":")[0])]


def _sites(tree: Path, functions: Sequence[str]) -> tuple[list[Site], dict[str, str]]:
    sites: list[Site] = []
    refused: dict[str, str] = {}
    for function in own_functions(tree, functions):
        module, _, qualname = function.partition(":")
        if qualname == "<module>":
            continue
        file = _file_of(tree, module)
        reason = _unsuitable(file, qualname) if file else "no such file"
        if reason:
            refused[function] = reason
        else:
            sites.append(Site(function, os.path.realpath(str(file)), qualname))
    return sites, refused


def _file_of(tree: Path, module: str) -> Path | None:
    relative = module.replace(".", "/")
    for root in (tree, tree / "src"):
        for path in (root / f"{relative}.py", root / relative / "__init__.py"):
            if path.is_file():
                return path
    return None


def _unsuitable(file: Path, qualname: str) -> str | None:
    """Why calls of a function cannot be replayed by name; None when they can."""
    if "<locals>" in qualname or "<lambda>" in qualname:
        return "it is defined inside another function and has no name to call it by"
    node = _definition(ast.parse(file.read_bytes()), qualname.split("."))
    if isinstance(node, ast.AsyncFunctionDef):
        return "it is a coroutine function; its result depends on the event loop"
    if not isinstance(node, ast.FunctionDef):
        return "its definition was not found in the source"
    if any(isinstance(inner, ast.Yield | ast.YieldFrom) for inner in _own_nodes(node)):
        return "it is a generator function; its work is done while others take from it"
    return _unsuitable_signature(node)


def _unsuitable_signature(node: ast.FunctionDef) -> str | None:
    for decorator in node.decorator_list:
        name = ast.unparse(decorator).partition("(")[0].rpartition(".")[2]
        if name in UNSUITABLE_DECORATORS:
            return f"it is decorated with {name} and not called by its name"
    spec = node.args
    for argument in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs):
        if _secrets.SECRET_NAME.search(argument.arg):
            return f"its parameter {argument.arg!r} is named like a secret"
    return None


def _definition(tree: ast.AST, parts: Sequence[str]) -> ast.AST | None:
    found: ast.AST | None = tree
    for part in parts:
        inner = [] if found is None else list(ast.walk(found)) if found is tree else list(ast.iter_child_nodes(found))
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        found = next((node for node in inner if isinstance(node, kinds) and node.name == part), None)
    return found


def _own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """What is inside a function, functions inside it left out."""
    for child in ast.iter_child_nodes(function):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from _own_nodes(child)


def _write_job(scratch: Path, tree: Path, sites: Sequence[Site], seconds: float, seed: int, limits: Limits) -> Path:
    (scratch / "sitecustomize.py").write_text(SHIM.format(tracer=_tracer.__file__), encoding="utf-8")
    job = {
        "codec": _codec.__file__,
        "secrets": _secrets.__file__,
        "functions": [site._asdict() for site in sites],
        "out": str(scratch),
        "tree": str(tree),
        "seconds": seconds,
        "seed": seed,
        "samples": limits.samples,
        "max_characters": limits.characters,
        "max_nodes": limits.nodes,
        "seconds_a_function": limits.seconds_a_function,
    }
    path = scratch / "job"
    path.write_text(json.dumps(job), encoding="utf-8")
    return path


def _run(command: Sequence[str], tree: Path, scratch: Path, env: Mapping[str, str], seconds: float) -> None:
    """Run the command to its end or for so many seconds; nothing it started lives on."""
    words = [sys.executable, *command[1:]] if command[0] in ("python", "python3") else list(command)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GIT_"))}
    path = os.pathsep.join(filter(None, (str(scratch), env.get("PYTHONPATH"))))
    environment = {**inherited, **REPRODUCIBLE, **env, "PYTHONPATH": path}
    with (scratch / "stderr").open("wb") as errors:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": errors}
        process = subprocess.Popen(words, cwd=tree, env=environment, start_new_session=True, **pipes)  # type: ignore[call-overload]
        try:
            code = process.wait(seconds + GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            code = 0  # it was to be stopped
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if code:
        said = (scratch / "stderr").read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise SourceUnavailable(
            f"the command {' '.join(command)!r} ended with exit code {code} while its arguments were recorded: "
            f"{said[-1].strip() if said else 'it wrote nothing to stderr'}; run it by hand in a checkout"
        )


def _merged(scratch: Path, functions: Sequence[str], limits: Limits) -> dict[str, dict[str, Any]]:
    """What all processes of the command saw, by function."""
    files = sorted(scratch.glob("*.json"))
    if not files:
        problem = scratch / "problem"
        reason = problem.read_text(encoding="utf-8") if problem.exists() else "no Python process of it ended by itself"
        raise SourceError(f"the command's arguments were not recorded: {reason}; record with --no-arguments")
    parts = [json.loads(path.read_text(encoding="utf-8")) for path in files]
    return {function: _merge([part[function] for part in parts], limits) for function in functions}


def _merge(parts: Sequence[dict[str, Any]], limits: Limits) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    samples: dict[str, dict[str, Any]] = {}
    for part in parts:
        counts.update(part["counts"])
        refused.update(part["refused"])
        for sample in part["samples"]:
            if sample["digest"] not in samples or sample["rank"] > samples[sample["digest"]]["rank"]:
                samples[sample["digest"]] = sample
    best = sorted(samples.values(), key=lambda sample: -sample["rank"])[: limits.samples]
    return {
        "calls": sum(part["calls"] for part in parts),
        "examined": sum(part["examined"] for part in parts),
        "refused": refused,
        "counts": counts,
        "shared": {key: value for part in parts for key, value in part["shared"].items()},
        "samples": best,
    }


def _workload(function: str, calls: Mapping[str, Any], service: str, revision: str, limits: Limits) -> FunctionWorkload:
    samples: list[CallSample] = []
    left, weighed = limits.function_characters, set[str]()
    for sample in calls["samples"]:
        for value in (*sample["args"], *sample["kwargs"].values()):
            key = value["key"] if is_use(value) else ""
            left -= 0 if key in weighed else len(text_of(calls["shared"][key] if key else value))
            weighed |= {key} - {""}
        if samples and left < 0:
            break
        count = calls["counts"][sample["digest"]]
        samples.append(CallSample(args=sample["args"], kwargs=sample["kwargs"], n=count))
    return FunctionWorkload(
        function=function,
        service=service,
        revision=revision,
        calls=calls["calls"],
        distinct=len(calls["counts"]),
        examined=calls["examined"],
        shared=calls["shared"],
        repeat_rate=1 - len(calls["counts"]) / calls["examined"],
        left_out=calls["refused"].total(),
        samples=tuple(sorted(samples, key=lambda sample: -sample.n)),
    )


def _why_not(calls: Mapping[str, Any]) -> str:
    if not calls["calls"]:
        return "it was not called while arguments were recorded"
    most = calls["refused"].most_common(1)
    return f"its arguments cannot be kept: {most[0][0]}" if most else "its arguments were not looked at"
