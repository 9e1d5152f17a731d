"""What a sampled frame is called: ``module:qualname``, the same for every Python version and checkout folder.

Python up to 3.10 reports bare names and up to 3.11 gives every comprehension a frame of its own; later versions
qualify names and inline most comprehensions. Here names are always qualified, and a comprehension or generator
expression always counts as the function it is written in, so that recordings of two Python versions can be compared.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

COMPREHENSION = r"<(?:listcomp|setcomp|dictcomp|genexpr)>"
INNER_COMPREHENSION = re.compile(rf"(?:\.<locals>)?\.{COMPREHENSION}")
OUTER_COMPREHENSION = re.compile(rf"^{COMPREHENSION}(?:\.<locals>\.)?")
FROZEN = re.compile(r"<frozen (?P<module>.+)>")
STDLIB = re.compile(r"python3\.\d+t?")
COMPREHENSION_NODES: dict[type[ast.AST], str] = {
    ast.ListComp: "<listcomp>",
    ast.SetComp: "<setcomp>",
    ast.DictComp: "<dictcomp>",
    ast.GeneratorExp: "<genexpr>",
}


class NameIndex:
    """Names the code objects of the source files below ``tree`` and of the libraries they use."""

    def __init__(self, tree: Path) -> None:
        self._tree = tree.resolve()
        self._qualnames: dict[str, dict[tuple[int, str], str]] = {}
        self._modules: dict[str, str] = {}

    def is_inside(self, file: str) -> bool:
        """Whether the file belongs to the recorded revision."""
        return not file.startswith("<") and Path(file).is_relative_to(self._tree)

    def name(self, name: str, file: str, line: int) -> str:
        """``module:qualname`` of the code object that starts at ``line``, its decorators included."""
        if file not in self._modules:
            self._modules[file] = module_of(file, self._tree)
        return f"{self._modules[file]}:{self._qualname(name, file, line)}"

    def _qualname(self, name: str, file: str, line: int) -> str:
        if "." in name:
            return fold_comprehensions(name)
        if file not in self._qualnames:
            self._qualnames[file] = index_file(Path(file))
        return self._qualnames[file].get((line, name)) or fold_comprehensions(name)


def fold_comprehensions(qualname: str) -> str:
    """The qualified name without comprehension scopes; ``<module>`` when nothing else is left."""
    return OUTER_COMPREHENSION.sub("", INNER_COMPREHENSION.sub("", qualname)) or "<module>"


def module_of(file: str, tree: Path) -> str:
    """Dotted module of a source file: relative to the revision, site-packages or the standard library."""
    if file.startswith("<"):
        frozen = FROZEN.fullmatch(file)
        return frozen["module"] if frozen else file
    path = Path(file)
    parts = _parts_below_root(path, tree)
    names = (*parts[:-1], path.stem) if path.stem != "__init__" else parts[:-1]
    return ".".join(names) or path.stem


def _parts_below_root(path: Path, tree: Path) -> tuple[str, ...]:
    for folder in ("site-packages", "dist-packages"):
        if folder in path.parts:
            return path.parts[_last(path.parts, folder) + 1 :]
    if path.is_relative_to(tree):
        parts = path.relative_to(tree).parts
        return parts[1:] if parts[0] == "src" and not (tree / "src" / "__init__.py").exists() else parts
    versioned = [part for part in path.parts if STDLIB.fullmatch(part)]
    if versioned:
        return path.parts[_last(path.parts, versioned[-1]) + 1 :]
    return _parts_of_package(path)


def _parts_of_package(path: Path) -> tuple[str, ...]:
    top = path.parent
    while (top / "__init__.py").exists():
        top = top.parent
    return path.relative_to(top).parts


def _last(parts: tuple[str, ...], part: str) -> int:
    return len(parts) - 1 - parts[::-1].index(part)


def index_file(path: Path) -> dict[tuple[int, str], str]:
    """Qualified names by (first line, bare name); empty when the file cannot be read or is not Python."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return {}
    found: dict[tuple[int, str], str] = {(1, "<module>"): "<module>"}
    _index(tree, "", "<module>", found)
    return found


def _index(node: ast.AST, prefix: str, owner: str, found: dict[tuple[int, str], str]) -> None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            qualname = prefix + child.name
            # A code object begins at its first decorator; profilers also report the line of the def itself.
            for line in {child.lineno, *(decorator.lineno for decorator in child.decorator_list[:1])}:
                found.setdefault((line, child.name), qualname)
            _index(child, qualname + ("." if isinstance(child, ast.ClassDef) else ".<locals>."), qualname, found)
        elif isinstance(child, ast.Lambda):
            qualname = prefix + "<lambda>"
            found.setdefault((child.lineno, "<lambda>"), qualname)
            _index(child, qualname + ".<locals>.", qualname, found)
        else:
            label = COMPREHENSION_NODES.get(type(child))
            if label:
                found.setdefault((child.lineno, label), owner)  # type: ignore[attr-defined]
            _index(child, prefix, owner, found)
