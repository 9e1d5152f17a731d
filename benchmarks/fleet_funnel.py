"""How many reports are true, what is missed and what each stage drops, on simulated fleets whose truth is known.

    python benchmarks/fleet_funnel.py [--quick] [--json] [--months N] [--resume FILE] [--jobs N]

Sections: ``large`` (FrontFaaS-like, 12,000 functions), ``held-out`` (ranges nobody tuned on), ``small`` (whole small
fleets), ``smallest`` (regressions of 0.005 % only), ``false`` (N months of 1,000 functions, for the false-report rate)
and ``correlated`` (one cause, 20 series). ``--resume`` appends each finished month to a JSON Lines file and skips
months that are in it; months measured with other code are measured again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import beta, norm, t

from effnb.datasets._funnel import (
    HELD_OUT,
    LARGE,
    FleetMonth,
    PlantedEvent,
    Truth,
    Wishes,
    simulate_month,
    simulate_small_fleet,
)
from effnb.detect import PlannedChange, ServiceHistory, detect_regressions
from effnb.settings import DetectSettings

HOUR = 3600
TOLERANCE_HOURS = 6.0
"""A report may name a time this far outside its event."""
EXPLAINS = 0.1
"""An event explains a report if it moves the reported function by at least this part of what was reported."""
SURE = 0.99
RECALL_CAP = 0.01

# -- the detector: the one place that knows how it is called ------------------------------------------------------


@dataclass(frozen=True)
class Preset:
    """How the detector is set up for a family of fleets."""

    threshold: float
    after_hours: float
    """Analysis and extended window: what the oracle sees after the full effect."""

    @property
    def settings(self) -> DetectSettings:
        """Settings of the detector."""
        return DetectSettings(threshold=self.threshold)

    @property
    def alarm_rate(self) -> float:
        """One-sided alarm rate of one series, given to the oracle as well."""
        return self.settings.significance / 2


PRESETS = {"large": Preset(0.00005, 10.0), "small": Preset(0.005, 24.0)}
STAGE_NAMES = {
    "change points": "change points",
    "scan": "change points",
    "long-path": "long path",
    "planned": "planned",
    "false-discovery": "false discoveries",
    "transient": "went-away",
    "went-away": "went-away",
    "seasonality": "seasonality",
    "traffic": "seasonality",
    "small": "threshold",
    "threshold": "threshold",
    "same-regression": "SameRegressionMerger",
    "merge": "SOMDedup",
    "merged": "SOMDedup",
    "dedup": "SOMDedup",
    "shifted": "cost shift",
    "cost-shift": "cost shift",
    "causes": "PairwiseDedup",
    "pairwise": "PairwiseDedup",
    "pairwise-dedup": "PairwiseDedup",
}
"""Our stages by the paper's names; a stage of another name gets a row of its own."""


@dataclass(frozen=True)
class Mark:
    """A report or a dropped change point."""

    function: str
    at: float
    earliest: float
    latest: float
    delta: float
    stage: str
    """``report``, ``improvement``, ``planned`` or the stage that dropped it."""


@dataclass(frozen=True)
class Outcome:
    """What the detector said about one month."""

    reports: list[Mark]
    dropped: list[Mark]
    stages: dict[str, int]


def history_of(month: FleetMonth, first: int = 0, stop: int | None = None) -> ServiceHistory:
    """The observable part of a month, or of some of its buckets, as the detector takes it."""
    return ServiceHistory(
        service=month.service,
        start=month.start + first * month.step_seconds,
        step_seconds=month.step_seconds,
        stacks=month.stacks,
        counts=month.counts[:, first:stop],
        endpoint=month.endpoint,
        requests=month.requests[:, first:stop],
    )


def plans_of(month: FleetMonth) -> list[PlannedChange]:
    """What the owners of launches announced; not which functions it will be in."""
    return [
        PlannedChange(one.change_id, [(step.at.timestamp(), step.fraction) for step in one.steps])
        for one in month.experiments
    ]


def detect(history: ServiceHistory, preset: Preset, month: FleetMonth | None = None) -> Outcome:
    """Run the detector and put what it says into plain rows."""
    found = detect_regressions(history, preset.settings, planned=plans_of(month) if month is not None else ())
    reports = [
        Mark(
            one.function,
            one.change_point.at.timestamp(),
            one.change_point.earliest.timestamp(),
            one.change_point.latest.timestamp(),
            one.absolute_delta,
            "report" if one.kind == "regression" else one.kind,
        )
        for one in found.regressions
    ]
    dropped = [
        Mark(one.function, at := one.at.timestamp(), at, at, one.absolute_delta, one.stage) for one in found.suppressed
    ]
    return Outcome(reports, dropped, dict(found.funnel))


# -- scoring ------------------------------------------------------------------------------------------------------


class Judge:
    """Says what a report or a dropped change point was."""

    def __init__(self, truth: Truth) -> None:
        self.truth = truth
        self.rank = {name: row for row, name in enumerate(truth.functions)}
        self.by_row: dict[int, list[tuple[PlantedEvent, float]]] = {}
        for event in truth.events:
            for row, change in truth.effects(event).items():
                if change:
                    self.by_row.setdefault(row, []).append((event, change))

    def near(self, mark: Mark) -> Iterator[tuple[PlantedEvent, float]]:
        """Events that moved the function in this direction at this time, with their effect on it."""
        margin = TOLERANCE_HOURS * HOUR
        for event, change in self.by_row.get(self.rank.get(mark.function, -1), []):
            end = event.full_at if event.end is None else event.end
            in_time = event.at - margin <= mark.latest and mark.earliest <= end + margin
            if in_time and change * mark.delta > 0 and abs(change) >= EXPLAINS * abs(mark.delta):
                yield event, abs(change)

    def explain(self, mark: Mark) -> PlantedEvent | None:
        """What a mark shows: a lasting rise if there was one, then moved work, then the rest by size."""
        order = {"cost-shift": 1, "traffic-shift": 2}
        found = sorted(
            self.near(mark), key=lambda one: (0 if one[0].is_lasting_rise else order.get(one[0].kind, 3), -one[1])
        )
        return found[0][0] if found else None

    def largest(self, mark: Mark) -> PlantedEvent | None:
        """The event that moved the function most at that time."""
        return max(self.near(mark), key=lambda one: one[1], default=(None, 0.0))[0]


def score(outcome: Outcome, truth: Truth, preset: Preset) -> dict[str, Any]:
    """One month as plain numbers."""
    judge = Judge(truth)
    reports, found = _reports([one for one in outcome.reports if one.stage == "report"], judge)
    improved, _ = _reports([one for one in outcome.reports if one.stage == "improvement"], judge)
    found |= {
        event.id for one in outcome.reports if one.stage == "planned" and (event := judge.explain(one)) is not None
    }
    hidden = {
        event.id
        for mark in outcome.dropped
        if "shift" in mark.stage and (event := judge.largest(mark)) is not None and event.is_lasting_rise
    }
    return {
        "reports": reports,
        "improvements": [row["why"] for row in improved],
        "planned": sum(one.stage == "planned" for one in outcome.reports),
        "rises": [
            {
                "kind": event.kind,
                "detail": event.detail,
                "size": event.size,
                "gcpu": truth.gcpu_of(event.functions[0]),
                "power": truth.oracle_power(event, preset.alarm_rate, after_hours=preset.after_hours),
                "power_all": truth.oracle_power(event, preset.alarm_rate),
                "found": event.id in found,
                "hidden": event.id in hidden - found,
                "dropped_at": sorted(_stages_of(event, outcome, judge)) if event.id not in found else [],
            }
            for event in truth.lasting_rises
        ],
        "shifts": _shifts(outcome, truth, judge, preset),
        "stages": outcome.stages,
        "threshold": preset.threshold,
    }


def _reports(marks: Sequence[Mark], judge: Judge) -> tuple[list[dict[str, Any]], set[str]]:
    rows: list[dict[str, Any]] = []
    found: set[str] = set()
    for mark in sorted(marks, key=lambda mark: -abs(mark.delta)):
        event = judge.explain(mark)
        why = "noise" if event is None else event.kind
        right = event is not None and event.is_lasting_rise and event.id not in found
        if event is not None and event.is_lasting_rise and event.id in found:
            why = f"duplicate of {event.kind}"
        if right and event is not None:
            found.add(event.id)
        rows.append({"size": abs(mark.delta), "true": right, "why": why})
    return rows, found


def _stages_of(event: PlantedEvent, outcome: Outcome, judge: Judge) -> set[str]:
    return {mark.stage for mark in outcome.dropped if any(one.id == event.id for one, _ in judge.near(mark))}


def _shifts(outcome: Outcome, truth: Truth, judge: Judge, preset: Preset) -> list[dict[str, Any]]:
    recognised = {e.id for m in outcome.dropped if "shift" in m.stage for e, _ in judge.near(m)}
    # Moved work that is reported as a saving is as wrong as moved work that is reported as a regression.
    reported = {e.id for m in outcome.reports if (e := judge.explain(m)) is not None}
    return [
        {
            "kind": event.detail,
            "moved": max(truth.effects(event).values()),
            "power": truth.oracle_power(event, preset.alarm_rate, after_hours=preset.after_hours),
            "recognised": event.id in recognised,
            "reported": event.id in reported,
        }
        for event in truth.events
        if event.kind == "cost-shift"
    ]


# -- months -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Job:
    """One month (or small fleet) of one section."""

    section: str
    seed: int
    n_functions: int


def run(job: Job) -> list[dict[str, Any]]:
    """Simulate and score; a row for each service."""
    rows = []
    preset = PRESETS["small" if job.section == "small" else "large"]
    for month, truth in _months(job):
        start = time.perf_counter()
        outcome = detect(history_of(month), preset, month)
        row = score(outcome, truth, preset)
        row["seconds"] = time.perf_counter() - start
        rows.append({"section": job.section, "seed": job.seed, "n_functions": job.n_functions, **row})
    return rows


def _months(job: Job) -> Iterable[tuple[FleetMonth, Truth]]:
    if job.section == "small":
        return simulate_small_fleet(job.seed)
    simulate = partial(
        simulate_month, [*job.section.encode(), job.seed], HELD_OUT if job.section == "held-out" else LARGE
    )
    if job.section == "smallest":
        n = job.n_functions // 50  # few enough to be far apart
        wishes = Wishes(counts={"regression": n}, sizes=[0.00005], relative=(0.00005 / RECALL_CAP, 0.5))
        return [simulate(n_functions=job.n_functions, wishes=wishes)]
    return [simulate(n_functions=job.n_functions, correlated=20 if job.section == "correlated" else 0)]


def jobs_for(quick: bool, months: int | None) -> list[Job]:
    """What is measured."""
    size, extra = (3000, 3) if quick else (12_000, 10)
    plan = [Job("large", i, size) for i in range(1 if quick else 3)]
    plan += [Job("held-out", i, size // 3) for i in range(1 if quick else 6)]
    plan += [Job("small", i, 0) for i in range(1 if quick else 5)]
    plan += [Job("smallest", i, 1000) for i in range(extra)]
    plan += [Job("correlated", i, 300) for i in range(2 * extra)]
    return plan + [Job("false", i, 1000) for i in range((4 if quick else 200) if months is None else months)]


def code_version() -> str:
    """Changes whenever the detector, the simulator or the scoring does."""
    root = Path(__file__).resolve().parents[1]
    files = [Path(__file__).resolve()]
    for folder in ("effnb/detect", "effnb/stats", "effnb/datasets/_funnel"):
        files += sorted((root / folder).glob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in [*files, root / "effnb/settings.py"])).hexdigest()[:12]


def measure(plan: Sequence[Job], resume: Path | None, jobs: int) -> list[dict[str, Any]]:
    """Rows of all months, those of an earlier run included."""
    version = code_version()
    done = {tuple(line["job"]): line["rows"] for line in _stored(resume) if line["code"] == version}
    left = [job for job in plan if _key(job) not in done]
    rows = [row for job in plan for row in done.get(_key(job), [])]
    with ProcessPoolExecutor(jobs) as pool:
        waiting = {pool.submit(run, job): job for job in left}
        for i, future in enumerate(as_completed(waiting), 1):
            new = future.result()
            rows += new
            if resume is not None:
                _append(resume, {"job": _key(waiting[future]), "code": version, "rows": new})
            print(f"\r{i} of {len(left)} months", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return rows


def _key(job: Job) -> tuple[str, int, int]:
    return job.section, job.seed, job.n_functions


def _stored(path: Path | None) -> Iterator[dict[str, Any]]:
    """Finished months; a line that a broken-off run left unfinished is not one."""
    for line in path.read_text(encoding="utf-8").splitlines() if path is not None and path.exists() else []:
        with suppress(json.JSONDecodeError):
            yield json.loads(line)


def _append(path: Path, line: dict[str, Any]) -> None:
    whole = not path.exists() or path.read_bytes()[-1:] in (b"", b"\n")
    with path.open("a", encoding="utf-8") as file:
        file.write(("" if whole else "\n") + json.dumps(line, allow_nan=False) + "\n")


# -- figures ------------------------------------------------------------------------------------------------------


def wilson(hits: int, n: int) -> list[float]:
    """95 % interval of a share."""
    if n == 0:
        return [0.0, 1.0]
    z2 = float(norm.isf(0.025)) ** 2
    centre, half = hits / n + z2 / (2 * n), math.sqrt(z2 * (hits / n * (1 - hits / n) + z2 / (4 * n)) / n)
    return [max(0.0, (centre - half) / (1 + z2 / n)), min(1.0, (centre + half) / (1 + z2 / n))]


def exact(hits: int, n: int) -> list[float]:
    """Clopper–Pearson 95 % interval of a share; for counts near 0 or n."""
    low = 0.0 if hits == 0 else float(beta.ppf(0.025, hits, n - hits + 1))
    return [low, 1.0 if hits == n else float(beta.ppf(0.975, hits + 1, n - hits))]


def share(hits: int, n: int) -> dict[str, Any]:
    """A share with its counts and interval; null when there was nothing to count."""
    return {"value": hits / n if n else None, "hits": hits, "n": n, "interval": wilson(hits, n)}


def summarise(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """All figures, by section where they differ."""
    sections = {
        name: [row for row in rows if row["section"] == name] for name in dict.fromkeys(r["section"] for r in rows)
    }
    figures = {
        name: _section(part)
        for name, part in sorted(sections.items())
        if name in ("large", "held-out", "small", "false")
    }
    smallest = [rise for row in sections.get("smallest", []) for rise in row["rises"] if rise["gcpu"] <= RECALL_CAP]
    sure = [rise for rise in smallest if rise["power"] >= SURE]
    large = figures.get("large", _section([]))
    rate = _false_rate(sections.get("false", []))
    correlated = sections.get("correlated", [])
    return {
        "precision": large["precision"]["value"],
        "miss_rate": large["miss_rate"]["value"],
        "recall_at_0_005_percent": share(sum(r["found"] for r in smallest), len(smallest))["value"],
        "true_hidden_by_cost_shift": sum(rise["hidden"] for row in rows for rise in row["rises"]),
        "false_report_rate": rate["value"],
        "stages": {name: figure["stages"] for name, figure in figures.items()},
        "fleets": figures,
        "recall_at_0_005_percent_detail": {
            **share(sum(r["found"] for r in smallest), len(smallest)),
            "where_the_oracle_is_sure": share(sum(r["found"] for r in sure), len(sure)),
            "mean_oracle_power": float(np.mean([r["power"] for r in smallest])) if smallest else None,
            "missed_at": dict(Counter(s for r in smallest if not r["found"] for s in r["dropped_at"] or ["scan"])),
            "other_reports": sum(
                not report["true"] for row in sections.get("smallest", []) for report in row["reports"]
            ),
        },
        "false_report_rate_detail": rate,
        "correlated_series": {
            "series": 20,
            "reports": [len(row["reports"]) for row in correlated],
            "found": [row["rises"][0]["found"] for row in correlated],
        },
        "settings": {name: preset.settings.model_dump() for name, preset in PRESETS.items()},
        "code": code_version(),
    }


def _section(rows: list[dict[str, Any]]) -> dict[str, Any]:
    reports = [report for row in rows for report in row["reports"]]
    rises = [{**rise, "threshold": row["threshold"]} for row in rows for rise in row["rises"]]
    counted = [rise for rise in rises if rise["kind"] != "launch" and not _below(rise)]
    sure = [rise for rise in counted if rise["power"] >= SURE]
    shifts = [{**shift, "threshold": row["threshold"]} for row in rows for shift in row["shifts"]]
    seen = [shift for shift in shifts if shift["recognised"] or shift["reported"]]
    launches = [rise for rise in rises if rise["kind"] == "launch"]
    stages: Counter[str] = Counter()
    for row in rows:
        stages.update({STAGE_NAMES.get(stage, stage): 0 for stage in row["stages"]})
        stages.update({STAGE_NAMES.get(stage, stage): n for stage, n in row["stages"].items()})
    hidden = sum(rise["hidden"] for rise in rises)
    return {
        "services": len(rows),
        "functions": sum(row["n_functions"] for row in rows),
        "precision": share(sum(report["true"] for report in reports), len(reports)),
        "precision_without_duplicates": share(sum(r["true"] for r in reports), sum(not _again(r) for r in reports)),
        "false_reports": dict(Counter(report["why"] for report in reports if not report["true"])),
        "miss_rate": share(sum(not rise["found"] for rise in sure), len(sure)),
        "missed_at": dict(Counter(s for rise in sure if not rise["found"] for s in rise["dropped_at"] or ["scan"])),
        "found_when_oracle_unsure": share(
            sum(rise["found"] for rise in counted if rise["power"] < SURE), len(counted) - len(sure)
        ),
        "below_threshold_found": share(
            sum(rise["found"] for rise in rises if _below(rise)), sum(_below(rise) for rise in rises)
        ),
        "launches_found": share(sum(rise["found"] for rise in launches), len(launches)),
        "planned_reports": sum(row["planned"] for row in rows),
        "improvement_reports": dict(Counter(why for row in rows for why in row["improvements"])),
        "true_hidden_by_cost_shift": hidden,
        "true_hidden_by_cost_shift_interval": exact(hidden, len(rises)) if rises else [0.0, 1.0],
        "cost_shifts_recognised": share(sum(s["recognised"] and not s["reported"] for s in seen), len(seen)),
        "cost_shifts_planted": len(shifts),
        "cost_shifts_visible": sum(_visible(shift) for shift in shifts),
        "cost_shifts_by_kind": {
            kind: {
                "recognised": sum(s["recognised"] and not s["reported"] for s in shifts if s["kind"] == kind),
                "reported": sum(s["reported"] for s in shifts if s["kind"] == kind),
                "planted": sum(s["kind"] == kind for s in shifts),
                "visible": sum(s["kind"] == kind and _visible(s) for s in shifts),
            }
            for kind in sorted({s["kind"] for s in shifts})
        },
        "stages": dict(stages),
        "sizes": {
            name: _quantiles([r["size"] for r in reports if name == "all" or r["true"] == (name == "true")])
            for name in ("all", "true", "false")
        },
        "seconds": sum(row["seconds"] for row in rows),
    }


def _again(report: dict[str, Any]) -> bool:
    """Whether a report repeats one of the same planted event."""
    return str(report["why"]).startswith("duplicate")


def _below(rise: dict[str, Any]) -> bool:
    """Whether the user's own threshold says that this rise does not matter."""
    return bool(rise["size"] < rise["threshold"] * (1 - 1e-6))


def _visible(shift: dict[str, Any]) -> bool:
    """Whether the moved work alone would have been worth a report that the oracle surely sees."""
    return bool(shift["power"] >= SURE and shift["moved"] >= shift["threshold"])


def _quantiles(sizes: list[float]) -> list[float] | None:
    return np.quantile(sizes, [0, 0.1, 0.5, 0.9, 0.99, 1]).tolist() if sizes else None


def _false_rate(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Share of false reports: the mean over months of each month's own share, which is what an FDR bounds."""
    shares = [sum(not report["true"] for report in row["reports"]) / max(len(row["reports"]), 1) for row in rows]
    reports = [report for row in rows for report in row["reports"]]
    half = (
        float(t.isf(0.025, len(shares) - 1) * np.std(shares, ddof=1) / math.sqrt(len(shares)))
        if len(shares) > 1
        else None
    )
    mean = float(np.mean(shares)) if shares else None
    return {
        "value": mean,
        "interval": [max(mean - half, 0.0), min(mean + half, 1.0)] if mean is not None and half is not None else None,
        "months": len(shares),
        "pooled": share(sum(not report["true"] for report in reports), len(reports)),
    }


# -- tables -------------------------------------------------------------------------------------------------------

TABLE_3 = {
    "change points": ("3.96M", "324.85K", "239.67K"),
    "went-away": ("1/365", "1/82", "1/47"),
    "seasonality": ("1/468", "1/111", "1/58"),
    "threshold": ("1/769", "1/295", "1/165"),
    "SameRegressionMerger": ("1/861", "1/500", "1/320"),
    "SOMDedup": ("1/3536", "1/1775", "1/776"),
    "cost shift": ("1/6092", "1/4010", "skipped"),
    "PairwiseDedup": ("1/18857", "1/5240", "1/1180"),
}
TABLE_4 = {
    "all": (0.005, 0.010, 0.043, 0.232, 0.948, 15.094),
    "true": (0.005, 0.011, 0.048, 0.241, 0.809, 3.862),
    "false": (0.006, 0.012, 0.062, 0.442, 4.003, 15.094),
}
SHOWN = ("large", "held-out", "small")


def show(figures: dict[str, Any]) -> None:
    """The tables, the paper's beside ours."""
    fleets = [name for name in SHOWN if name in figures["fleets"]]
    print("Table 3: ratio to the change points (paper: FrontFaaS, PythonFaaS, AdServing short | ours)")
    print(f"{'after':24}" + "".join(f"{name:>12}" for name in ("FrontFaaS", "PythonFaaS", "AdServing", *fleets)))
    extra = {stage for name in fleets for stage in figures["stages"][name]} - set(TABLE_3)
    for stage in [*TABLE_3, *sorted(extra)]:
        ours = [_ratio(figures["stages"][name], stage) for name in fleets]
        print(f"{stage:24}" + "".join(f"{cell:>12}" for cell in (*TABLE_3.get(stage, ("–",) * 3), *ours)))
    print("\nTable 4: size of reports, points of gCPU: smallest, P10, P50, P90, P99, largest (paper | ours)")
    for kind, paper in TABLE_4.items():
        print(f"{'paper ' + kind:24}" + "".join(f"{value:10.3f}" for value in paper))
        for name in fleets:
            sizes = figures["fleets"][name]["sizes"][kind]
            cells = "".join(f"{100 * value:10.3f}" for value in sizes) if sizes else "      none"
            print(f"{name + ' ' + kind:24}{cells}")
    print("\n" + f"{'paper: precision':34}70.0 %  (58.4–79.5 %)  49/70, 15 of 21 false are cost shifts")
    for name in figures["fleets"]:
        _show_fleet(name, figures["fleets"][name])
    recall, rate = figures["recall_at_0_005_percent_detail"], figures["false_report_rate_detail"]
    print(f"\nrecall at 0.005 % (gCPU <= 1 %)   {_cell(recall)}; oracle's mean power {recall['mean_oracle_power']}")
    print(
        f"  where the oracle is sure         {_cell(recall['where_the_oracle_is_sure'])}; lost at {recall['missed_at']}"
    )
    print(f"false reports, mean of {rate['months']} months    {rate['value']}, interval {rate['interval']}")
    print(f"  pooled                           {_cell(rate['pooled'])}")
    print(f"20 correlated series -> reports    {figures['correlated_series']['reports']}")


def _show_fleet(name: str, fleet: dict[str, Any]) -> None:
    print(
        f"\n{name}: {fleet['services']} services, {fleet['functions'] or 'drawn'} functions, {fleet['seconds']:.0f} s"
    )
    print(f"  precision                        {_cell(fleet['precision'])}; false: {fleet['false_reports']}")
    print(f"    without duplicates             {_cell(fleet['precision_without_duplicates'])}")
    print(f"  missed, oracle sure              {_cell(fleet['miss_rate'])}; lost at {fleet['missed_at']}")
    print(f"  found, oracle not sure           {_cell(fleet['found_when_oracle_unsure'])}")
    print(f"  cost shifts recognised           {_cell(fleet['cost_shifts_recognised'])}")
    print(f"    planted, visible               {fleet['cost_shifts_planted']}, {fleet['cost_shifts_visible']}")
    print(f"  true rises hidden by that stage  {fleet['true_hidden_by_cost_shift']}")
    print(f"  launches reported or annotated   {_cell(fleet['launches_found'])}")


def _cell(part: dict[str, Any]) -> str:
    if not part["n"]:
        return "nothing to count"
    low, high = part["interval"]
    return f"{100 * part['value']:5.1f} %  ({100 * low:.1f}–{100 * high:.1f} %)  {part['hits']}/{part['n']}"


def _ratio(stages: dict[str, int], stage: str) -> str:
    first = stages.get("change points", 0)
    if stage not in stages:
        return "–"
    return f"{first}" if stage == "change points" else f"1/{first / stages[stage]:.0f}" if stages[stage] else "0"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="the same on less data, at most five minutes")
    parser.add_argument("--json", action="store_true", help="one JSON value on stdout")
    parser.add_argument("--months", type=int, help="months of 1,000 functions for the false-report rate")
    parser.add_argument("--resume", type=Path, help="JSON Lines file of finished months")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    asked = parser.parse_args()
    start = time.perf_counter()
    rows = measure(jobs_for(asked.quick, asked.months), asked.resume, asked.jobs)
    figures = summarise(rows)
    figures["wall_seconds"] = time.perf_counter() - start
    if asked.json:
        print(json.dumps(figures, indent=1, allow_nan=False))
    else:
        show(figures)


if __name__ == "__main__":
    main()
