"""A small service is run for real, and its calls are kept as they were made."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from effnb.errors import SourceError, SourceUnavailable
from effnb.verify import Limits, capture_calls, decode, load_function_workload, write_function_workload
from effnb.verify._sharing import expand, is_use

CODE = """
import dataclasses
import json
import os
import sys
import threading


@dataclasses.dataclass
class Item:
    sku: str
    price: int = 3


class Catalogue:
    def __init__(self):
        self.items = {str(n): Item(str(n) * 20, n) for n in range(60)}

    def price(self, sku):
        return self.items[sku].price

    @property
    def size(self):
        return len(self.items)

    @classmethod
    def made(cls):
        return cls()

    @staticmethod
    def doubled(number):
        return 2 * number


def often(word, *, times=1, **more):
    return word * times


def changes(items, *rest):
    items.append(len(rest))
    return items


def login(user, password):
    return user


def charge(card):
    return card


def locked(lock):
    return lock


def numbers(count):
    yield from range(count)


async def later():
    return 1


def outer(n):
    def inner(m):
        return m
    return inner(n)


def here(path):
    return path


def never():
    return None


def main(rounds):
    catalogue = Catalogue.made()
    for n in range(rounds):
        catalogue.price(str(n % 4))
        catalogue.doubled(n)
        often("ab" if n % 10 else "rare", times=n % 2, other=None)
        changes([1, 2], "x")
        login("ann", "hunter22")
        charge({"number": 4, "api_key": "0123456789abcdef"})
        locked(threading.Lock())
        list(numbers(2))
        outer(n)
        here(__file__)
        catalogue.size
"""
FUNCTIONS = [
    "Catalogue.price", "Catalogue.size", "Catalogue.made", "Catalogue.doubled", "often", "changes", "login", "charge",
    "locked", "numbers", "later", "outer", "outer.<locals>.inner", "here", "never", "gone",
]  # fmt: skip
COMMAND = ("python", "-c", "from shop.till import main; main(100)")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    (folder / "shop").mkdir()
    (folder / "shop" / "__init__.py").write_text("")
    (folder / "shop" / "till.py").write_text(CODE)
    return folder


@pytest.fixture(scope="module")
def captured(tree):
    functions = [f"shop.till:{name}" for name in FUNCTIONS]
    return capture_calls(COMMAND, tree, [*functions, "json:dumps"], service="till", revision="abc")


@pytest.fixture(scope="module")
def workloads(captured):
    return {one.function.partition(":")[2]: one for one in captured.workloads}


def calls(workload):
    resolve = sys.modules["types"].SimpleNamespace
    found = []
    for sample in workload.samples:
        args = [decode(expand(value, workload.shared), lambda _: resolve) for value in sample.args]
        found.append((args, {name: decode(value) for name, value in sample.kwargs.items()}, sample.n))
    return found


def test_calls_are_counted_by_their_arguments(workloads):
    often = workloads["often"]
    assert (often.calls, often.examined, often.distinct, often.repeat_rate) == (100, 100, 3, 0.97)
    assert (often.service, often.revision) == ("till", "abc")
    assert calls(often) == [
        (["ab"], {"times": 1, "other": None}, 50),
        (["ab"], {"times": 0, "other": None}, 40),
        (["rare"], {"times": 0, "other": None}, 10),
    ]


def test_arguments_are_those_before_the_call_changed_them(workloads):
    assert calls(workloads["changes"]) == [([[1, 2], "x"], {}, 100)]


def test_a_method_is_replayed_with_its_object_and_large_objects_are_kept_once(workloads):
    price = workloads["Catalogue.price"]
    (key,) = price.shared
    found = sorted((sample.args for sample in price.samples), key=lambda args: args[1])
    assert found == [[{"$": "use", "key": key}, sku] for sku in "0123"]
    assert price.shared[key]["type"] == "shop.till:Catalogue"


def test_a_static_method_has_no_object(workloads):
    assert (workloads["Catalogue.doubled"].distinct, workloads["Catalogue.doubled"].repeat_rate) == (100, 0.0)


def test_what_cannot_be_replayed_is_listed_with_the_reason(captured):
    reasons = {function.partition(":")[2]: reason for function, reason in captured.refused.items()}
    assert "json:dumps" not in captured.refused
    expected = {
        "Catalogue.size": "decorated with property",
        "Catalogue.made": "decorated with classmethod",
        "login": "parameter 'password' is named like a secret",
        "charge": "it looks like it holds a secret",
        "locked": "lock",
        "numbers": "a generator function",
        "later": "a coroutine function",
        "outer.<locals>.inner": "inside another function",
        "here": "a path of the checkout",
        "never": "was not called",
        "gone": "was not found in the source",
    }
    assert reasons.keys() == expected.keys()
    for name, reason in expected.items():
        assert reason in reasons[name]


def test_no_secret_reaches_the_files(captured, tmp_path):
    for workload in captured.workloads:
        write_function_workload(tmp_path, workload)
    kept = [load_function_workload(path) for path in tmp_path.iterdir()]
    text = "".join(one.model_dump_json() for one in kept)
    assert len(kept) == len(captured.workloads)
    assert "hunter22" not in text
    assert "0123456789abcdef" not in text


def test_samples_are_drawn_by_frequency_and_the_same_each_time(tree, tmp_path):
    source = "import sys\ndef f(n):\n    return n\nfor i in range(4000):\n    f(i % 10 if i % 2 else i)\n"
    (tree / "mix.py").write_text(source)
    one, two = (
        capture_calls(("python", "mix.py"), tree, ["mix:f"], service="s", limits=Limits(samples=20)).workloads[0]
        for _ in range(2)
    )
    assert one == two
    assert (one.calls, one.distinct, len(one.samples)) == (4000, 2000 + 5, 20)
    frequent = [sample for sample in one.samples if sample.n >= 200]
    assert sorted(sample.args for sample in frequent) == [[1], [3], [5], [7], [9]]


def test_long_values_are_refused_and_the_rest_limited(tree):
    source = "def f(n):\n    return n\nfor i in range(50):\n    f(['x' * 999 + str(i)] * (1 + i % 2 * 99))\n"
    (tree / "long.py").write_text(source)
    limits = Limits(characters=5_000, function_characters=4_500)
    (workload,) = capture_calls(("python", "long.py"), tree, ["long:f"], service="s", limits=limits).workloads
    assert (workload.calls, workload.left_out, workload.distinct, len(workload.samples)) == (50, 25, 25, 4)


def test_child_processes_and_threads_are_seen_too(tree):
    source = """import subprocess, sys, threading
def f(n):
    return n
if len(sys.argv) == 1:
    subprocess.run([sys.executable, __file__, "child"], check=True)
    thread = threading.Thread(target=f, args=(2,)); thread.start(); thread.join()
f(1)
"""
    (tree / "many.py").write_text(source)
    (workload,) = capture_calls(("python", "many.py"), tree, ["many:f"], service="s").workloads
    assert (workload.calls, [(sample.args, sample.n) for sample in workload.samples]) == (3, [([1], 2), ([2], 1)])


def test_a_command_without_end_is_stopped_and_kept(tree):
    (tree / "endless.py").write_text("import time\ndef f(n):\n    time.sleep(0.05)\nwhile True:\n    f(1)\n")
    (workload,) = capture_calls(("python", "endless.py"), tree, ["endless:f"], service="s", seconds=2).workloads
    assert 3 <= workload.calls <= 40


def test_a_sitecustomize_of_its_own_still_runs(tree, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import builtins; builtins.customised = 7\n")
    (tree / "custom.py").write_text("def f(n):\n    return n\nf(customised)\n")
    env = {"PYTHONPATH": str(tmp_path)}
    (workload,) = capture_calls(("python", "custom.py"), tree, ["custom:f"], service="s", env=env).workloads
    assert workload.samples[0].args == [7]


def test_a_failing_command_says_why(tree):
    with pytest.raises(SourceUnavailable, match=r"exit code 1 while its arguments were recorded: .*hear"):
        capture_calls(("python", "-c", "raise OSError('hear')"), tree, ["shop.till:often"], service="s")


def test_a_command_that_is_not_python_says_so(tree):
    with pytest.raises(SourceError, match="no Python process of it ended by itself; record with --no-arguments"):
        capture_calls(("true",), tree, ["shop.till:often"], service="s")


def test_the_shipped_workloads_are_small_and_hold_no_secret(root):
    folder = root / "data" / "storefront" / "workloads"
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 3_000_000
    assert sum(path.stat().st_size for path in (root / "data").rglob("*") if path.is_file()) < 8_000_000
    assert {path.name for path in folder.iterdir()} == {"web", "search", "jobs"}
    head = json.loads((root / "data" / "storefront" / "plan.json").read_text())["head"]
    for path in files:
        if path.suffix == ".gz":
            workload = load_function_workload(path)
            assert (workload.revision, workload.service) == (head, path.parent.name)
            assert workload.samples
            assert all(
                value["key"] in workload.shared for one in workload.samples for value in one.args if is_use(value)
            )
