"""Deploys, commits, canaries and launches as their systems would tell of them: no word of what they did to cost."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from effnb.datasets._funnel._ranges import Ranges, draw
from effnb.datasets._funnel._traffic import Grid
from effnb.datasets._funnel._tree import CallTree
from effnb.domain import Change, Experiment, ExposureStep, Rollout, TouchedFunction

INNOCENT_COMMITS = (1, 4)
"""Commits of a deploy that change no cost."""
TITLES = ("Tidy {0}", "Log more in {0}", "Add a test for {0}", "Handle an edge case in {0}", "Type {0}")


@dataclass
class DeployLog:
    """The deploy system of one service; hours count from the start of the grid."""

    service: str
    grid: Grid
    deploy_hours: list[float]
    rollout_hours: float
    rng: np.random.Generator
    changes: list[Change] = field(default_factory=list)
    touched: dict[str, tuple[TouchedFunction, ...]] = field(default_factory=dict)
    rollouts: list[Rollout] = field(default_factory=list)
    experiments: list[Experiment] = field(default_factory=list)
    riding: dict[float, list[str]] = field(default_factory=dict)
    """Commits of each deploy."""

    def next(self, hour: float, last: float) -> float:
        """The first deploy at or after an hour; the last one before ``last`` when none is left."""
        later = [at for at in self.deploy_hours if hour <= at]
        return later[0] if later else max([at for at in self.deploy_hours if at <= last], default=hour)

    def commit(
        self, first: float, last: float, title: str, functions: Sequence[int], tree: CallTree
    ) -> tuple[float, str]:
        """A commit that rides on some deploy between two hours: when that deploy starts, and the commit's id."""
        hour = self.next(float(self.rng.uniform(first, last)), max(last, first))
        change = self._change(hour - float(self.rng.uniform(0.3, 3.0)), title, functions, tree)
        self.riding.setdefault(hour, []).append(change.id)
        return hour, change.id

    def canary(
        self, first: float, last: float, length: float, title: str, functions: Sequence[int], tree: CallTree
    ) -> tuple[float, str]:
        """A commit that reaches a few hosts and is rolled back after some hours."""
        hour = float(self.rng.uniform(first, last))
        change = self._change(hour - float(self.rng.uniform(0.3, 3.0)), title, functions, tree)
        self._rollout(change.id, "canary", hour, hour + length, "rolled_back")
        return hour, change.id

    def launch(self, name: str, start: float, steps: Sequence[tuple[float, float]], cost: float) -> str:
        """An experiment that is ramped up, with the cost its owner announced; its id."""
        flag = f"flag:{name}"
        exposure = tuple(ExposureStep(at=self._time(start + after), fraction=share) for after, share in steps)
        self.experiments.append(
            Experiment(
                change_id=flag,
                experiment_id=f"exp-{name}",
                name=name,
                service=self.service,
                owner="launches@example.com",
                planned_cost=cost * float(self.rng.uniform(0.8, 1.3)),
                steps=exposure,
            )
        )
        return flag

    def finish(self, tree: CallTree, n_functions: int) -> None:
        """Commits that change no cost, and the rollouts of all deploys."""
        previous = None
        for hour in self.deploy_hours:
            for _ in range(int(self.rng.integers(*INNOCENT_COMMITS))):
                function = int(self.rng.integers(1, n_functions))
                title = str(self.rng.choice(TITLES)).format(tree.functions[function])
                change = self._change(hour - float(self.rng.uniform(0.3, 3.0)), title, [function], tree)
                self.riding.setdefault(hour, []).append(change.id)
            version = self.riding[hour][-1]
            self._rollout(version, "all", hour, hour + self.rollout_hours, "finished", previous)
            previous = version
        self.changes.sort(key=lambda change: change.at)
        self.rollouts.sort(key=lambda rollout: rollout.started_at)

    def _change(self, hour: float, title: str, functions: Sequence[int], tree: CallTree) -> Change:
        sha = hashlib.sha1(f"{self.service} {len(self.changes)} {title}".encode(), usedforsecurity=False).hexdigest()
        change = Change(
            id=sha, kind="code", title=title, author="dev@example.com", at=self._time(hour), service=self.service
        )
        self.changes.append(change)
        self.touched[sha] = tuple(
            TouchedFunction(
                function=tree.functions[one],
                file=tree.file(one),
                lines_added=int(self.rng.integers(1, 40)),
                lines_removed=int(self.rng.integers(0, 20)),
            )
            for one in functions
        )
        return change

    def _rollout(
        self, version: str, group: str, start: float, end: float, status: str, previous: str | None = None
    ) -> None:
        self.rollouts.append(
            Rollout.model_validate(
                {
                    "id": f"{self.service}-{len(self.rollouts)}",
                    "service": self.service,
                    "host_group": group,
                    "version": version,
                    "previous": previous,
                    "started_at": self._time(start),
                    "finished_at": self._time(end),
                    "status": status,
                }
            )
        )

    def _time(self, hour: float) -> datetime:
        return datetime.fromtimestamp(self.grid.start, tz=UTC) + timedelta(seconds=round(hour * 3600))


def deploy_log(service: str, ranges: Ranges, grid: Grid, rng: np.random.Generator) -> DeployLog:
    """A log with the deploys of the whole grid, still without commits."""
    end = grid.n_buckets * grid.step_seconds / 3600
    hour, hours = draw(rng, ranges.deploy_every), []
    while hour < end - 1:
        hours.append(round(hour, 4))
        hour += draw(rng, ranges.deploy_every)
    return DeployLog(service, grid, hours, draw(rng, ranges.rollout), rng)
