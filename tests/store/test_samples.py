"""Samples in, the same samples out: once, whole, and never half."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from effnb.domain import Window
from effnb.errors import StoreError
from effnb.store import NO_ENDPOINT, SampleStore, State, stack_id
from effnb.store._files import write_atomically

ENDPOINTS = {"web:a": "/a", "web:b": "/b"}
ROWS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(1, 9)), min_size=1, max_size=25)


def window(make, first: int, stop: int) -> Window:
    start, end = (datetime.fromtimestamp(make.T0 + 1800 * i, tz=UTC) for i in (first, stop))
    return Window(start=start, end=end)


def test_an_empty_store_is_empty_not_broken(store):
    assert store.services() == ()
    assert store.cube("shop") is None
    assert store.stack_matrix("shop") is None
    assert store.stack_counts("shop") == {}
    assert store.select("shop").num_rows == 0


def test_samples_come_back_as_they_went_in(store, make):
    store.add(make.batch([(0, 0, 3), (2, 1, 5), (2, 0, 1)]), endpoints=ENDPOINTS, source="test")
    assert store.services() == ("shop",)
    assert store.stack_counts("shop") == {make.STACKS[0]: 4, make.STACKS[1]: 5}
    assert store.stack_counts("shop", window(make, 0, 2)) == {make.STACKS[0]: 3}
    matrix = store.stack_matrix("shop")
    assert (matrix.start, matrix.step_seconds) == (make.T0, 1800)
    assert matrix.counts[matrix.stacks.index(make.STACKS[0])].tolist() == [3, 0, 1]


def test_the_same_batch_twice_counts_once(store, make):
    for _ in range(2):
        store.add(make.batch([(0, 0, 3), (1, 1, 2)]), endpoints=ENDPOINTS, source="test")
    assert store.stack_counts("shop") == {make.STACKS[0]: 3, make.STACKS[1]: 2}
    assert store.cube("shop").totals.sum() == 5


def test_two_parts_are_added_up(store, make):
    store.add(make.batch([(0, 0, 3), (3, 0, 1)]), endpoints=ENDPOINTS, source="one")
    store.add(make.batch([(2, 2, 7), (3, 0, 2)]), endpoints=ENDPOINTS, source="two")
    cube = store.cube("shop")
    row, place = cube.index("x"), {name: i for i, name in enumerate(cube.endpoints)}
    assert cube.counts[row, place["/a"]].tolist() == [3, 0, 0, 3]
    assert cube.counts[row, place["/b"]].tolist() == [0, 0, 7, 0]
    assert cube.totals.sum(axis=0).tolist() == [3, 0, 7, 3]
    assert store.stack_counts("shop") == {make.STACKS[0]: 6, make.STACKS[2]: 7}


def test_services_are_kept_apart(store, make):
    store.add(make.batch([(0, 0, 3)], service="a/b"), endpoints={}, source="test")
    store.add(make.batch([(0, 0, 5)], service="a b"), endpoints={}, source="test")
    assert store.services() == ("a b", "a/b")
    assert store.stack_counts("a/b") == {make.STACKS[0]: 3}
    assert store.stack_counts("a b") == {make.STACKS[0]: 5}


def test_a_service_name_cannot_leave_the_store(store, make, tmp_path):
    store.add(make.batch([(0, 0, 3)], service="../../outside"), endpoints={}, source="test")
    assert store.services() == ("../../outside",)
    assert {path.parent.parent for path in tmp_path.rglob("*.parquet")} == {tmp_path / "parts"}


def test_shares_by_host_group(store, make):
    rows = [(0, 0, 1, "east"), (0, 3, 3, "east"), (1, 3, 2, "west")]
    store.add(make.batch(rows), endpoints=ENDPOINTS, source="test")
    times, shares = store.group_shares("shop", "x", window(make, 0, 2))
    assert times.tolist() == [make.T0, make.T0 + 1800]
    assert shares["east"].tolist()[0] == 0.25
    assert np.isnan(shares["east"][1])
    assert shares["west"].tolist()[1] == 0.0


@settings(max_examples=15)
@given(rows=ROWS, cut=st.integers(0, 25))
def test_the_cube_equals_counting_by_hand(make, rows, cut):
    """In one part or in two, however often a function recurs in a stack."""
    with tempfile.TemporaryDirectory() as folder:
        state = State(Path(folder) / "state.db")
        store = SampleStore(Path(folder) / "parts", state)
        for some in (rows[:cut], rows[cut:]):
            if some:
                store.add(make.batch(some), endpoints=ENDPOINTS, source="test")
        cube = store.cube("shop")
        state.close()
    stored = {tuple(map(tuple, some)) for some in (rows[:cut], rows[cut:]) if some}
    counted = [row for some in stored for row in some]
    first = min(row[0] for row in counted)
    assert cube.start == make.T0 + 1800 * first
    for f, function in enumerate(cube.functions):
        for e, endpoint in enumerate(cube.endpoints):
            for b in range(cube.n_buckets):
                expected = sum(
                    n
                    for bucket, stack, n in counted
                    if bucket - first == b
                    and function in make.STACKS[stack]
                    and next((ENDPOINTS[x] for x in make.STACKS[stack] if x in ENDPOINTS), NO_ENDPOINT) == endpoint
                )
                assert cube.counts[f, e, b] == expected
    assert cube.totals.sum() == sum(row[2] for row in counted)


def test_a_stack_id_is_the_same_everywhere():
    assert stack_id(("a", "b")) == 9_214_550_154_729_315_665
    assert stack_id(("a", "b")) != stack_id(("b", "a"))
    assert stack_id(("ab",)) != stack_id(("a", "b"))


def test_another_bucket_width_is_refused_before_anything_is_written(store, make):
    store.add(make.batch([(0, 0, 3)]), endpoints={}, source="test")
    before = sorted(path.name for path in store.folder.rglob("*.parquet"))
    with pytest.raises(StoreError, match="buckets of 1800 s, these in 600 s"):
        store.add(make.batch([(0, 0, 3)], step=600), endpoints={}, source="test")
    assert sorted(path.name for path in store.folder.rglob("*.parquet")) == before
    assert store.step_seconds("shop") == 1800


@pytest.mark.parametrize("kind", ["samples", "stacks", "cube"])
@pytest.mark.parametrize("damage", ["cut", "gone", "noise"])
def test_a_damaged_part_is_a_store_error(store, make, kind, damage):
    store.add(make.batch([(0, 0, 3), (1, 1, 4)]), endpoints={}, source="test")
    path = next((store.folder / kind).iterdir())
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:100] if damage == "cut" else os.urandom(300))
    asked = {"samples": store.stack_matrix, "stacks": store.stack_counts, "cube": store.cube}[kind]
    with pytest.raises(StoreError, match=f"cannot read .*{path.name}: .*delete the store folder and ingest again"):
        asked("shop")
    if kind == "cube":
        with pytest.raises(StoreError, match="cannot read"):
            store.services()


def test_parts_are_named_in_the_state_and_only_those_are_read(store, make):
    store.add(make.batch([(0, 0, 3)]), endpoints={}, source="test")
    path = next((store.folder / "samples").iterdir())
    path.with_name("shop-0123456789abcdef.parquet").write_bytes(path.read_bytes())
    assert store.stack_counts("shop") == {make.STACKS[0]: 3}


WRITERS = """
import os, sys
from pathlib import Path
import numpy as np
from effnb.store import Samples, SampleStore, State, stack_id
stacks = {stack_id(("r", f"m:f{i}")): ("r", f"m:f{i}") for i in range(300)}
ids = np.array(list(stacks), dtype=np.int64)
n = len(ids)
for line in sys.stdin:  # one forked writer a folder: the imports take longer than the writing
    child = os.fork()
    if child == 0:
        folder = Path(line.strip())
        store = SampleStore(folder / "parts", State(folder / "state.db"))
        for k in range(10**6):
            bucket = np.full(n, 1_760_000_400 + 1800 * (k % 50))
            batch = Samples("shop", stacks, 1800, bucket, ["v"] * n, ["g"] * n, ids, np.full(n, k + 1))
            if k == 0:
                print(os.getpid(), flush=True)
            store.add(batch, endpoints={}, source=f"batch {k}")
    os.waitpid(child, 0)
    print("killed", flush=True)
"""
KILLS = 20


def test_a_killed_writer_never_leaves_half_a_part(tmp_path):
    """Killed at twenty random moments: every registered part is whole, and the sweep removes what is left over."""
    rng, parts = random.Random(7), 0
    command = [sys.executable, "-c", WRITERS]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as writers:
        for i in range(KILLS):
            folder = tmp_path / str(i)
            folder.mkdir()
            writers.stdin.write(f"{folder}\n")
            writers.stdin.flush()
            writer = int(writers.stdout.readline())
            time.sleep(rng.uniform(0, 0.2))
            os.kill(writer, signal.SIGKILL)
            assert writers.stdout.readline() == "killed\n"
            parts += whole_parts(folder)
        writers.stdin.close()
    assert parts > KILLS  # writers did get to write


def whole_parts(folder: Path) -> int:
    """Parts that count after a kill; each is whole, and nothing unfinished lies beside them."""
    state = State(folder / "state.db")
    store = SampleStore(folder / "parts", state)
    assert list((folder / "parts").rglob(".effnb-tmp-*")) == []
    rows = state.connection.execute("SELECT path, kind, rows, source FROM part").fetchall()
    kinds: dict[str, set[str]] = {}
    for row in rows:
        assert pq.read_table(folder / "parts" / row["path"]).num_rows == row["rows"]
        kinds.setdefault(row["source"], set()).add(row["kind"])
    assert all({"samples", "cube"} <= one for one in kinds.values())
    if rows:
        assert store.cube("shop").totals.sum() == sum(store.stack_counts("shop").values()) > 0
    state.close()
    return len(rows)


def test_sweep_removes_what_a_killed_writer_left(tmp_path, state, make):
    orphan = tmp_path / "parts" / "samples" / ".effnb-tmp-abc.parquet"
    orphan.parent.mkdir(parents=True)
    orphan.write_bytes(b"half")
    SampleStore(tmp_path / "parts", state).add(make.batch([(0, 0, 1)]), endpoints={}, source="test")
    assert not orphan.exists()


def test_opening_a_store_leaves_a_writer_at_work_alone(store, state):
    """Two notebooks: one opens the workspace while the other ingests."""

    def write(temporary: Path) -> None:
        temporary.write_bytes(b"whole")
        SampleStore(store.folder, state)

    write_atomically(store.folder / "samples" / "a.parquet", write)
    assert (store.folder / "samples" / "a.parquet").read_bytes() == b"whole"
