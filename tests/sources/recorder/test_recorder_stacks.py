"""The profiler's raw lines become stacks of the service, and folded files keep them exactly."""

from collections import Counter
from pathlib import Path

import pytest

from effnb.errors import SourceError
from effnb.sources.recorder._stacks import folded_bytes, read_folded, read_raw

LAUNCH = 'process 7:"sh /tmp/launch.sh";process 9:"python -m shop.run; x";_run_code (<frozen runpy>:65);'


def test_what_starts_the_service_is_cut_off() -> None:
    raw = f"{LAUNCH}<module> (/tree/shop/run.py:1);main (/tree/shop/run.py:9) 12\n"
    assert read_raw(raw, Path("/tree")).stacks == Counter({("shop.run:<module>", "shop.run:main"): 12})


def test_start_up_of_the_interpreter_is_counted_apart() -> None:
    raw = f"{LAUNCH}_find_spec (<frozen importlib._bootstrap>:1) 3\n 2\n"
    stacks, outside = read_raw(raw, Path("/tree"))
    assert stacks == Counter()
    assert outside == 5


def test_library_threads_stay_whole() -> None:
    raw = (
        "Thread._bootstrap (/usr/lib/python3.12/threading.py:9);run (/usr/lib/python3.12/site-packages/pool/w.py:4) 2\n"
    )
    assert read_raw(raw, Path("/tree")).stacks == Counter({("threading:Thread._bootstrap", "pool.w:run"): 2})


def test_a_comprehension_and_its_function_are_one_frame() -> None:
    raw = "f (/tree/a.py:1);f.<locals>.<listcomp> (/tree/a.py:2);g (/tree/a.py:8) 4\n"
    raw += "f (/tree/a.py:1);g (/tree/a.py:8) 1\n"
    assert read_raw(raw, Path("/tree")).stacks == Counter({("a:f", "a:g"): 5})


def test_recursion_keeps_its_depth() -> None:
    raw = "f (/tree/a.py:1);f (/tree/a.py:1);f (/tree/a.py:1) 4\n"
    assert read_raw(raw, Path("/tree")).stacks == Counter({("a:f", "a:f", "a:f"): 4})


def test_folded_bytes_do_not_depend_on_order_or_time() -> None:
    stacks = {("a:f", "a:g"): 5, ("a:f",): 1}
    assert folded_bytes(Counter(stacks)) == folded_bytes(Counter(dict(reversed(stacks.items()))))


def test_folded_stacks_come_back_and_odd_names_cannot_split_them(tmp_path: Path) -> None:
    stacks = Counter({("a:f", "<string; x>:g h"): 5, ("a:f",): 1})
    (tmp_path / "x.folded.gz").write_bytes(folded_bytes(stacks))
    assert read_folded(tmp_path / "x.folded.gz") == Counter({("a:f", "<string:_x>:g_h"): 5, ("a:f",): 1})


def test_a_damaged_recording_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.folded.gz").write_bytes(folded_bytes(Counter({("a:f",): 1}))[:-6])
    with pytest.raises(SourceError, match=r"x\.folded\.gz.*--force"):
        read_folded(tmp_path / "x.folded.gz")
