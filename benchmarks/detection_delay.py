"""How long after its rollout a regression is reported, by size and preset, and which transients are believed by then.

    python benchmarks/detection_delay.py [--quick] [--json] [--jobs N]

The detector runs as it would in production: at each re-run time, on the data until then and no more. A trial is one
service with one regression; the delay counts from the start of its rollout to the first run that reports it, and, in
the column "of full", from the end of the rollout. Beside it stands the share of transients (failures, bad canaries,
warm-ups, contention in load spikes) that a run no later than the median delay after their start reported as lasting.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from fleet_funnel import HOUR, Judge, Preset, detect, history_of, wilson

from effnb.datasets._funnel import LARGE, SMALL, FleetMonth, PlantedEvent, Ranges, Truth, Wishes, simulate_month

TRANSIENT_KINDS = ("server-failure", "canary", "rolling-update", "load-spike")
SIZED_LIKE = 3.0
"""A transient counts if it is at least a third of its preset's smallest regression, at most three of the largest."""
REST_DAYS = 3.0


@dataclass(frozen=True)
class Schedule:
    """One line of the paper's Table 1, or ours."""

    name: str
    ranges: Ranges
    threshold: float
    rerun_hours: float
    historic_days: float
    step_seconds: int
    patience_hours: float
    """After this long a regression counts as not found."""
    sizes: tuple[float, ...]
    servers: float | None = None
    relative: tuple[float, float] = (0.05, 1.0)
    n_functions: int = 150


WHOLE = replace(LARGE, median_gcpu=None)
"""A large service in few, large functions: a part of one has no function that could get 3 % dearer."""

SCHEDULES = (
    Schedule("FrontFaaS large", WHOLE, 0.03, 0.5, 10, 300, 6, (0.03, 0.06, 0.15), None, (0.2, 3.0), 60),
    Schedule("FrontFaaS small", LARGE, 0.00005, 2, 10, 1800, 30, (0.00005, 0.0001, 0.0005, 0.0025)),
    Schedule("PythonFaaS large", WHOLE, 0.005, 1, 10, 600, 12, (0.005, 0.01, 0.05), 30_000, (0.1, 3.0), 60),
    Schedule("PythonFaaS small", LARGE, 0.0003, 4, 10, 1800, 36, (0.0003, 0.0006, 0.003), 30_000, (0.1, 5.0)),
    Schedule("small-fleet", SMALL, 0.005, 1, 10, 1800, 48, (0.005, 0.01, 0.03, 0.1), 20),
)


@dataclass(frozen=True)
class Trial:
    """One service with one event."""

    schedule: Schedule
    size: float | None
    """Size of a regression; None: a transient."""
    seed: int


def run(trial: Trial) -> dict[str, Any]:
    """Hours from the event's start to the first run that reports it as a lasting rise; None when no run did."""
    schedule = trial.schedule
    found = _event(trial)
    if found is None:
        return {"preset": schedule.name, "size": trial.size, "seed": trial.seed, "delay": None, "planted": False}
    month, truth, event = found
    preset, judge = Preset(schedule.threshold, schedule.patience_hours), Judge(truth)
    row = {"preset": schedule.name, "size": trial.size, "seed": trial.seed, "planted": True, "kind": event.kind}
    row["power"] = truth.oracle_power(event, preset.alarm_rate, after_hours=schedule.patience_hours)
    last = event.at + schedule.patience_hours * HOUR
    rerun = schedule.rerun_hours * HOUR
    # Runs do not wait for rollouts: where in the cycle a rollout falls is the seed's business.
    at = event.at + float(np.random.default_rng(trial.seed).uniform()) * rerun
    while at <= last:
        stop = int((at - month.start) // month.step_seconds)
        first = max(
            0, stop - round((schedule.historic_days * 24 + schedule.patience_hours) * HOUR / month.step_seconds)
        )
        outcome = detect(history_of(month, first, stop), preset)
        for mark in outcome.reports:
            if mark.stage == "report" and any(one.id == event.id for one, _ in judge.near(mark)):
                return {**row, "delay": (at - event.at) / HOUR, "after_full": (at - event.full_at) / HOUR}
        at += rerun
    return {**row, "delay": None}


def _event(trial: Trial) -> tuple[FleetMonth, Truth, PlantedEvent] | None:
    """A month with the trial's event; None when no transient of comparable size could be planted."""
    schedule = trial.schedule
    kind = TRANSIENT_KINDS[trial.seed % len(TRANSIENT_KINDS)] if trial.size is None else "regression"
    for attempt in range(20):
        month, truth = simulate_month(
            [trial.seed, attempt, 7 if trial.size is None else round(1e6 * trial.size)],
            schedule.ranges,
            n_functions=schedule.n_functions,
            history_days=schedule.historic_days,
            days=REST_DAYS + 1.5,
            step_seconds=schedule.step_seconds,
            servers=schedule.servers,
            wishes=Wishes(counts={kind: 1}, sizes=[trial.size or 0.0], relative=schedule.relative, at_hours=[6.0]),
        )
        events = [event for event in truth.events if not event.by_traffic and event.kind == kind]
        if trial.size is not None or any(_comparable(event, schedule) for event in events):
            return month, truth, events[0]
    return None


def _comparable(event: PlantedEvent, schedule: Schedule) -> bool:
    smallest = min(schedule.sizes)
    return smallest / SIZED_LIKE <= event.size <= max(schedule.sizes) * SIZED_LIKE


def trials(quick: bool) -> list[Trial]:
    """What is measured: presets × sizes × seeds, and transients for each preset."""
    plan = []
    for schedule in SCHEDULES:
        if quick and schedule.name.startswith("PythonFaaS"):
            continue
        sizes = schedule.sizes[:2] if quick else schedule.sizes
        plan += [Trial(schedule, size, seed) for size in sizes for seed in range(4 if quick else 40)]
        plan += [Trial(schedule, None, seed) for seed in range(8 if quick else 100)]
    return plan


def summarise(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A line for each preset and size."""
    lines = []
    for schedule in SCHEDULES:
        mine = [row for row in rows if row["preset"] == schedule.name and row["planted"]]
        passing = [row for row in mine if row["size"] is None]
        for size in schedule.sizes:
            delays = [row["delay"] for row in mine if row["size"] == size]
            if not delays:
                continue
            full = [row.get("after_full") for row in mine if row["size"] == size]
            median, slow = (_order(delays, level) for level in (0.5, 0.9))
            by_then = [
                row for row in passing if row["delay"] is not None and (median is None or row["delay"] <= median)
            ]
            lines.append(
                {
                    "preset": schedule.name,
                    "size": size,
                    "rerun_hours": schedule.rerun_hours,
                    "trials": len(delays),
                    "reported": sum(delay is not None for delay in delays),
                    "oracle_power": float(np.mean([row["power"] for row in mine if row["size"] == size])),
                    "median_hours": median,
                    "p90_hours": slow,
                    "median_hours_after_full_rollout": _order(full, 0.5),
                    "patience_hours": schedule.patience_hours,
                    "transients": len(passing),
                    "transients_reported_by_then": len(by_then),
                    "transient_false_report_rate": len(by_then) / len(passing) if passing else None,
                    "transient_interval": wilson(len(by_then), len(passing)),
                }
            )
    return lines


def _order(delays: list[float | None], level: float) -> float | None:
    """A quantile of delays of which some never ended; None when the quantile is among those."""
    known = sorted(math.inf if delay is None else delay for delay in delays)
    value = known[min(len(known) - 1, math.ceil(level * len(known)) - 1)]
    return None if math.isinf(value) else value


def show(lines: list[dict[str, Any]]) -> None:
    """The table."""
    print(
        "hours from the start of the rollout to the report; the paper discloses none (about 6–12 h for FrontFaaS small)"
    )
    head = f"{'preset':18}{'size':>10}{'median':>9}{'P90':>9}{'of full':>9}{'reported':>10}{'oracle':>8}"
    print(f"{head}   transients believed by then")
    for line in lines:
        late = f">{line['patience_hours']:g}"
        keys = ("median_hours", "p90_hours", "median_hours_after_full_rollout")
        median, slow, full = (late if line[key] is None else f"{line[key]:.1f}" for key in keys)
        low, high = line["transient_interval"]
        believed = f"{line['transients_reported_by_then']}/{line['transients']} ({100 * low:.0f}–{100 * high:.0f} %)"
        share = f"{line['reported']}/{line['trials']}"
        size = f"{100 * line['size']:.3f} %"
        row = f"{line['preset']:18}{size:>10}{median:>9}{slow:>9}{full:>9}{share:>10}{line['oracle_power']:>8.2f}"
        print(f"{row}   {believed}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="the same on less data, at most a minute")
    parser.add_argument("--json", action="store_true", help="one JSON value on stdout")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    asked = parser.parse_args()
    start, rows = time.perf_counter(), []
    plan = trials(asked.quick)
    with ProcessPoolExecutor(asked.jobs) as pool:
        for i, row in enumerate(pool.map(run, plan), 1):
            rows.append(row)
            print(f"\r{i} of {len(plan)} trials", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    lines = summarise(rows)
    if asked.json:
        print(json.dumps({"delays": lines, "wall_seconds": time.perf_counter() - start}, indent=1, allow_nan=False))
    else:
        show(lines)


if __name__ == "__main__":
    main()
