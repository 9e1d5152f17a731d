"""What code reaches for: modules, built-ins and attributes that a change for speed has no business with."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from effnb.verify._forms import words

DENIED_MODULES = words("""
    os sys subprocess socket ssl ctypes inspect gc importlib builtins time timeit threading multiprocessing concurrent
    asyncio signal shutil tempfile pathlib io fcntl mmap resource select selectors urllib http ftplib smtplib requests
    httpx aiohttp pickle marshal shelve dbm sqlite3 atexit faulthandler tracemalloc cProfile profile pdb code codeop
    runpy site types weakref unittest pytest _pytest hypothesis coverage warnings traceback platform pty tty termios
    ast dis linecache tokenize zipimport pkgutil contextvars sched webbrowser secrets random
    """)
"""Modules that touch the outside, the interpreter, the clock or the judge."""

DENIED_NAMES = words("""
    eval exec compile __import__ open globals locals vars setattr delattr breakpoint input print exit quit memoryview
    __builtins__ __loader__ __spec__ __file__
    """)
"""Built-ins of the same kind."""

ALLOWED_DUNDERS = words("__init__ __len__ __name__ __iter__ __contains__ __getitem__ __doc__ __class__")
READS = frozenset({"open", "read_text", "read_bytes"})
READ_HELP = frozenset({"os", "pathlib"})
"""What a function that reads files already may use to see whether they changed."""


def reached(nodes: Iterable[ast.AST], imports: dict[str, str]) -> set[str]:
    """Everything suspicious that some code mentions, as ``module os``, ``built-in open`` or ``attribute __code__``.

    Args:
        nodes: The code.
        imports: Local name → dotted origin, from the module's imports.
    """
    return {found for node in nodes for part in ast.walk(node) for found in _suspicions(part, imports)}


def imported_names(tree: ast.AST) -> dict[str, str]:
    """Local names that imports bind, with where they come from."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.partition(".")[0]] = alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                found[alias.asname or alias.name] = f"{'.' * node.level}{node.module or ''}.{alias.name}"
    return found


def reads_files(function: ast.AST) -> bool:
    """Whether a function opens files already."""
    names = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    return bool(READS & (names | {node.attr for node in ast.walk(function) if isinstance(node, ast.Attribute)}))


def _suspicions(node: ast.AST, imports: dict[str, str]) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield from _of_name(node.id, imports)
    elif isinstance(node, ast.Import):
        yield from (f"module {top}" for alias in node.names if (top := alias.name.partition(".")[0]) in DENIED_MODULES)
    elif isinstance(node, ast.ImportFrom):
        yield from _of_import(node)
    elif isinstance(node, ast.Attribute):
        yield from _of_attribute(node, imports)
    elif isinstance(node, ast.Global | ast.Nonlocal):
        yield f"statement {type(node).__name__.lower()} {', '.join(node.names)}"
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("__"):
        yield f"text {node.value!r}"


def _of_name(name: str, imports: dict[str, str]) -> Iterator[str]:
    top = imports[name].partition(".")[0] if name in imports else ""
    if top in DENIED_MODULES:
        yield f"module {top}"
    elif not top and name in DENIED_NAMES:
        yield f"built-in {name}"


def _of_import(node: ast.ImportFrom) -> Iterator[str]:
    top = (node.module or "").partition(".")[0]
    if not node.level and top in DENIED_MODULES:
        yield f"module {top}"
    if any(alias.name == "*" for alias in node.names):
        yield f"every name of {node.module}"


def _of_attribute(node: ast.Attribute, imports: dict[str, str]) -> Iterator[str]:
    if node.attr.startswith("__") and node.attr not in ALLOWED_DUNDERS:
        yield f"attribute {node.attr}"
    if isinstance(node.ctx, ast.Store | ast.Del) and isinstance(node.value, ast.Name) and node.value.id in imports:
        yield f"attribute {node.attr} of {imports[node.value.id]}, which it sets"
