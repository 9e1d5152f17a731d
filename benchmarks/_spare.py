"""A repository whose functions do their work and a known part of useless work beside it: gains of a known size."""

from __future__ import annotations

import difflib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

STEPS = 200
FORMULAS = (
    "({0} * 31 + step) % 1009",
    "({0} + step * 7) % 997",
    "({0} ^ step) + 3",
    "({0} * 5 + step * step) % 4093",
    "({0} + step) * 3 % 2039",
)
PERCENTS = (5, 10)

FUNCTION = '''

def {name}(seed: int) -> int:
    """A number that takes a while."""
    value = seed
    for step in range({steps}):
        value = {work}
{spare}    return value
'''
SPARE = """    spare = seed
    for step in range({steps}):
        spare = {work}
"""
DRIVER = '''"""Drives every function: python -m spare.drive COUNT."""

from __future__ import annotations

import sys

from spare import work

FUNCTIONS = [getattr(work, name) for name in dir(work) if name.startswith("work_")]

for number in range(int(sys.argv[1])):
    for function in FUNCTIONS:
        function(number % 40)
'''
TESTS = """from __future__ import annotations

import pytest

from spare import work

FUNCTIONS = sorted(name for name in dir(work) if name.startswith("work_"))


@pytest.mark.parametrize("seed", range(7))
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_number_comes_out(name, seed):
    assert getattr(work, name)(seed) >= 0
"""


@dataclass(frozen=True)
class Case:
    """A candidate for one function."""

    function: str
    diff: str


@contextmanager
def repository() -> Iterator[Path]:
    """The repository, removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="effnb-spare-") as folder:
        root = Path(folder)
        for name in ("spare", "tests"):
            (root / name).mkdir()
        (root / "spare/__init__.py").write_text("")
        (root / "spare/work.py").write_text(module())
        (root / "spare/drive.py").write_text(DRIVER)
        (root / "tests/test_work.py").write_text(TESTS)
        (root / "pyproject.toml").write_text('[project]\nname = "spare"\nrequires-python = ">=3.11"\n')
        yield root


def module() -> str:
    """Every formula with each size of useless work."""
    head = '"""Work of a known cost."""\n\nfrom __future__ import annotations\n'
    return head + "".join(_function(number, percent) for percent in PERCENTS for number in range(len(FORMULAS)))


def faster(number: int, percent: int) -> Case:
    """A function without its useless work: faster by that many per cent."""
    old = _function(number, percent)
    start = old.index("    spare = seed")
    return _case(number, percent, old[:start] + old[old.index("    return value") :])


def identical(number: int) -> Case:
    """A function whose variable has another name: the same code."""
    percent = PERCENTS[number // len(FORMULAS) % len(PERCENTS)]
    return _case(number, percent, _function(number, percent).replace("value", "state"))


def _case(number: int, percent: int, text: str) -> Case:
    old = module()
    new = old.replace(_function(number, percent), text)
    lines = difflib.unified_diff(old.splitlines(True), new.splitlines(True), "a/spare/work.py", "b/spare/work.py")
    return Case(f"spare.work:{_name(number, percent)}", "".join(lines))


def _name(number: int, percent: int) -> str:
    return f"work_{percent}_{number % len(FORMULAS)}"


def _function(number: int, percent: int) -> str:
    formula = FORMULAS[number % len(FORMULAS)]
    spare = SPARE.format(steps=STEPS * percent // 100, work=formula.format("spare"))
    return FUNCTION.format(name=_name(number, percent), steps=STEPS, work=formula.format("value"), spare=spare)
