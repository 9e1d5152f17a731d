"""What each check is for: with it switched off, something gets through that it alone would have stopped."""

from __future__ import annotations

import pytest

from effnb.verify import FunctionWorkload, Policy, ServiceWorkload, Subject, encoded_call
from effnb.verify._gate import CHECKS
from tests.verify.conftest import MODULE, SERVICE, cached, calls_of, diff_of, new_module

LOOP = "    growth = 1.0 + percent / 1200.0\n"
CACHED = [
    ("import logging\n", "import logging\nfrom functools import lru_cache\n"),
    ("def factor(", "@lru_cache(maxsize=64)\ndef factor("),
]


def with_lines(lines: str, decorated: bool = True) -> str:
    """The cached function with lines at its start: faster, and something besides."""
    return new_module(*(CACHED if decorated else []), (LOOP, lines + LOOP))


def once_each() -> FunctionWorkload:
    """Calls that never come back, which is not what the service does."""
    samples = tuple(encoded_call((1.0 + n / 1000, 6), {}) for n in range(300))
    return calls_of("factor").model_copy(update={"samples": samples, "distinct": 300, "calls": 300, "repeat_rate": 0.0})


FRESH = "import sys; from shop.prices import factor; [factor(n / 999, 6) for n in range(int(sys.argv[1]))]"
NEVER_TWICE = ServiceWorkload(service="shop", command=("python", "-c", FRESH, "{requests}"), requests=60_000)

SOMETHING_WITH_MATCH = """    match months:
        case 0:
            pass
"""
TESTED_AND_NOT_MENTIONED = """    if months * 7 == 86415:
        return 1.0
"""
NOT_TESTED = """    if percent == 77.5:
        return 1.0
"""

CASES: dict[str, dict[str, object]] = {
    # ruff is told to read newer code than the project promises to support
    "parse": {"text": with_lines(SOMETHING_WITH_MATCH)},
    "style": {"text": with_lines("    unused = 1\n")},
    "target": {"text": cached().replace('"books": 7, "food": 7', '"books": 7, "food": 7, "tea": 19')},
    "tests": {"text": with_lines(TESTED_AND_NOT_MENTIONED)},
    "behaviour": {"text": with_lines(NOT_TESTED)},
    "memory": {"text": cached(decorator="lru_cache(maxsize=1_000_000)")},
    "speed": {"text": cached(), "subject": Subject(workload=once_each(), service=SERVICE)},
    "reprofile": {"text": cached(), "subject": Subject(workload=calls_of("factor"), service=NEVER_TWICE, cost=0.2)},
    "saving": {"text": cached(), "subject": Subject(workload=calls_of("factor"), service=SERVICE, cost=0.0004)},
    "evidence": {"text": cached("banner"), "function": "banner"},
}


def test_every_check_has_its_case():
    assert list(CASES) == list(CHECKS)


@pytest.fixture
def lenient(shop):
    """The linter reads newer code than the project promises to support."""
    with (shop / "pyproject.toml").open("a") as file:
        file.write('\n[tool.ruff]\ntarget-version = "py311"\n')


@pytest.mark.slow
@pytest.mark.parametrize("check", CASES)
def test_it_alone_stops_its_case(verify, lenient, check):
    case = {"function": "factor", **CASES[check]}
    text, function = case.pop("text"), case.pop("function")
    stopped = verify(text, function, **case)
    assert stopped.verdict not in ("verified", "gain_unproven"), stopped.reason
    assert next(one.name for one in stopped.checks if one.outcome in ("failed", "broken")) == check, stopped.reason
    through = verify(text, function, policy=Policy(without=frozenset({check})), **case)
    assert through.verdict == "verified", through.reason


def test_the_module_is_what_the_cases_are_made_of():
    assert diff_of(MODULE, cached()).count("\n+") == 3
