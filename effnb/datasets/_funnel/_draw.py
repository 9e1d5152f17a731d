"""Sample counts of every stack in every bucket, drawn in blocks of stacks so that memory stays small.

Given the total of a bucket the counts are Dirichlet-multinomial: samples of one host resemble each other, so a count
scatters ``design_effect`` times as much as independent samples would. A module's functions share slow noise on top.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from effnb.datasets._funnel._traffic import Floats, Grid, slow_noise
from effnb.datasets._funnel._truth import PlantedEvent

Ints = npt.NDArray[np.int64]
Counts = npt.NDArray[np.int32]
CELLS_PER_BLOCK = 1_000_000


def empty_counts(n_stacks: int, grid: Grid, path: Path | None) -> Counts:
    """Room for the counts: a memory-mapped ``.npy`` file when a path is given; shape ``(n_stacks, n_buckets)``."""
    shape = (n_stacks, grid.n_buckets)
    if path is None:
        return np.zeros(shape, dtype=np.int32)
    return np.lib.format.open_memmap(path, mode="w+", dtype=np.int32, shape=shape)


def draw_counts(
    counts: Counts,
    *,
    costs: Floats,
    endpoint: Ints,
    module: Ints,
    traffic: Floats,
    events: Sequence[PlantedEvent],
    grid: Grid,
    mean_samples: float,
    design_effect: float,
    module_noise: float,
    noise_memory: float,
    rng: np.random.Generator,
) -> Ints:
    """Fill ``counts`` and return the total of each bucket, shape ``(n_buckets,)``; columns add up to it exactly."""
    noise = np.exp(slow_noise(rng, int(module.max()) + 1, grid, module_noise, noise_memory)).astype(np.float32)
    requests = traffic.astype(np.float32)
    rate = counts.view(np.float32)  # the rates lie where the counts will be
    column = np.zeros(grid.n_buckets)
    blocks = list(_blocks(*counts.shape))
    for block in blocks:
        rate[block] = costs[block, None].astype(np.float32)
    for event in events:
        if not event.by_traffic:
            rate[event.rows] += (event.deltas[:, None] * event.exposure).astype(np.float32)
    for block in blocks:
        part = np.maximum(rate[block], 0) * requests[endpoint[block]] * noise[module[block]]
        part[part < 1e-12] = 0  # what is left of a difference of two equal numbers
        column += part.sum(axis=0, dtype=np.float64)
        rate[block] = part
    scale = mean_samples / column.mean()
    totals = rng.poisson(column * scale)
    sums = np.array([_scatter(rate, block, scale, design_effect, rng) for block in blocks])
    per_block = rng.multinomial(totals, _shares(sums.T))
    for i, block in enumerate(blocks):
        shares = _shares(rate[block].T.astype(np.float64))
        counts[block] = rng.multinomial(per_block[:, i], shares).T
    return np.asarray(totals, dtype=np.int64)


def _blocks(n_stacks: int, n_buckets: int) -> Iterator[slice]:
    size = max(1, CELLS_PER_BLOCK // n_buckets)
    for first in range(0, n_stacks, size):
        yield slice(first, min(first + size, n_stacks))


def _scatter(
    rate: npt.NDArray[np.float32], block: slice, scale: float, design_effect: float, rng: np.random.Generator
) -> Floats:
    """Replace expected counts by gamma variables: normalised, they are the Dirichlet shares of that design effect."""
    excess = design_effect - 1
    if excess > 1e-9:
        rate[block] = rng.standard_gamma(rate[block] * np.float32(scale / excess), dtype=np.float32)
    return np.asarray(rate[block].sum(axis=0, dtype=np.float64))


def _shares(weights: Floats) -> Floats:
    total = weights.sum(axis=1, keepdims=True)
    return np.asarray(weights / np.where(total > 0, total, 1))
