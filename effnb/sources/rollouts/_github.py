"""Rollouts from GitHub deployments: one a deployment, whose environment stands for a service and its hosts.

A deployment that never succeeded brought nothing and is left out, unless it still runs. The version that ran before is
that of the last one that succeeded in the same environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pydantic import ValidationError

from effnb.domain import Rollout, Window
from effnb.sources._github import GitHub, Row, moment

DONE = "success"
RUNNING = ("in_progress", "queued", "pending", "waiting")
PATH = "deployments"


class GitHubDeployments:
    """Deployments of one repository.

    ``environments`` maps an environment to (service, host group). One that is not named stands for a service of its own
    name; a name like ``web/us-1`` is service and host group.
    """

    def __init__(self, github: GitHub, environments: Mapping[str, tuple[str, str]]) -> None:
        self._github = github
        self._environments = dict(environments)
        self._settled: dict[int, tuple[str, datetime | None]] = {}
        self.place = f"deployments of {github.place}"

    def fetch_rollouts(self, service: str | None = None, window: Window | None = None) -> list[Rollout]:
        """Rollouts of a service that started inside a window, or all, oldest first; empty when there were none."""
        mine = [row for row in self._rows(window) if service in (None, self._target(row)[0])]
        found: list[Rollout] = []
        running: dict[tuple[str, str], str] = {}
        for row in sorted(mine, key=lambda one: str(one["created_at"])):
            rollout = self._rollout(row, running)
            if rollout is None:
                continue
            if rollout.status == "finished":
                running[rollout.service, rollout.host_group] = rollout.version
            if window is None or window.contains(rollout.started_at):
                found.append(rollout)
        return found

    def _rows(self, window: Window | None) -> list[Row]:
        """Deployments up to the window's end, newest first; before it as many as tell what ran in each environment."""
        found: list[Row] = []
        wanted: set[str] = set()
        known: set[str] = set()
        for row in self._github.rows(PATH):
            started, environment = self._about(row)
            if window is not None and started >= window.end:
                continue
            if window is not None and started < window.start:
                if wanted <= known:
                    break
                if environment not in wanted - known:
                    continue
                if self._outcome(row)[0] == DONE:
                    known.add(environment)
            else:
                wanted.add(environment)
            found.append(row)
        return found

    def _about(self, row: Row) -> tuple[datetime, str]:
        try:
            return moment(row, "created_at"), str(row["environment"])
        except (KeyError, TypeError, ValueError) as error:
            raise self._github.wrong(PATH, row, error) from error

    def _target(self, row: Row) -> tuple[str, str]:
        name = str(row["environment"])
        service, _, group = name.partition("/")
        return self._environments.get(name, (service, group or "all"))

    def _rollout(self, row: Row, running: Mapping[tuple[str, str], str]) -> Rollout | None:
        state, finished = self._outcome(row)
        if state != DONE and state not in RUNNING:
            return None
        target = self._target(row)
        try:
            return Rollout(
                id=str(row["id"]),
                service=target[0],
                host_group=target[1],
                version=row["sha"],
                previous=running.get(target),
                started_at=moment(row, "created_at"),
                finished_at=finished,
                status="finished" if state == DONE else "running",
            )
        except (KeyError, TypeError, ValueError, ValidationError) as error:
            raise self._github.wrong(PATH, row, error) from error

    def _outcome(self, row: Row) -> tuple[str, datetime | None]:
        """``success`` and when, if it ever succeeded; else its newest state. What has settled is asked for once."""
        key = row.get("id")
        if key in self._settled:
            return self._settled[key]
        statuses = list(self._github.rows(f"{PATH}/{key}/statuses"))
        try:
            by_time = sorted((moment(one, "created_at"), str(one["state"])) for one in statuses)
        except (KeyError, TypeError, ValueError) as error:
            raise self._github.wrong(PATH, row, error) from error
        succeeded = next((when for when, state in by_time if state == DONE), None)
        if succeeded is not None and isinstance(key, int):
            self._settled[key] = (DONE, succeeded)
        newest = by_time[-1][1] if by_time else "pending"
        return (DONE, succeeded) if succeeded is not None else (newest, None)
