"""What every check works on: a fix, the code before and after, and what the checks before it found out."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from effnb.domain import Fix, Interval
from effnb.verify._policy import Policy
from effnb.verify._sandbox import Sandbox
from effnb.verify._trees import Changed
from effnb.verify._workload import FunctionWorkload, ServiceWorkload

ROOTS = ("", "src", "lib", "python")


@dataclass(frozen=True)
class SettingRun:
    """What a run of the service needs to see a value of a setting."""

    arguments: tuple[str, ...] = ()
    """Words to append to the command."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Files to write into the root first: name → text."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables to set."""


@dataclass
class Candidate:
    """A fix on its way through the gate; checks add what they measured."""

    fix: Fix
    """The change."""
    old: Path
    """Export at the base."""
    new: Path
    """The same with the fix."""
    scratch: Path
    """Folder for further copies, removed at the end."""
    changed: list[Changed]
    """Files that differ."""
    workload: FunctionWorkload | None
    """Recorded calls of the target."""
    service: ServiceWorkload | None
    """Command that drives the service."""
    cost: float | None
    """gCPU of the target in the service's profile; None without one."""
    policy: Policy
    """Thresholds."""
    sandbox: Sandbox
    """What candidate code runs in."""
    code: Path
    """Export of the code the service runs; another than ``old`` where a setting lies in a repository of its own."""
    run_with: Callable[[str, str], SettingRun] | None = None
    """How the service is run under a value of a key."""
    setting: tuple[str, str, str] | None = None
    """Key, old and new value of a setting, once they are known."""
    tests: int = 0
    """Tests that cover the changed lines."""
    examples: int = 0
    """Distinct inputs that cover them."""
    answers: dict[str, object] = field(default_factory=dict)
    """What a check leaves for a later one."""
    speedup: Interval | None = None
    """Old over new."""
    control: Interval | None = None
    """Old over a copy of itself."""
    replayed: Interval | None = None
    """Old over new in the service's own replay."""
    measured_cost: float | None = None
    """Share of the service replay's CPU that the target took before the fix."""
    saved: Interval | None = None
    """Share of the service's CPU that is saved."""

    @property
    def module(self) -> str:
        """Dotted name of the target's module."""
        return self.fix.function.partition(":")[0]

    @property
    def qualname(self) -> str:
        """Name of the target inside its module."""
        return self.fix.function.partition(":")[2]

    @cached_property
    def file(self) -> str | None:
        """The target's file, relative to the root; None when there is none of that name."""
        parts = self.module.replace(".", "/")
        names = [f"{root}/{parts}{end}".lstrip("/") for root in ROOTS for end in (".py", "/__init__.py")]
        return next((name for name in names if (self.old / name).is_file()), None)

    @cached_property
    def roots(self) -> list[str]:
        """What has to be on ``sys.path`` inside, where the repository is ``/src``."""
        first = (self.file or "").partition("/")[0]
        return [f"/src/{first}", "/src"] if first in ROOTS and first else ["/src"]

    @cached_property
    def old_text(self) -> str:
        """Source of the target's file before."""
        return read_source(self.old / self.file) if self.file else ""

    @cached_property
    def new_text(self) -> str:
        """Source of the target's file after."""
        path = self.new / self.file if self.file else None
        return read_source(path) if path and path.is_file() else ""

    @cached_property
    def changed_lines(self) -> set[int]:
        """Lines of the new file that are new or differ, and those next to removed ones."""
        old, new = self.old_text.splitlines(), self.new_text.splitlines()
        found: set[int] = set()
        for kind, _, _, start, end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if kind != "equal":
                found |= set(range(start + 1, max(end, start + 1) + 1))
        return found

    @cached_property
    def watched_lines(self) -> set[int]:
        """Lines whose running shows that the change was exercised.

        Those that changed inside the target's body; all of the body where the change lies around it, e.g. in a
        decorator or a constant.
        """
        function = find_function(ast.parse(self.new_text), self.qualname)
        if function is None:
            return set()
        start = 1 if len(function.body) > 1 and ast.get_docstring(function) is not None else 0
        statements = [node for top in function.body[start:] for node in ast.walk(top) if isinstance(node, ast.stmt)]
        body = {node.lineno for node in statements}
        touched = {
            node.lineno for node in statements if _own_lines(node) & self.changed_lines
        }  # a long statement runs under its first line
        return touched or body


def read_source(path: Path) -> str:
    """Source text as Python reads it: byte-order mark and declared encoding respected, line ends kept."""
    import io
    import tokenize

    data = path.read_bytes()
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    return data.decode(encoding)


def find_function(tree: ast.Module, qualname: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The definition of a qualified name; None when it is not there or no function."""
    body: list[ast.stmt] = tree.body
    found: ast.stmt | None = None
    for part in qualname.split("."):
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        found = next((node for node in reversed(body) if isinstance(node, kinds) and node.name == part), None)
        if not isinstance(found, kinds):
            return None
        body = found.body
    return found if isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef) else None


def _own_lines(node: ast.stmt) -> set[int]:
    """Lines of a statement without those of the statements inside it."""
    inside = [child.lineno for child in ast.walk(node) if isinstance(child, ast.stmt) and child is not node]
    end = min(inside) - 1 if inside else (node.end_lineno or node.lineno)
    return set(range(node.lineno, max(end, node.lineno) + 1))
