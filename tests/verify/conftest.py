"""A small repository with tests, a recorded workload and a command, and fixes of it."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from effnb.domain import Fix
from effnb.verify import FunctionWorkload, ServiceWorkload, best_sandbox, encoded_call
from effnb.verify._gate import Subject, verify_candidate
from effnb.verify._policy import Policy

MODULE = '''"""Prices of a small shop."""

from __future__ import annotations

import logging

log = logging.getLogger("shop.prices")

RATES = {"books": 7, "food": 7}
_settings = {"rounding": 1}


def configure(rounding: int) -> None:
    """Set what prices are rounded to."""
    _settings["rounding"] = rounding


def factor(percent: float, months: int) -> float:
    """Share of the price that is due every month."""
    growth = 1.0 + percent / 1200.0
    present = 0.0
    for month in range(1, months + 1):
        present += growth**-month
    return 1.0 / present


def tags(text: str) -> list[str]:
    """Different words of a text, sorted."""
    found = []
    for word in text.lower().split():
        if word not in found:
            found.append(word)
    return sorted(found)


def rounded(cents: int, kind: str) -> int:
    """Cents with tax, rounded as configured."""
    log.debug("rounding %d", cents)
    taxed = cents * (100 + RATES.get(kind, 19)) // 100
    total = 0
    for part in range(40):
        total += taxed * part % 7
    return taxed // _settings["rounding"] * _settings["rounding"] + total * 0


def banner(night: bool) -> str:
    """What is written over the door."""
    letters = ""
    for letter in "closed, come again tomorrow" if night else "open, do come in":
        letters += letter.upper()
    return letters
'''

TESTS = """from __future__ import annotations

import pytest

from shop.prices import factor, rounded, tags


@pytest.mark.parametrize("months", [1, 2, 3, 4, 5, 6, 12, 12345])
def test_without_interest(months):
    assert factor(0.0, months) == pytest.approx(1 / months)


@pytest.mark.parametrize("text", ["", "a", "b a", "a a", "C a b", "x x x", "z y"])
def test_words(text):
    assert tags(text) == sorted(set(text.lower().split()))


@pytest.mark.parametrize("cents", [0, 1, 99, 100, 101, 5000, 777])
def test_tax(cents):
    assert rounded(cents, "books") == cents * 107 // 100
"""

DRIVER = '''"""Drives the shop."""

from __future__ import annotations

import sys

from shop.prices import banner, factor, rounded, tags

for number in range(int(sys.argv[1])):
    factor(3.9 + number % 3, 6 + number % 7)
    tags(f"red green blue item{number % 5} green red")
    rounded(number % 90, "food")
    banner(number % 2 == 0)
    sum(range(150))
'''


def diff_of(old: str, new: str, path: str = "shop/prices.py") -> str:
    """Unified diff of a file's text."""
    lines = difflib.unified_diff(old.splitlines(True), new.splitlines(True), f"a/{path}", f"b/{path}")
    return "".join(lines)


def new_module(*pairs: tuple[str, str]) -> str:
    """The module with texts replaced; each has to occur once."""
    text = MODULE
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def cached(name: str = "factor", decorator: str = "lru_cache(maxsize=64)") -> str:
    """The module with one function memoised."""
    return new_module(
        ("import logging\n", "import logging\nfrom functools import lru_cache\n"),
        (f"def {name}(", f"@{decorator}\ndef {name}("),
    )


def make_fix(diff: str, function: str = "shop.prices:factor", **more: object) -> Fix:
    given = {
        "kind": "code",
        "title": "t",
        "pattern": "p",
        "subject": "s",
        "base": "",
        "made_by": "test",
        "service": "shop",
    }
    return Fix(**{**given, "id": "fix-1", "function": function, "diff": diff, **more})


def calls_of(function: str) -> FunctionWorkload:
    """Recorded calls as the driver makes them."""
    made = {
        "factor": [(3.9 + n % 3, 6 + n % 7) for n in range(21)],
        "tags": [(f"red green blue item{n} green red",) for n in range(5)],
        "rounded": [(n, "food") for n in range(90)],
        "banner": [(True,), (False,)],
    }[function]
    samples = tuple(encoded_call(args, {}).model_copy(update={"n": 20}) for args in made)
    calls = 20 * len(made)
    return FunctionWorkload(
        function=f"shop.prices:{function}",
        service="shop",
        calls=calls,
        distinct=len(made),
        examined=calls,
        repeat_rate=0.95,
        samples=samples,
    )


SERVICE = ServiceWorkload(service="shop", command=("python", "-m", "shop.drive", "{requests}"), requests=6000)


@pytest.fixture(scope="session")
def strong_sandbox():
    sandbox = best_sandbox()
    if sandbox is None:
        pytest.skip("no strong sandbox on this machine: candidate code is not run")
    return sandbox


@pytest.fixture
def shop(tmp_path) -> Path:
    """The repository as a plain folder."""
    root = tmp_path / "repository"
    (root / "shop").mkdir(parents=True)
    (root / "tests").mkdir()
    (root / "shop/__init__.py").write_text("")
    (root / "shop/prices.py").write_text(MODULE)
    (root / "shop/drive.py").write_text(DRIVER)
    (root / "tests/test_prices.py").write_text(TESTS)
    (root / "pyproject.toml").write_text('[project]\nname = "shop"\nrequires-python = ">=3.9"\n')
    return root


@pytest.fixture
def verify(shop, strong_sandbox):
    """Run the gate on a new text of the module, or on a whole diff."""

    def run(text: str = "", function: str = "factor", *, diff: str = "", policy: Policy | None = None, **more):
        subject = more.pop("subject", None) or Subject(workload=calls_of(function), service=SERVICE)
        fix = make_fix(diff or diff_of(MODULE, text), f"shop.prices:{function}", **more)
        return verify_candidate(fix, shop, subject, policy or Policy(), strong_sandbox)

    return run
