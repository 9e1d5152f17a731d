"""Names of sampled frames, from the lines where their code objects begin."""

from pathlib import Path

import pytest

from effnb.sources.recorder._names import NameIndex, fold_comprehensions, module_of

SOURCE = """import functools


def outer(n):
    def inner(m):
        return sorted(range(m), key=lambda v: -v)
    return inner(n)


class Till:
    @staticmethod
    @functools.cache
    def add(n):
        return sum(i for i in range(n))

    class Drawer:
        def open(self):
            return [x for x in range(3)]


async def fetch(): return 1


TABLE = [n * n for n in range(9)]
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "till.py").write_text(SOURCE)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "line", "qualname"),
    [
        ("outer", 4, "outer"),
        ("inner", 5, "outer.<locals>.inner"),
        ("<lambda>", 6, "outer.<locals>.inner.<locals>.<lambda>"),
        ("add", 11, "Till.add"),  # the first decorator's line, as the interpreter reports it
        ("add", 13, "Till.add"),
        ("<genexpr>", 14, "Till.add"),
        ("open", 17, "Till.Drawer.open"),
        ("<listcomp>", 18, "Till.Drawer.open"),
        ("fetch", 21, "fetch"),
        ("<listcomp>", 24, "<module>"),
        ("<module>", 1, "<module>"),
        ("Till.add", 11, "Till.add"),  # qualified by the profiler already
        ("elsewhere", 99, "elsewhere"),
    ],
)
def test_bare_names_become_qualified_ones(shop: Path, name: str, line: int, qualname: str) -> None:
    file = str(shop / "shop" / "till.py")
    assert NameIndex(shop).name(name, file, line) == f"shop.till:{qualname}"


def test_a_file_that_is_not_python_keeps_the_profilers_names(tmp_path: Path) -> None:
    (tmp_path / "page.tpl").write_text("{% for x in y %}")
    assert NameIndex(tmp_path).name("render", str(tmp_path / "page.tpl"), 1) == "page:render"


def test_comprehensions_count_as_the_function_that_writes_them() -> None:
    assert fold_comprehensions("Till.total.<locals>.<listcomp>") == "Till.total"
    assert fold_comprehensions("f.<locals>.<genexpr>.<locals>.<lambda>") == "f.<locals>.<lambda>"
    assert fold_comprehensions("<genexpr>.<locals>.<lambda>") == "<lambda>"
    assert fold_comprehensions("<dictcomp>") == "<module>"


@pytest.mark.parametrize(
    ("file", "module"),
    [
        ("/tree/shop/till.py", "shop.till"),
        ("/tree/shop/__init__.py", "shop"),
        ("/tree/src/shop/till.py", "shop.till"),
        ("/tree/run.py", "run"),
        ("/usr/lib/python3.12/json/encoder.py", "json.encoder"),
        ("/opt/py/lib/python3.13t/json/__init__.py", "json"),
        ("/opt/py/lib/python3.11/site-packages/numpy/linalg/_linalg.py", "numpy.linalg._linalg"),
        ("/usr/lib/python3/dist-packages/yaml/__init__.py", "yaml"),
        ("<frozen importlib._bootstrap>", "importlib._bootstrap"),
        ("<string>", "<string>"),
    ],
)
def test_modules_are_told_from_paths(file: str, module: str) -> None:
    assert module_of(file, Path("/tree")) == module
