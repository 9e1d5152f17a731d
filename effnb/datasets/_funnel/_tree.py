"""The call tree of a simulated service: functions in classes and modules, the stacks they run in, and what each costs.

A stack's cost is its leaf's own work in that context. Functions have names ``module:Class.method``, so that callers,
classes and prefixes mean what they do in a real profile.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from effnb.datasets._funnel._ranges import Ranges, draw, draw_int

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Path = tuple[int, ...]

SERVICE_FUNCTIONS = 12_048
"""Functions of the whole service, of which a smaller simulation shows a part (FBDetect's k)."""
SMALLEST_COUNTED = 1e-5
STAYS_IN_MODULE = 0.6
METHODS_PER_CLASS = 8
FUNCTIONS_PER_MODULE = 30
AREAS = ("ads", "cart", "feed", "graph", "inbox", "media", "pay", "rank", "search", "story", "stream", "user")
VERBS = ("apply", "build", "check", "decode", "encode", "fetch", "format", "load", "merge", "parse", "score", "sort")
THINGS = ("batch", "card", "edge", "entry", "field", "frame", "item", "page", "query", "rule", "token", "value")


@dataclass
class CallTree:
    """Functions and stacks; grows while events are planted, rows never move."""

    functions: list[str] = field(default_factory=list)
    stacks: list[Path] = field(default_factory=list)
    """Rows of functions, root first."""
    costs: list[float] = field(default_factory=list)
    """Cost of each stack before any event, as a share of the service's."""
    endpoints: list[int] = field(default_factory=list)
    """Endpoint of each stack, −1 for none."""
    modules: list[int] = field(default_factory=list)
    """Module of each function."""
    rows: dict[Path, int] = field(default_factory=dict)
    handlers: list[int] = field(default_factory=list)

    def add_function(self, name: str, module: int) -> int:
        """Row of a new function."""
        self.functions.append(name)
        self.modules.append(module)
        return len(self.functions) - 1

    def add_stack(self, path: Path, endpoint: int) -> int:
        """Row of a stack, which costs nothing yet when it is new."""
        if path not in self.rows:
            self.rows[path] = len(self.stacks)
            self.stacks.append(path)
            self.costs.append(0.0)
            self.endpoints.append(endpoint)
        return self.rows[path]

    def incidence(self) -> sp.csr_array:
        """1 where a function occurs in a stack, shape ``(n_functions, n_stacks)``."""
        columns = np.repeat(np.arange(len(self.stacks)), [len(path) for path in self.stacks])
        rows = np.fromiter((row for path in self.stacks for row in path), dtype=np.int64, count=len(columns))
        shape = (len(self.functions), len(self.stacks))
        return sp.csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)

    def gcpu(self) -> Floats:
        """Share of the service's cost in stacks with each function, before any event; shape ``(n_functions,)``."""
        return np.asarray(self.incidence() @ np.array(self.costs))

    def names(self, path: Path) -> tuple[str, ...]:
        """A stack in names."""
        return tuple(self.functions[row] for row in path)

    def file(self, function: int) -> str:
        """Source file of a function."""
        return self.functions[function].split(":", maxsplit=1)[0].replace(".", "/") + ".py"

    def cost_of(self, rows: Iterable[int]) -> Floats:
        """Costs of some stacks."""
        return np.array([self.costs[row] for row in rows])


def grow_tree(ranges: Ranges, n_functions: int, rng: np.random.Generator) -> CallTree:
    """A random call tree below a few endpoints, with costs whose sizes follow the ranges.

    With ``ranges.median_gcpu`` the functions are a part of a service of 12,048, and the rest of that service is one
    more stack; otherwise they are all of it.
    """
    tree = CallTree()
    root = tree.add_function("front.main:serve", 0)
    for e in range(draw_int(rng, ranges.endpoints)):
        handler = tree.add_function(f"front.web:{AREAS[e % len(AREAS)]}_{e}", 0)
        tree.handlers.append(handler)
        tree.add_stack((root, handler), e)
    _grow(tree, n_functions, draw_int(rng, ranges.deepest), rng)
    extra = round((draw(rng, ranges.stacks_per_function) - 1) * n_functions)
    _reuse(tree, extra, draw_int(rng, ranges.deepest), rng)
    covered = min(1.0, n_functions / SERVICE_FUNCTIONS) if ranges.median_gcpu else 1.0
    normal = rng.standard_normal(len(tree.stacks))
    if ranges.median_gcpu:
        _set_costs(tree, normal, _spread_for(tree, normal, covered, draw(rng, ranges.median_gcpu)), covered)
    else:
        _set_costs(tree, normal, draw(rng, ranges.spread), covered)
    if covered < 1:
        rest = tree.add_function("front.rest:everything_else", 0)
        tree.costs[tree.add_stack((root, rest), -1)] = 1 - covered
    return tree


def _grow(tree: CallTree, n_functions: int, deepest: int, rng: np.random.Generator) -> None:
    """Every function below a random one of its endpoint: depth grows with the logarithm of the size."""
    nodes: list[list[Path]] = [[path] for path in tree.stacks]
    popularity = rng.dirichlet(np.full(len(nodes), 3.0))
    n_modules = max(3, n_functions // FUNCTIONS_PER_MODULE)
    choices = rng.choice(len(nodes), size=n_functions, p=popularity)
    uniform = rng.uniform(size=(n_functions, 3))
    for i in range(len(tree.functions), n_functions):
        of_endpoint = nodes[choices[i]]
        parent = of_endpoint[int(uniform[i, 0] * len(of_endpoint))]
        inherited = tree.modules[parent[-1]]
        module = inherited if inherited and uniform[i, 1] < STAYS_IN_MODULE else 1 + int(uniform[i, 2] * n_modules)
        path = (*parent, tree.add_function(_name(i, module), module))
        tree.add_stack(path, int(choices[i]))
        if len(path) < deepest:
            of_endpoint.append(path)


def _name(i: int, module: int) -> str:
    area = AREAS[module % len(AREAS)]
    kind = THINGS[(i // METHODS_PER_CLASS) % len(THINGS)].title()
    method = f"{VERBS[i % len(VERBS)]}_{THINGS[(i // 7) % len(THINGS)]}_{i}"
    return f"{area}.part{module}:{kind}{i % 3}.{method}"


def _reuse(tree: CallTree, extra: int, deepest: int, rng: np.random.Generator) -> None:
    """More contexts for functions that exist: a helper has several callers."""
    primary = len(tree.stacks)
    for callee, caller in rng.integers(len(tree.handlers), primary, size=(2 * extra, 2)).tolist():
        function, path = tree.stacks[callee][-1], tree.stacks[caller]
        if len(tree.stacks) >= primary + extra:
            break
        if function not in path and len(path) < deepest:
            tree.add_stack((*path, function), tree.endpoints[caller])


def _set_costs(tree: CallTree, normal: Floats, spread: float, covered: float) -> None:
    own = np.exp(spread * normal)
    tree.costs = (covered * own / own.sum()).tolist()


def _spread_for(tree: CallTree, normal: Floats, covered: float, median: float) -> float:
    """Spread of the stacks' own costs at which the functions' gCPU has the median asked for; by bisection."""
    incidence, low, high = tree.incidence(), 0.0, 3.0
    for _ in range(24):
        spread = (low + high) / 2
        own = np.exp(spread * normal)
        gcpu = np.asarray(incidence @ (covered * own / own.sum()))
        if np.median(gcpu[gcpu >= SMALLEST_COUNTED]) > median:
            low = spread
        else:
            high = spread
    return (low + high) / 2
