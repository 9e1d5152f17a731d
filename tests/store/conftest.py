"""Batches of samples, and a store to put them in."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from effnb.store import Samples, SampleStore, State, stack_id

T0 = 1_760_000_400  # a multiple of 1800 s
STACKS = (("r", "web:a", "x"), ("r", "web:a", "y", "x"), ("r", "web:b", "x", "x"), ("r",))


def batch(rows, *, service="shop", step=1800, stacks=STACKS) -> Samples:
    """Samples from ``(bucket number, stack number, count)`` or with a host group as fourth."""
    return Samples(
        service=service,
        stacks={stack_id(stacks[row[1]]): stacks[row[1]] for row in rows},
        step_seconds=step,
        bucket=np.array([T0 + step * row[0] for row in rows], dtype=np.int64),
        version=["v1"] * len(rows),
        host_group=[row[3] if len(row) > 3 else "all" for row in rows],
        stack=np.array([stack_id(stacks[row[1]]) for row in rows], dtype=np.int64),
        n=np.array([row[2] for row in rows], dtype=np.int64),
    )


@pytest.fixture(scope="session")
def make():
    return SimpleNamespace(batch=batch, T0=T0, STACKS=STACKS)


@pytest.fixture
def state(tmp_path):
    opened = State(tmp_path / "state.db")
    yield opened
    opened.close()


@pytest.fixture
def store(tmp_path, state) -> SampleStore:
    return SampleStore(tmp_path / "parts", state)
