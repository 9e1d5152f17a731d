"""A reader's doubts about a cache: each is told with its line, and plain arithmetic raises none."""

from __future__ import annotations

import pytest

from effnb.domain import FunctionSource
from effnb.skills import doubt_of, is_cached


def source(*lines: str) -> FunctionSource:
    text = "\n".join(lines)
    return FunctionSource(
        function="shop.price:rate", file="shop/price.py", first_line=1, last_line=9, revision="a" * 40, source=text
    )


PURE = ("def rate(months: int) -> float:", "    return 1.01**months")


def test_arithmetic_on_arguments_raises_no_doubt():
    assert doubt_of(source(*PURE)) is None


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("    return config.get('rate') * months", "reads a setting"),
        ("    return time.time() * months", "reads the clock"),
        ("    return random.random() * months", "draws by chance"),
        ("    return self.rate * months", "depends on an object"),
        ("    yield months", "is a generator"),
    ],
)
def test_a_doubt_names_its_line(line, why):
    doubt = doubt_of(source(PURE[0], line))
    assert doubt.startswith(why)
    assert doubt.endswith(f"`{line.strip()}`")


def test_a_property_may_read_its_object_and_nothing_else():
    reads = source("def total(self) -> int:", "    return self._a + self._b")
    assert doubt_of(reads, of_object=True) is None
    assert doubt_of(source("def total(self) -> int:", "    return self._a + time.time()"), of_object=True)


def test_a_list_as_result_could_be_changed_by_callers():
    assert "callers could change" in doubt_of(source("def rates(n: int) -> list[float]:", "    return [1.0] * n"))


@pytest.mark.parametrize("decorator", ["@lru_cache(maxsize=9)", "@functools.cache", "@cached_property"])
def test_a_decorator_that_remembers_is_seen(decorator):
    assert is_cached(source(decorator, *PURE))
    assert not is_cached(source("@traced", *PURE))
