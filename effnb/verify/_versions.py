"""Two versions of a service do the same work in the sandbox, round after round; a third run is the control.

All runs of a round start together, in random order: whatever else the machine does meets them alike. Each has the
repository of its version and nothing else; they never share a process. Timed are the target function, by a decorator
that is put on it, and the whole command less what it costs to start; what the timing itself costs is taken off.
"""

from __future__ import annotations

import ast
import math
import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import NamedTuple

from effnb.domain import Interval
from effnb.errors import NotFound
from effnb.verify._ask import NoAnswerError, ask
from effnb.verify._sandbox import Sandbox
from effnb.verify._statistics import ratio_interval

LEAST_ROUNDS = 7
MOST_ROUNDS = 21
STARTS = 3
METER = '@__import__("effnb_meter").timed'
DESCRIPTORS = ("property", "cached_property", "staticmethod", "classmethod", "abstractmethod", "override")
"""Decorators that stay outside ours: what they make is no function any more."""
SIDES = ("old", "new", "copy")


@dataclass(frozen=True)
class Version:
    """One version of a service, ready to run."""

    tree: Path
    """Its files; disposable, for a line is added to the target's module."""
    words: tuple[str, ...]
    """The command without the interpreter."""
    idle: tuple[str, ...] | None = None
    """The command that starts and does next to nothing; its cost is not the requests'."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables it is run with."""


class Ratios(NamedTuple):
    """New over old, for the same requests."""

    target: Interval | None
    """CPU time inside the target function; None without one, or when it was not called."""
    control: Interval
    """The same for a second run of the old version; of the whole service without a target."""
    service: Interval
    """CPU time of everything but the start."""
    rounds: int
    """Runs of each version."""
    share: float | None = None
    """Part of the old version's CPU time, start left out, that goes into the target; None without one."""
    seconds: float = 0.0
    """CPU seconds of a run of the old version, start left out."""
    against_rest: Interval | None = None
    """``target`` with the rest of each run, a usual start included, as its clock: what slows a whole run down does not
    show in it."""


class Cost(NamedTuple):
    """CPU nanoseconds of one run."""

    target: float
    service: float


def compare_versions(
    sandbox: Sandbox,
    old: Version,
    new: Version,
    target: str | None,
    *,
    is_enough: Callable[[Ratios], bool],
    least_rounds: int = LEAST_ROUNDS,
    starts: int = STARTS,
    seconds: float = 120.0,
    seed: int = 1,
) -> Ratios:
    """Ratios of CPU time after as many rounds as ``is_enough`` asks for, at most 21.

    Args:
        sandbox: Where both run.
        old: The version before.
        new: The version after.
        target: ``module:qualname`` that both have; None to time the whole service only.
        is_enough: Whether the intervals are decided.
        least_rounds: Rounds before it is asked.
        starts: Runs of ``idle``, whose median is what a start costs.
        seconds: Limit of one run.
        seed: Of the order of runs and of the intervals.

    Raises:
        NoAnswerError: A run did not come to its end.
        SandboxError: The sandbox did not start.
    """
    if target:
        for tree in {old.tree, new.tree}:
            add_meter(tree, target)
    chooser = random.Random(seed)
    costs: dict[str, list[Cost]] = {side: [] for side in SIDES}
    versions = {"old": old, "new": new, "copy": old}
    with ThreadPoolExecutor(max_workers=len(SIDES)) as pool:

        def round_of(words: Callable[[Version], tuple[str, ...]]) -> dict[str, Cost]:
            order = chooser.sample(SIDES, len(SIDES))
            made = pool.map(lambda side: _cost(sandbox, versions[side], words(versions[side]), seconds), order)
            return dict(zip(order, made, strict=True))

        started = _starts(
            [round_of(lambda one: one.idle or ()) for _ in range(starts)] if old.idle and new.idle else []
        )
        while True:
            for side, cost in round_of(lambda one: one.words).items():
                costs[side].append(Cost(cost.target, max(cost.service - started[side], 1.0)))
            if len(costs["old"]) < least_rounds:
                continue
            ratios = _ratios(costs, target, started["old"], seed)
            if ratios.rounds >= MOST_ROUNDS or is_enough(ratios):
                return ratios


def _starts(rounds: Sequence[Mapping[str, Cost]]) -> dict[str, float]:
    """What a start costs each side; the copy is the old version too, so both are pooled."""
    if not rounds:
        return dict.fromkeys(SIDES, 0.0)
    old = median(one[side].service for one in rounds for side in ("old", "copy"))
    return {"old": old, "copy": old, "new": median(one["new"].service for one in rounds)}


def add_meter(tree: Path, target: str) -> None:
    """Put our decorator on the target, in its file.

    Raises:
        NotFound: The tree has no such function.
    """
    module, _, qualname = target.partition(":")
    path = module_file(tree, module)
    node = find_function(tree, target)
    if path is None or node is None:
        raise NotFound(f"no function {qualname} in {module} of this version; it cannot be timed there")
    inner = [one for one in node.decorator_list if _name(one) not in DESCRIPTORS]
    line = inner[0].lineno if inner else node.lineno
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    lines.insert(line - 1, f"{' ' * node.col_offset}{METER}\n")
    path.write_text("".join(lines), encoding="utf-8")


def find_function(tree: Path, target: str) -> ast.FunctionDef | None:
    """Definition of ``module:qualname`` in a tree; None when it is not there, or inside another function."""
    module, _, qualname = target.partition(":")
    path = module_file(tree, module)
    found: ast.AST | None = ast.parse(path.read_bytes()) if path else None
    for part in qualname.split("."):
        inside = ast.iter_child_nodes(found) if isinstance(found, ast.Module | ast.ClassDef) else ()
        named = [one for one in inside if isinstance(one, ast.FunctionDef | ast.ClassDef) and one.name == part]
        found = named[-1] if named else None
    return found if isinstance(found, ast.FunctionDef) else None


def _name(decorator: ast.expr) -> str:
    return ast.unparse(decorator).partition("(")[0].rpartition(".")[2]


def module_file(tree: Path, module: str) -> Path | None:
    """File of a module below a tree, also below its ``src``; None when there is none."""
    relative = module.replace(".", "/")
    for root in (tree, tree / "src"):
        for path in (root / f"{relative}.py", root / relative / "__init__.py"):
            if path.is_file():
                return path
    return None


def _cost(sandbox: Sandbox, version: Version, words: Sequence[str], seconds: float) -> Cost:
    job = {"words": list(words), "environment": dict(version.environment)}
    answer = ask(sandbox, "replay.py", job, folder=version.tree, seconds=seconds)
    if answer["code"]:
        raise NoAnswerError(f"the command ended with exit code {answer['code']}")
    return Cost(answer["target_ns"], answer["whole_ns"])


def _ratios(costs: dict[str, list[Cost]], target: str | None, start: float, seed: int) -> Ratios:
    by_service = _interval([cost.service for cost in costs["new"]], [cost.service for cost in costs["old"]], seed)
    control = _interval([cost.service for cost in costs["copy"]], [cost.service for cost in costs["old"]], seed)
    usual = median(cost.service for cost in costs["old"])
    if target is None or not all(cost.target for side in SIDES for cost in costs[side]):
        return Ratios(None, control, by_service, len(costs["old"]), None, usual / 1e9)
    targets = {side: [cost.target for cost in costs[side]] for side in SIDES}
    return Ratios(
        _interval(targets["new"], targets["old"], seed),
        _interval(targets["copy"], targets["old"], seed),
        by_service,
        len(costs["old"]),
        median(cost.target / cost.service for cost in costs["old"]),
        usual / 1e9,
        _interval(
            [_against_rest(cost, start) for cost in costs["new"]],
            [_against_rest(cost, start) for cost in costs["old"]],
            seed,
        ),
    )


def _against_rest(cost: Cost, start: float) -> float:
    # the start is part of the clock: where the target is nearly all there is, the rest alone is only noise
    return cost.target / max(cost.service - cost.target + start, 1.0)


def _interval(over: Sequence[float], under: Sequence[float], seed: int) -> Interval:
    return ratio_interval([[math.log(a / b)] for a, b in zip(over, under, strict=True)], seed=seed)
