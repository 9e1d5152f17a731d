"""Seven ways in which work moves without becoming more: what each takes from one stack it gives to another.

Every builder returns moves ``(from row, to row, cost)``; a shift is their sum, so the service's expected cost stays
what it was, exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from effnb.datasets._funnel._tree import AREAS, CallTree

MOST_STACKS = 40
SWAPPED_FUNCTIONS = 12
Move = tuple[int, int, float]


@dataclass(frozen=True)
class CostShift:
    """Work that moves, and who is concerned."""

    moves: tuple[Move, ...]
    sources: tuple[int, ...]
    """Functions that lose work."""
    targets: tuple[int, ...]
    """Functions that get it."""
    title: str
    """Title of the commit."""


@dataclass
class Site:
    """The functions and stacks a builder may work on."""

    tree: CallTree
    holding: list[list[int]]
    """Stacks that contain each function."""
    own: list[list[int]]
    """Stacks that end in each function."""
    children: dict[tuple[int, ...], list[int]]
    """Functions called from the end of each stack."""
    used: set[int]
    """Stacks that another lasting event has."""
    rng: np.random.Generator
    share: float
    """Part of the work that moves, where not all of it must."""

    def free(self, rows: list[int]) -> list[int]:
        """Those of some stacks that cost something and no other event has."""
        return [row for row in rows if row not in self.used and self.tree.costs[row] > 0]

    def like(self, function: int, word: str) -> int:
        """A new function in the class of another one."""
        name = f"{self.tree.functions[function].rsplit('.', 1)[0]}.{word}_{len(self.tree.functions)}"
        return self.tree.add_function(name, self.tree.modules[function])

    def move(self, row: int, path: tuple[int, ...], share: float = 1.0) -> Move:
        """A move of part of a stack's cost to another stack."""
        return row, self.tree.add_stack(path, self.tree.endpoints[row]), share * self.tree.costs[row]


def rename(site: Site, function: int) -> CostShift | None:
    """The function gets another name; all it calls goes with it."""
    rows = site.holding[function]
    if not 0 < len(rows) <= MOST_STACKS or len(site.free(rows)) < len(rows):
        return None
    new = site.like(function, "renamed")
    swap = {function: new}
    moves = [site.move(row, tuple(swap.get(one, one) for one in site.tree.stacks[row])) for row in rows]
    return CostShift(tuple(moves), (function,), (new,), "Rename {0} to {1}")


def extract(site: Site, function: int) -> CostShift | None:
    """Part of the function's own work becomes a function it calls."""
    rows = site.free(site.own[function])
    if not rows:
        return None
    new = site.like(function, "extracted")
    moves = [site.move(row, (*site.tree.stacks[row], new), site.share) for row in rows]
    return CostShift(tuple(moves), (function,), (new,), "Extract {1} from {0}")


def inline(site: Site, function: int) -> CostShift | None:
    """The function's body moves into its callers, and it is gone."""
    rows = site.free(site.own[function])
    if len(rows) < len(site.holding[function]) or min((len(site.tree.stacks[row]) for row in rows), default=0) < 4:
        return None
    moves = [site.move(row, site.tree.stacks[row][:-1]) for row in rows]
    callers = tuple(sorted({site.tree.stacks[row][-2] for row in rows}))
    return CostShift(tuple(moves), (function,), callers, "Inline {0}")


def between_callers(site: Site, function: int) -> CostShift | None:
    """Another function of the same caller calls it instead."""
    for row in site.free(site.own[function]):
        path = site.tree.stacks[row]
        others = [one for one in site.children.get(path[:-2], []) if one not in path] if len(path) >= 4 else []
        if others:
            caller = int(site.rng.choice(others))
            moves = (site.move(row, (*path[:-2], caller, function), site.share),)
            return CostShift(moves, (path[-2],), (caller,), "Call " + site.tree.functions[function] + " from {1}")
    return None


def between_classes(site: Site, function: int) -> CostShift | None:
    """Part of the function's work goes to a method of another class with the same caller."""
    rows = site.free(site.own[function])
    for row in rows:
        path = site.tree.stacks[row]
        mine = _class(site.tree, function)
        others = [one for one in site.children.get(path[:-1], []) if _class(site.tree, one) != mine]
        if others:
            other = int(site.rng.choice(others))
            moves = (site.move(row, (*path[:-1], other), site.share),)
            return CostShift(moves, (function,), (other,), "Move work of {0} to {1}")
    return None


def split(site: Site, function: int) -> CostShift | None:
    """The function's own work is divided among several new ones beside it."""
    rows = site.free(site.own[function])
    if not rows:
        return None
    new = [site.like(function, "part") for _ in range(int(site.rng.integers(3, 6)))]
    parts = site.rng.dirichlet(np.full(len(new), 4.0))
    moves = [
        site.move(row, (*site.tree.stacks[row][:-1], one), float(part))
        for row in rows
        for one, part in zip(new, parts, strict=True)
    ]
    return CostShift(tuple(moves), (function,), tuple(new), "Split {0}")


def library_swap(site: Site, function: int) -> CostShift | None:
    """The functions of a module are replaced by fewer of a new library."""
    module = site.tree.modules[function]
    leaves = [
        one
        for one in range(len(site.own))
        if site.tree.modules[one] == module
        and site.own[one]
        and len(site.free(site.own[one])) == len(site.holding[one]) <= MOST_STACKS // 4
    ][:SWAPPED_FUNCTIONS]
    if function not in leaves or len(leaves) < 3:
        return None
    number = len(site.tree.functions)
    library = f"vendor.{AREAS[number % len(AREAS)]}{number}:Library"
    fresh = max(site.tree.modules) + 1
    new = [site.tree.add_function(f"{library}.call_{i}", fresh) for i in range(max(2, len(leaves) // 2))]
    moves = [
        site.move(row, (*site.tree.stacks[row][:-1], new[i % len(new)]))
        for i, one in enumerate(leaves)
        for row in site.own[one]
    ]
    return CostShift(tuple(moves), tuple(leaves), tuple(new), "Replace the library behind {0}")


def _class(tree: CallTree, function: int) -> str:
    return tree.functions[function].rsplit(".", 1)[0]


BUILDERS: dict[str, Callable[[Site, int], CostShift | None]] = {
    "rename": rename,
    "extract": extract,
    "inline": inline,
    "between-callers": between_callers,
    "between-classes": between_classes,
    "split": split,
    "library-swap": library_swap,
}
