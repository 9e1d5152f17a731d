"""How well ``find_change_points`` finds changes: human labels, synthetic stress, families of our own, peers.

    python benchmarks/detect_quality.py [--quick] [--json]

The settings are the function's defaults, the same for all data. The labelled series and the stress families lie in
``shared/scoring``, beside the checkout or where EFFNB_SHARED points; without them our own families are measured alone.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import zlib
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any

import numpy as np
from _peers import PEERS, answers
from _series import FAMILIES, HELD_OUT, RANGES, Simulated, simulate

from effnb.stats import find_change_points

ROOT = Path(__file__).resolve().parents[1]
SEED = 20260101
LABELLED = ("tcpd_dev", "tigerbeetle")
TWO_WEEKS = "season_weekly, two weeks"
GOALS: tuple[tuple[str, str, str, float], ...] = (
    ("tcpd_dev", "f1", ">=", 0.75),
    ("tcpd_dev", "cover", ">=", 0.69),
    ("tigerbeetle", "f1", ">=", 0.85),
    *((family, "flagged", "<=", 0.02) for family in ("flat_iid", "flat_ar", "flat_heavy", "flat_poisson")),
    *((family, "flagged", "<=", 0.02) for family in ("spike", "transient")),
    ("season_daily", "flagged", "<=", 0.05),
    (TWO_WEEKS, "flagged", "<=", 0.10),
    *((f"step_{rise}_{snr}", "hits", ">=", 0.95) for rise, snr in product(("0.5", "1", "5"), ("1", "2"))),
    *((f"step_{rise}_{snr}", "extra", "<=", 0.1) for rise, snr in product(("0.5", "1", "5"), ("1", "2"))),
    ("step_1_1_heavy", "hits", ">=", 0.95),
    ("step_1_1_heavy", "extra", "<=", 0.1),
    ("step_1_1_ar", "hits", ">=", 0.80),
    ("step_1_1_ar", "extra", "<=", 0.25),
    *((f"step_{rise}_0.5", "hits", ">=", 0.70) for rise in ("0.5", "1", "5")),
    *((f"step_{rise}_0.5", "extra", "<=", 0.3) for rise in ("0.5", "1", "5")),
    *((f"step_{rise}_1", "error", "<=", 0.01) for rise in ("0.5", "1", "5")),
)
"""Group, figure, direction, limit."""


def load_scoring() -> ModuleType | None:
    """``shared/scoring/score.py`` as a module; ``None`` where it is not to be had."""
    places = [os.environ.get("EFFNB_SHARED"), ROOT / "shared", ROOT.parent / "shared"]
    for place in filter(None, places):
        path = Path(place) / "scoring" / "score.py"
        if path.exists():
            spec = importlib.util.spec_from_file_location("score", path)
            if spec is None or spec.loader is None:
                return None
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
    return None


def stress_series(score: ModuleType, family: str, index: int) -> Simulated:
    """One series of a stress family, its truth as our own families give it."""
    values, truth = score.make_series(family, SEED, index)
    return Simulated(values, (truth,) if truth else ())


def holds_two_weeks(family: str, index: int, points: int) -> bool:
    """Whether a series of ``season_weekly`` is two of its weeks long: its draws are made again up to its day."""
    rng = np.random.default_rng([SEED, zlib.crc32(family.encode()), index])
    rng.choice([500, 1000, 2000])
    rng.uniform(size=2)
    rng.standard_normal(points)
    return points >= 2 * 7 * int(rng.choice([96, 144]))


def judge(series: Iterable[Simulated], found: Iterable[list[int]]) -> dict[str, Any]:
    """Hits among due changes, other reports a series, share of series with a report, median error in lengths."""
    due = hits = extra = flagged = number = 0
    errors: list[float] = []
    for each, changes in zip(series, found, strict=False):
        number += 1
        flagged += bool(changes)
        right: set[int] = set()
        for low, high in each.truth:
            inside = [change for change in changes if low <= change <= high]
            due += 1
            hits += bool(inside)
            right.update(inside)
            if inside:
                middle = (low + high) / 2
                errors.append(min(abs(change - middle) for change in inside) / each.values.size)
        extra += len(set(changes) - right)
    figures: dict[str, Any] = {"n": number, "flagged": flagged / number, "extra": extra / number}
    if due:
        figures |= {"hits": hits / due, "error": median(errors) if errors else None}
    return figures


def measure_stress(score: ModuleType, family: str, per: int) -> dict[str, dict[str, Any]]:
    """A stress family, and of the weekly one also the series that hold two weeks."""
    series = [stress_series(score, family, index) for index in range(per)]
    found = [find_change_points(each.values) for each in series]
    measured = {family: judge(series, found)}
    if family == "season_weekly":
        long = [index for index, each in enumerate(series) if holds_two_weeks(family, index, each.values.size)]
        measured[TWO_WEEKS] = judge([series[index] for index in long], [found[index] for index in long])
    return measured


def measure_own(family: str, held_out: bool, per: int) -> dict[str, dict[str, Any]]:
    """One of our own families, with its counts where it has some."""
    series = [simulate(family, HELD_OUT if held_out else RANGES, SEED, index) for index in range(per)]
    return {family: judge(series, [find_change_points(each.values, counts=each.counts) for each in series])}


def measure_labelled(score: ModuleType, name: str, detector: Callable[..., list[int]]) -> dict[str, Any]:
    """Mean F1 (margin 5) and cover of a labelled set."""
    rows = [row for row in score.run_segmentation(detector, name, 60, False) if not row["skip_mean"]]
    figures = {figure: float(np.mean([row[figure] for row in rows])) for figure in ("f1", "cover")}
    return {"n": len(rows), **figures, "series": {row["id"]: round(row["f1"], 3) for row in rows}}


def measure_peers(score: ModuleType, per: int, budget: float) -> dict[str, Any]:
    """The same labelled series and the first ``per`` of each stress family, answered by every peer there is."""
    families = [*score.TP_FAMILIES, *score.CONTROLS]
    stress = [(family, stress_series(score, family, index)) for index, family in product(range(per), families)]
    labelled = [each for name in LABELLED for each in score.load(name)["series"]]
    series = [np.asarray(each["values"], float) for each in labelled] + [each.values for _, each in stress]
    measured: dict[str, Any] = {}
    for name in ("effnb", *PEERS):
        found = [find_change_points(v) for v in series] if name == "effnb" else answers(name, series, budget)
        absent = "not installed: make bench-deps"
        measured[name] = absent if found is None else _peer_figures(score, found, labelled, stress)
    return measured


def _peer_figures(
    score: ModuleType, found: list[list[int]], labelled: list[dict[str, Any]], stress: list[tuple[str, Simulated]]
) -> dict[str, Any]:
    scores = []
    for each, cuts in zip(labelled, found, strict=False):
        marks = list(each["annotations"].values())
        scores.append((score.f1_score(marks, cuts), score.covering(marks, cuts, len(each["values"]))))
    rest = list(zip(stress, found[len(labelled) :], strict=False))
    steps, flat = (
        judge(*zip(*((each, cuts) for (_, each), cuts in rest if bool(each.truth) is due), strict=True))
        for due in (True, False)
    )
    tcpd = scores[: len(labelled) - 1]
    return {
        "tcpd_f1": float(np.mean([f1 for f1, _ in tcpd])),
        "tcpd_cover": float(np.mean([cover for _, cover in tcpd])),
        "tigerbeetle_f1": scores[-1][0] if len(scores) == len(labelled) else None,
        "hits": steps["hits"],
        "extra": steps["extra"],
        "flagged": flat["flagged"],
        "stress_series": len(rest),
    }


def check_goals(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Each goal with what was measured; those whose data are not there are left out."""
    measured = {**result.get("labelled", {}), **result.get("stress", {})}
    checked = []
    for group, figure, direction, limit in GOALS:
        value = measured.get(group, {}).get(figure)
        if value is not None:
            met = value >= limit if direction == ">=" else value <= limit
            checked.append({"goal": f"{group} {figure} {direction} {limit:g}", "measured": round(value, 4), "met": met})
    return checked


def measure(quick: bool) -> dict[str, Any]:
    """Everything, as one JSON value."""
    score = load_scoring()
    per, own, each_peer = (200, 40, 4) if quick else (1000, 400, 24)
    result: dict[str, Any] = {}
    with ProcessPoolExecutor(2) as pool:
        own_runs = {
            held: [pool.submit(measure_own, family, held, own) for family in FAMILIES] for held in (False, True)
        }
        if score is not None:
            result["labelled"] = {name: measure_labelled(score, name, find_change_points) for name in LABELLED}
            names = [*score.TP_FAMILIES, *score.CONTROLS, *score.EXTRA]
            result["stress"] = {k: v for name in names for k, v in measure_stress(score, name, per).items()}
        result["own"] = {k: v for run in own_runs[False] for k, v in run.result().items()}
        result["own_held_out"] = {k: v for run in own_runs[True] for k, v in run.result().items()}
    if score is not None:
        result["peers"] = measure_peers(score, each_peer, 6.0 if quick else 240.0)
    else:
        result["note"] = "shared/scoring not found (EFFNB_SHARED): labelled series, stress and peers not measured"
    result["goals"] = check_goals(result)
    return result


def show(result: dict[str, Any]) -> None:
    """The tables."""
    for name, row in result.get("labelled", {}).items():
        print(f"{name:24s} {row['n']:3d} series  F1 {row['f1']:.3f}  cover {row['cover']:.3f}")
    for part in ("stress", "own", "own_held_out"):
        if part in result:
            print(f"\n{part:26s} {'n':>5s} {'hits':>7s} {'extra':>7s} {'flagged':>8s} {'error':>8s}")
        for name, row in result.get(part, {}).items():
            hits = f"{row['hits']:7.3f}" if "hits" in row else "      -"
            error = f"{row['error']:8.4f}" if row.get("error") is not None else "       -"
            print(f"{name:26s} {row['n']:5d} {hits} {row['extra']:7.3f} {row['flagged']:8.3f} {error}")
    titles = " ".join(f"{title:>6s}" for title in ("F1", "cover", "TB F1", "hits", "extra", "false"))
    print(f"\n{'same series, side by side':26s} {titles}     n")
    for name, row in result.get("peers", {}).items():
        if isinstance(row, str):
            print(f"{name:26s} {row}")
            continue
        keys = ("tcpd_f1", "tcpd_cover", "tigerbeetle_f1", "hits", "extra", "flagged")
        shown = " ".join("     -" if row[key] is None else f"{row[key]:6.3f}" for key in keys)
        print(f"{name:26s} {shown} {row['stress_series']:5d}")
    print()
    for goal in result["goals"]:
        print(f"{'met   ' if goal['met'] else 'MISSED'} {goal['goal']:44s} {goal['measured']:.4f}")
    if "note" in result:
        print(result["note"])


def main() -> None:
    """Measure, then print tables or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less data, within a minute")
    parser.add_argument("--json", action="store_true", help="one JSON value instead of tables")
    arguments = parser.parse_args()
    result = measure(arguments.quick)
    if arguments.json:
        print(json.dumps(result))
    else:
        show(result)


if __name__ == "__main__":
    main()
