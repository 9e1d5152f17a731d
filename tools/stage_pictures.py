"""Draw docs/stages/STAGE.svg: one change that each stage of detection keeps, beside one that it drops or joins.

    python tools/stage_pictures.py

Both are found, not drawn by hand: a simulated month of a large service goes through detection, and the rows it leaves
say which series to show. The same seed gives the same pictures.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt
import vl_convert as vlc

from effnb.charts import AnyChart, short_name
from effnb.charts._frame import BEFORE, NEUTRAL, TIME, WORSE, finish, iso, rows, time_frame
from effnb.datasets._funnel import LARGE, FleetMonth, simulate_month
from effnb.detect import Detection, PlannedChange, ServiceHistory, detect_regressions
from effnb.domain import Regression, Suppressed
from effnb.settings import DetectSettings

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "stages"
SEED, FUNCTIONS = 4, 1000
SETTINGS = DetectSettings(threshold=0.00005, significance=1e-3)
"""FrontFaaS's threshold; at a thousand times the usual significance the last stage has something to drop as well."""
AROUND_DAYS = 3
MOST_POINTS = 120
QUIET = "no change point"
PER_MARK = re.compile(r' (?:aria-[a-z]+|role)="[^"]*"')
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Panel:
    """Series to show and the times of their changes, in seconds since 1970."""

    heading: str
    lines: dict[str, Floats]
    marks: Sequence[float]
    colour: str
    days: float = AROUND_DAYS
    """Days to show before the first change and after the last."""


@dataclass(frozen=True)
class Month:
    """A service's history and what detection said of it."""

    history: ServiceHistory
    found: Detection

    def share(self, function: str) -> Floats:
        """The function's gCPU, shape ``(n_buckets,)``."""
        return np.asarray(self.history.gcpu[self.history.functions.index(function)])

    def kept(self, one: Regression, heading: str = "kept") -> Panel:
        """A report."""
        return self.panel(
            f"{heading}: {_points(one.absolute_delta, sign='+')}",
            [one.function],
            [one.change_point.at.timestamp()],
            WORSE,
        )

    def panel(self, heading: str, functions: Sequence[str], marks: Sequence[float], colour: str) -> Panel:
        """Shares of one function or two."""
        lines = {short_name(name): self.share(name) for name in functions}
        return Panel(heading, lines, marks, colour)

    def dropped(self, stage: str) -> list[Suppressed]:
        """What a stage dropped, largest first."""
        found = [one for one in self.found.suppressed if stage_of(one) == stage]
        return sorted(found, key=lambda one: -abs(one.absolute_delta))

    def steps(self) -> list[Regression]:
        """Steps upwards that were reported, of functions that ran before, clearest first."""
        climbs = {one.function for one in self.found.suppressed if one.stage in ("long-path", "same-regression")}
        rises = [one for one in self.found.regressions if one.kind == "regression" and one.before > 1e-5]
        found = [one for one in rises if one.function not in climbs]
        return sorted(found, key=lambda one: (one.high - one.low) / one.absolute_delta)


def stage_of(row: Suppressed) -> str:
    """The stage by its name in the funnel: the two that look at sizes carry one name in the rows."""
    if row.stage == "threshold" and row.numbers["upper_end"] < row.numbers["threshold"] / 2:
        return "tiny"
    return row.stage


def simulate() -> tuple[Month, Month]:
    """One month, with what its owners announced and without."""
    month, _truth = simulate_month(SEED, LARGE, n_functions=FUNCTIONS)
    history = ServiceHistory(
        service=month.service,
        start=month.start,
        step_seconds=month.step_seconds,
        stacks=month.stacks,
        counts=np.asarray(month.counts),
        endpoint=month.endpoint,
        requests=month.requests,
    )
    announced = _announced(month)
    return tuple(Month(history, detect_regressions(history, SETTINGS, planned=plans)) for plans in (announced, []))  # type: ignore[return-value]


def _announced(month: FleetMonth) -> list[PlannedChange]:
    return [
        PlannedChange(one.change_id, [(step.at.timestamp(), step.fraction) for step in one.steps])
        for one in month.experiments
    ]


def pictures(month: Month, unannounced: Month) -> dict[str, tuple[Panel, Panel]]:
    """What to show of each stage: kept, and dropped or joined."""
    clear, *_ = steps = month.steps()
    smallest = min(steps, key=lambda one: one.absolute_delta)
    return {
        "change points": (month.kept(clear, "a change point"), _without_change(month, clear)),
        "noise": (month.kept(clear), _lone(month, "noise", "{standard_errors:.2f} standard errors of {limit:.2f}")),
        "tiny": (month.kept(smallest), _lone(month, "tiny", "at most {upper_end}, not half of {threshold}")),
        "traffic": _traffic(month, clear),
        "went-away": (month.kept(clear), _pulse(month)),
        "long-path": _climb(month),
        "merged": _joined(month, "merged"),
        "planned": _joined(month, "planned"),
        "same-regression": _joined(unannounced, "same-regression"),
        "cost-shift": (month.kept(clear), _shift(month)),
        "pairwise-dedup": _joined(month, "pairwise-dedup"),
        "threshold": (month.kept(smallest), _lone(month, "threshold", "at most {upper_end}, not {threshold}")),
        "false-discovery": (
            month.kept(smallest),
            _lone(month, "false-discovery", "p = {p_value:.2g}, of {functions:,} functions"),
        ),
    }


def _without_change(month: Month, clear: Regression) -> Panel:
    """Of the functions without a change point, the one nearest in size to one that has."""
    told = {one.function for one in (*month.found.suppressed, *month.found.regressions)}
    told |= {name for one in month.found.regressions for name in one.carriers}
    quiet = min(
        set(month.history.functions) - told, key=lambda name: (abs(np.nanmean(month.share(name)) - clear.before), name)
    )
    return Panel(QUIET, {short_name(quiet): month.share(quiet)}, [clear.change_point.at.timestamp()], NEUTRAL)


def _lone(month: Month, stage: str, told: str) -> Panel:
    """The largest change that a stage dropped, and the numbers it gave for it."""
    row = month.dropped(stage)[0]
    numbers = {
        name: _points(value) if name in ("upper_end", "threshold") else value for name, value in row.numbers.items()
    }
    return month.panel("dropped: " + told.format(**numbers), [row.function], [row.at.timestamp()], NEUTRAL)


def _points(share: float, sign: str = "") -> str:
    return f"{100 * share:{sign}.2g} points"


def _traffic(month: Month, clear: Regression) -> tuple[Panel, Panel]:
    row = max(month.dropped("traffic"), key=lambda one: _moved(month, one))
    panels = []
    for heading, function, at, colour in (
        ("kept: the cost rose too", clear.function, clear.change_point.at, WORSE),
        ("dropped: only the share moved", row.function, row.at, NEUTRAL),
    ):
        share, stacks = month.share(function), month.history.members(month.history.functions.index(function))
        cost = np.asarray(month.history.stack_cost[stacks].sum(axis=0))
        lines = {
            f"{short_name(function)}, share": share,
            "at constant traffic": cost * np.nanmean(share) / np.nanmean(cost),
        }
        panels.append(Panel(heading, lines, [at.timestamp()], colour))
    return panels[0], panels[1]


def _moved(month: Month, row: Suppressed) -> float:
    """How much further the plain share of a function moved within a day than its cost did, in logarithms."""
    history, function = month.history, month.history.functions.index(row.function)
    at, day = int((row.at.timestamp() - history.start) // history.step_seconds), history.per_day
    if not day <= at <= history.n_buckets - day:
        return -np.inf
    both = (month.share(row.function), history.stack_cost[history.members(function)].sum(axis=0))
    levels = np.array([[part.mean() for part in (each[at - day : at], each[at : at + day])] for each in both])
    share, cost = np.abs(np.diff(np.log(np.maximum(levels, 1e-9)), axis=1)).ravel()
    return float(share - 4 * cost) if levels[0].min() > 1e-4 else -np.inf


def _pulse(month: Month) -> Panel:
    """The pulse that rose most, for its level, of those that are long enough to be seen."""
    ends = [one for one in month.dropped("went-away") if one.numbers["hours"] >= 2]
    pulse = max(ends, key=lambda one: abs(one.absolute_delta) / max(one.numbers["level_before"], 1e-4))
    hours, at = pulse.numbers["hours"], pulse.at.timestamp()
    marks = [one.at.timestamp() for one in ends if one.function == pulse.function]
    near = [each for each in marks if abs(each - at) <= 3600 * (hours + 1)]
    lines = {short_name(pulse.function): month.share(pulse.function)}
    return Panel(f"dropped: back after {hours:.0f} h", lines, near, NEUTRAL, days=0.5)


def _climb(month: Month) -> tuple[Panel, Panel]:
    stairs = month.dropped("long-path")
    began = max(
        {one.numbers["began"] for one in stairs}, key=lambda at: sum(one.numbers["began"] == at for one in stairs)
    )
    function = next(one.function for one in stairs if one.numbers["began"] == began)
    marks = [one.at.timestamp() for one in stairs if (one.function, one.numbers["began"]) == (function, began)]
    start = np.datetime64(began[:19], "s").astype(float)
    left = month.panel("kept: one climb, from its beginning", [function], [start, max(marks)], WORSE)
    return left, month.panel(f"joined: {len(marks)} stairs", [function], [start, *marks], NEUTRAL)


def _joined(month: Month, stage: str) -> tuple[Panel, Panel]:
    reports = {one.function: one for one in month.found.regressions}
    joined = [one for one in month.dropped(stage) if one.numbers["report"] in reports]
    row = next((one for one in joined if one.function != one.numbers["report"]), joined[0])
    report = reports[row.numbers["report"]]
    same = [one.at.timestamp() for one in joined if one.function == row.function]
    heading = "annotated, not alarmed" if report.kind == "planned" else "kept"
    return month.kept(report, heading), month.panel("joined: part of that report", [row.function], same, NEUTRAL)


def _shift(month: Month) -> Panel:
    row = next(one for one in month.dropped("cost-shift") if one.numbers["counterpart"] != one.numbers["caller"])
    both = [row.function, row.numbers["counterpart"]]
    return month.panel("dropped: the work only moved", both, [row.at.timestamp()], NEUTRAL)


def draw(stage: str, kept: Panel, dropped: Panel, history: ServiceHistory) -> str:
    """Both panels as SVG, without descriptions of single marks, which nobody can reach in a picture."""
    chart = finish(
        alt.hconcat(_panel(kept, history), _panel(dropped, history), spacing=28).resolve_scale(color="independent"),
        name="stage",
        title=stage,
        subtitle=["share of stack samples (gCPU), a simulated month · dashed: where a level changes"],
        description=f"{stage}: {kept.heading}; {dropped.heading}",
    )
    chart["background"] = "white"
    return PER_MARK.sub("", vlc.vegalite_to_svg(json.dumps(chart.to_dict()), vl_version="6.4"))


def _panel(panel: Panel, history: ServiceHistory) -> AnyChart:
    reach = round(panel.days * history.per_day)
    marked = [int((at - history.start) // history.step_seconds) for at in panel.marks]
    first, stop = max(0, min(marked) - reach), min(history.n_buckets, max(marked) + reach)
    table = [row for name, values in panel.lines.items() for row in _rows(name, values[first:stop], first, history)]
    names = list(panel.lines)
    colours = [panel.colour, BEFORE][: len(names)]
    legend = alt.Legend(title=None, orient="bottom", direction="vertical", labelLimit=300)
    line = alt.Chart(rows(table)).mark_line(strokeWidth=1.6)
    line = line.encode(
        TIME,
        alt.Y("value:Q", scale=alt.Scale(zero=False), axis=alt.Axis(title=None, format=".3~%", tickCount=4)),
        color=alt.Color("name:N", scale=alt.Scale(domain=names, range=colours), legend=legend),
    )
    return alt.layer(
        time_frame(history.time(first), history.time(stop)), line, *_marks(panel, marked, history)
    ).properties(width=300, height=110, title=alt.TitleParams(panel.heading, fontSize=11.5, limit=320, offset=6))


def _rows(name: str, values: Floats, first: int, history: ServiceHistory) -> list[dict[str, Any]]:
    width = -(-len(values) // MOST_POINTS)
    return [
        {
            "time": iso(history.time(first + at)),
            "value": float(f"{np.nanmedian(values[at : at + width]):.4g}"),
            "name": name,
        }
        for at in range(0, len(values), width)
    ]


def _marks(panel: Panel, marked: Sequence[int], history: ServiceHistory) -> list[alt.Chart]:
    if panel.heading == QUIET:
        return []
    times = [{"time": iso(history.time(at))} for at in marked]
    return [alt.Chart(rows(times)).mark_rule(strokeDash=[4, 3], color=panel.colour).encode(TIME)]


def main() -> None:
    """Simulate, detect, draw."""
    month, unannounced = simulate()
    for stage, (kept, dropped) in pictures(month, unannounced).items():
        path = FOLDER / f"{stage.replace(' ', '-')}.svg"
        path.write_text(draw(stage, kept, dropped, month.history), encoding="utf-8")


if __name__ == "__main__":
    main()
