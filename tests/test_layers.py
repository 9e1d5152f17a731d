"""The arrows of the design, drawn from the imports: a package imports what lies below it, never what lies above.

Imports inside functions count, for they run; imports under ``TYPE_CHECKING`` do not, for they never do.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

NOUNS = ("domain", "errors", "_lazy")
ANALYSES = ("detect", "rootcause", "opportunities", "verify", "deliver", "program")
ARROWS: dict[str, tuple[str, ...]] = {
    "cli": ("widgets", "notebook", "report", "mcp", "demo"),
    "demo": ("report", "datasets"),
    "report": ("widgets", "notebook"),
    "notebook": ("widgets",),
    "widgets": ("session",),
    "session": ("agent",),
    "agent": ("skills",),
    "skills": ("tools",),
    "mcp": ("skills",),
    "tools": ("workspace", "charts", *ANALYSES),
    "workspace": ("store", "connect", "engine", "settings"),
    "connect": ("sources", "settings"),
    # Settings are values; what they are used for is handed them, as it is handed data.
    **dict.fromkeys(ANALYSES, ("stats", "settings", *NOUNS)),
    **dict.fromkeys(("store", "sources", "engine", "settings", "charts", "stats"), NOUNS),
    # Builders that know the truth must not know how it is looked for; they read recordings and fill the store's tables.
    "datasets": ("sources", "store", *NOUNS),
    "domain": ("errors",),
    "errors": (),
    "_lazy": (),
}
"""What a package may import directly; it may then import everything these may."""

HEAVY = ("altair", "duckdb", "numba", "pandas", "pydantic_ai", "ruptures", "scipy", "sklearn")


@cache
def reachable(package: str) -> frozenset[str]:
    """Everything below a package, itself included."""
    return frozenset({package}).union(*(reachable(below) for below in ARROWS[package]))


@cache
def modules() -> dict[str, Path]:
    """Source files by dotted name, without what a wheel bundles."""
    files = (path for path in (ROOT / "effnb").rglob("*.py") if "_bundled" not in path.parts)
    return {_dotted(path): path for path in files}


def _dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _imports(module: str, path: Path) -> Iterator[tuple[str, int]]:
    """Modules of effnb that a module imports, each with its line."""
    for node in _running(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            # A plain "import effnb" says nothing new: importing the module itself did that already.
            ours = (alias.name for alias in node.names if _is_ours(alias.name) and alias.name != "effnb")
            yield from ((name, node.lineno) for name in ours)
        elif isinstance(node, ast.ImportFrom):
            source = _source(module, path, node)
            if _is_ours(source):
                names = (f"{source}.{alias.name}" for alias in node.names)
                yield from ((name if name in modules() else source, node.lineno) for name in names)


def _running(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from _running(child)


def _source(module: str, path: Path, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    above = module.split(".")[: -node.level + (path.name == "__init__.py") or None]
    return ".".join([*above, node.module] if node.module else above)


def _is_ours(name: str) -> bool:
    return name == "effnb" or name.startswith("effnb.")


def _package(module: str) -> str:
    """First part below ``effnb``; empty for ``effnb`` itself, which is the surface and may import anything."""
    return module.partition(".")[2].partition(".")[0]


def graph() -> dict[str, set[str]]:
    return {name: {target for target, _ in _imports(name, path)} - {name} for name, path in modules().items()}


def test_every_package_has_its_place() -> None:
    unknown = {_package(module) for module in modules()} - set(ARROWS) - {""}
    assert not unknown, f"give {', '.join(sorted(unknown))} a row in ARROWS, with what it may import"


def test_arrows_point_one_way() -> None:
    wrong = {
        f"effnb/{path.relative_to(ROOT / 'effnb')}:{line} imports {target}: "
        f"{_package(module)} is not above {_package(target) or 'the whole package'}"
        for module, path in modules().items()
        for target, line in _imports(module, path)
        if _package(module) in ARROWS and _package(target) not in reachable(_package(module))
    }
    assert not wrong, "\n" + "\n".join(sorted(wrong))


def test_builders_of_known_truth_import_no_analysis() -> None:
    assert reachable("datasets").isdisjoint({*ANALYSES, "stats", "tools", "agent", "workspace"})


def test_no_module_imports_itself_through_others() -> None:
    try:
        TopologicalSorter(graph()).prepare()
    except CycleError as error:
        pytest.fail("import cycle: " + " ← ".join(error.args[1]))


def test_importing_effnb_stays_light() -> None:
    code = f"import sys, effnb; print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [], f"import effnb loads {done.stdout.strip()}; import it where it is used"
