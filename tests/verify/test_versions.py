"""Two versions of a small service, run for real in the sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from effnb.errors import NotFound
from effnb.verify import NoAnswerError, Version, best_sandbox, compare_versions, find_function
from effnb.verify._versions import LEAST_ROUNDS, METER, SIDES, Cost, _ratios, add_meter

CODE = """
import functools
import os
import sys


class Till:
    @staticmethod
    def add(n):
        return sum(range(int(os.environ.get("SIZE", "{size}"))))

    @property
    @functools.lru_cache(maxsize=None)
    def total(self):
        return 1


def outer():
    def inner():
        return 1
    return inner()


def broken(n):
    raise SystemExit(3)


HANDLERS = {{"add": Till.add, "broken": broken}}


def main(rounds, name="add"):
    for n in range(rounds):
        HANDLERS[name](n)
        sum(range(4000))


main(int(sys.argv[1]), *sys.argv[2:])
"""
ADD = "shop.till:Till.add"


@pytest.fixture(scope="module")
def sandbox():
    found = best_sandbox()
    if found is None:
        pytest.skip("no strong sandbox on this machine")
    return found


def version(folder: Path, size: int = 2_000, rounds: str = "900", **more) -> Version:
    (folder / "shop").mkdir(parents=True)
    (folder / "shop" / "till.py").write_text(CODE.format(size=size))
    folder.chmod(0o755)
    return Version(folder, ("shop/till.py", rounds), idle=("shop/till.py", "1"), **more)


def compared(sandbox, old: Version, new: Version, target: str | None = ADD):
    return compare_versions(sandbox, old, new, target, is_enough=lambda _: True, seconds=60)


def test_a_rest_that_is_only_noise_is_no_clock():
    # the target is 25 ms of a command that does next to nothing else; what is left after a start of 30 ms is noise
    rests = {"old": (0.3e6, 0.8e6, 0.5e6), "new": (4e6, 2e6, 3e6), "copy": (1e6, 2e6, 1e6)}
    times = {"old": 25e6, "new": 27e6, "copy": 25e6}
    costs = {side: [Cost(times[side], times[side] + rest) for rest in rests[side]] for side in SIDES}
    ratios = _ratios(costs, ADD, 30e6, seed=1)
    assert ratios.target.value == pytest.approx(27 / 25)
    assert 0.95 < ratios.against_rest.value < 1.1
    assert _ratios(costs, ADD, 0.0, seed=1).against_rest.high < 0.5  # what the rest alone would have said


def test_a_dearer_version_has_a_ratio_above_its_control(sandbox, tmp_path):
    ratios = compared(sandbox, version(tmp_path / "old"), version(tmp_path / "new", size=6_000))
    assert ratios.rounds == LEAST_ROUNDS
    assert 2.4 < ratios.target.value < 3.6
    assert ratios.target.low > max(2.0, ratios.control.high)
    assert ratios.control.low < 1.15
    assert ratios.control.high > 0.87
    # 2,000 + 4,000 against 6,000 + 4,000 numbers a request
    assert 1.3 < ratios.service.value < 2.0


def test_equal_versions_have_a_ratio_of_one(sandbox, tmp_path):
    ratios = compared(sandbox, version(tmp_path / "old"), version(tmp_path / "new"))
    assert 0.87 < ratios.target.value < 1.15


def test_a_variable_may_be_what_differs(sandbox, tmp_path):
    dear = version(tmp_path / "new", environment={"SIZE": "8000"})
    assert compared(sandbox, version(tmp_path / "old"), dear).target.low > 2.5


def test_without_a_function_the_whole_service_is_timed(sandbox, tmp_path):
    ratios = compared(sandbox, version(tmp_path / "old"), version(tmp_path / "new", size=40_000), None)
    assert ratios.target is None
    assert ratios.service.low > 2


def test_a_command_that_fails_says_how(sandbox, tmp_path):
    old = version(tmp_path / "old")
    with pytest.raises(NoAnswerError, match="exit code 3"):
        compared(sandbox, old, Version(old.tree, ("shop/till.py", "1", "broken")))


def test_the_meter_stands_inside_descriptors_and_outside_caches(tmp_path):
    made = version(tmp_path / "old")
    add_meter(made.tree, ADD)
    add_meter(made.tree, "shop.till:Till.total")
    lines = [line.strip() for line in (made.tree / "shop" / "till.py").read_text().splitlines()]
    at = lines.index("@staticmethod")
    assert lines[at : at + 3] == ["@staticmethod", METER, "def add(n):"]
    at = lines.index("@property")
    assert lines[at : at + 3] == ["@property", METER, "@functools.lru_cache(maxsize=None)"]


def test_only_functions_with_a_name_of_their_own_are_found(tmp_path):
    tree = version(tmp_path / "old").tree
    assert find_function(tree, ADD).name == "add"
    for name in ("shop.till:Till", "shop.till:outer.<locals>.inner", "shop.till:gone", "shop.gone:f", "json:loads"):
        assert find_function(tree, name) is None
    with pytest.raises(NotFound, match=r"no function gone in shop\.till"):
        add_meter(tree, "shop.till:gone")
