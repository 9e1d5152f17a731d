"""How many samples a small rise of a counted share takes to be seen: by us, and by the best tests there can be.

    python benchmarks/sensitivity.py [--quick] [--json]

A function's share rises by a tenth at 50 % or 80 % of 500 buckets, each with the same number of samples. Every test
alarms on one flat series in a thousand, for rises only. Ours is called with ``alpha=0.002`` and rises are counted; its
false alarms are shown. Power is measured on a grid of sample counts; between, its probit is a line in their root.

- Neyman–Pearson: the two shares compared at the known time; nothing that does not know the level can do better.
- generalised likelihood ratio: the largest CUSUM in its exact binomial deviations, time unknown; its limit is the
  quantile of its own values on flat series.
"""

from __future__ import annotations

import argparse
import json
from itertools import pairwise
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from effnb.stats import find_change_points

BUCKETS = 500
SHARE = 0.01
RISE = 0.10
PLACES = (0.5, 0.8)
ALPHA = 0.001
POWER = 0.90
MARGIN = 10
SEED = 20260202
Floats = npt.NDArray[np.float64]
NORMAL = NormalDist()


def simulate(series: int, samples: float, place: int | None, seed: int) -> npt.NDArray[np.int64]:
    """Counts of the function in every bucket, shape ``(series, BUCKETS)``; the share rises at ``place``."""
    share = np.full(BUCKETS, SHARE)
    if place is not None:
        share[place:] *= 1 + RISE
    return np.random.default_rng([SEED, seed]).binomial(round(samples), share, (series, BUCKETS))


def known_time(counts: npt.NDArray[np.int64], samples: float, place: int) -> Floats:
    """Difference of the shares after and before a known time, in its standard deviations.

    The most powerful unbiased test of two binomial shares whose level is not known (here tens of thousands of counts,
    so the normal limit is exact to three digits).
    """
    before, after = counts[:, :place].mean(axis=1), counts[:, place:].mean(axis=1)
    share = counts.mean(axis=1) / round(samples)
    return (after - before) / np.sqrt(round(samples) * share * (1 - share) * (1 / place + 1 / (BUCKETS - place)))


def largest_cusum(counts: npt.NDArray[np.int64], samples: float) -> Floats:
    """Generalised likelihood ratio of each series: the largest rise at any time, in its exact standard deviations."""
    split = np.arange(MARGIN, BUCKETS - MARGIN + 1)
    total = counts.sum(axis=1, keepdims=True)
    share = total / (BUCKETS * round(samples))
    walk = split * total / BUCKETS - np.cumsum(counts, axis=1)[:, split - 1]
    scatter = np.sqrt(split * (BUCKETS - split) / BUCKETS * round(samples) * share * (1 - share))
    return (walk / np.maximum(scatter, 1e-12)).max(axis=1)


def alarms(counts: npt.NDArray[np.int64], samples: float) -> npt.NDArray[np.bool_]:
    """Which series ours reports a rise in."""
    shares = counts / round(samples)
    found = find_change_points.batch(shares, counts=np.full(BUCKETS, float(round(samples))), alpha=2 * ALPHA)
    return np.array([_rises(row, changes) for row, changes in zip(shares, found, strict=True)])


def _rises(values: Floats, changes: list[int]) -> bool:
    edges = [0, *changes, BUCKETS]
    levels = [values[first:stop].mean() for first, stop in pairwise(edges)]
    return any(after > before for before, after in pairwise(levels))


def needed(powers: dict[float, float], series: int) -> float:
    """Samples a bucket for ``POWER``: a line through the probits over the root of the samples."""
    root = np.sqrt(list(powers))
    share = np.clip(list(powers.values()), 0.5 / series, 1 - 0.5 / series)
    informative = (share > 0.02) & (share < 0.998)
    probit = [NORMAL.inv_cdf(each) for each in share[informative]]
    slope, start = np.polyfit(root[informative], probit, 1)
    return float(((NORMAL.inv_cdf(POWER) - start) / slope) ** 2)


def normal_theory(place: int) -> float:
    """Samples a bucket the Neyman–Pearson test needs when counts are normal: where the grid begins."""
    before, after = place, BUCKETS - place
    distance = NORMAL.inv_cdf(1 - ALPHA) + NORMAL.inv_cdf(POWER)
    return distance**2 * SHARE * (1 - SHARE) / (SHARE * RISE) ** 2 * (1 / before + 1 / after)


def measure_place(share_of_series: float, series: int, flat: int) -> dict[str, Any]:
    """Samples needed by each test for a change at one place, and their ratios."""
    place = int(share_of_series * BUCKETS)
    grid = [normal_theory(place) * factor for factor in (0.8, 1.0, 1.2, 1.4, 1.6)]
    calm = [simulate(flat, samples, None, number) for number, samples in enumerate(grid)]
    # Standardised statistics: one limit serves all sample counts, from all flat series.
    limit = np.quantile(np.concatenate([largest_cusum(*each) for each in zip(calm, grid, strict=True)]), 1 - ALPHA)
    powers: dict[str, dict[float, float]] = {"Neyman-Pearson": {}, "generalised": {}, "effnb": {}}
    for number, samples in enumerate(grid):
        risen = simulate(series, samples, place, 100 + number)
        oracle = known_time(risen, samples, place) > NORMAL.inv_cdf(1 - ALPHA)
        powers["Neyman-Pearson"][samples] = float(oracle.mean())
        powers["generalised"][samples] = float((largest_cusum(risen, samples) > limit).mean())
        powers["effnb"][samples] = float(alarms(risen, samples).mean())
    need = {name: needed(power, series) for name, power in powers.items()}
    return {
        "samples_a_bucket": need,
        "ratio_neyman_pearson": need["effnb"] / need["Neyman-Pearson"],
        "ratio_generalised": need["effnb"] / need["generalised"],
        "false_alarms": float(np.mean([alarms(*each).mean() for each in zip(calm, grid, strict=True)])),
        "flat_series": flat * len(grid),
        "power": {name: [round(each, 4) for each in power.values()] for name, power in powers.items()},
    }


def measure(quick: bool) -> dict[str, Any]:
    """Both places, and the goals."""
    series, flat = (1000, 4000) if quick else (4000, 40_000)
    places = {f"{place:.0%}": measure_place(place, series, flat) for place in PLACES}
    goals = [
        {"goal": f"{name} at {place} <= {limit}", "measured": round(row[key], 3), "met": row[key] <= limit}
        for place, row in places.items()
        for name, key, limit in (
            ("samples over Neyman-Pearson", "ratio_neyman_pearson", 1.6),
            ("samples over generalised likelihood ratio", "ratio_generalised", 1.1),
        )
    ]
    return {"share": SHARE, "rise": RISE, "buckets": BUCKETS, "alpha": ALPHA, "places": places, "goals": goals}


def show(result: dict[str, Any]) -> None:
    """The table."""
    print(f"samples a bucket for {POWER:.0%} power: {SHARE:.0%} rising by {RISE:.0%}, {BUCKETS} buckets, α = {ALPHA}")
    for place, row in result["places"].items():
        for name, samples in row["samples_a_bucket"].items():
            print(f"  change at {place}  {name:16s} {samples:12,.0f}")
        false_alarms = f"{row['false_alarms']:.5f} on {row['flat_series']:,} flat series"
        print(f"  change at {place}  false alarms of effnb {false_alarms}")
    for goal in result["goals"]:
        print(f"{'met   ' if goal['met'] else 'MISSED'} {goal['goal']:58s} {goal['measured']:.3f}")


def main() -> None:
    """Measure, then print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less data, within a minute")
    parser.add_argument("--json", action="store_true", help="one JSON value instead of a table")
    arguments = parser.parse_args()
    result = measure(arguments.quick)
    if arguments.json:
        print(json.dumps(result))
    else:
        show(result)


if __name__ == "__main__":
    main()
