"""Which changes reached a service in a window, host group by host group, and which functions each acts on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from effnb.domain import Change, Experiment, Rollout, Window
from effnb.rootcause import Arrival
from effnb.sources import ChangeSource

if TYPE_CHECKING:
    from effnb.workspace import Workspace

EVERYWHERE = "*"
"""Settings reach all host groups at once."""


def changes_arriving(workspace: Workspace, service: str, window: Window) -> list[Arrival]:
    """Commits, config, flag and experiment changes that reached a service's hosts inside a window, oldest first."""
    rollouts = workspace.rollouts.fetch_rollouts(service, window) if workspace.rollouts else []
    repository = workspace.repository
    arrivals = _commits(repository, rollouts) if repository else []
    version = version_at(workspace, service, window)
    experiments = workspace.experiments.fetch_experiments(service, window) if workspace.experiments else []
    arrivals += [_experiment(one, window, repository, version) for one in experiments]
    ramped = {one.change_id for one in experiments}
    for history in workspace.settings_histories:
        for change in history.fetch_changes(service, window):
            if change.id not in ramped:
                steps = {EVERYWHERE: [(change.at.timestamp(), 1.0)]}
                arrivals.append(Arrival(change, _readers(repository, version, change.key), steps))
    return sorted(arrivals, key=lambda arrival: arrival.reached)


def _commits(repository: ChangeSource, rollouts: Iterable[Rollout]) -> list[Arrival]:
    steps: dict[str, dict[str, list[tuple[float, float]]]] = {}
    changes: dict[str, Change] = {}
    for rollout in rollouts:
        end = rollout.finished_at or rollout.started_at
        middle = (rollout.started_at.timestamp() + end.timestamp()) / 2
        # A first rollout brings a whole history; only its newest commit is news.
        brought = (
            repository.commits(rollout.previous, rollout.version)
            if rollout.previous
            else [repository.commit(rollout.version)]
        )
        # Rolled back to an older version: what lies between the two leaves the hosts again.
        taken = repository.commits(rollout.version, rollout.previous) if rollout.previous and not brought else []
        for commits, share in ((brought, 1.0), (taken, 0.0)):
            for change in commits:
                changes[change.id] = change
                steps.setdefault(change.id, {}).setdefault(rollout.host_group, []).append((middle, share))
    return [
        Arrival(change, frozenset(one.function for one in repository.touched_functions(change.id)), steps[change.id])
        for change in changes.values()
    ]


def _experiment(one: Experiment, window: Window, repository: ChangeSource | None, version: str | None) -> Arrival:
    inside = [step for step in one.steps if window.contains(step.at)]
    change = Change(
        id=one.change_id,
        kind="experiment",
        title=f"{one.name}: ramp to {100 * inside[-1].fraction:.0f} %",
        author=one.owner,
        at=inside[0].at,
        service=one.service,
        key=one.change_id.removeprefix("flag:"),
        planned_cost=one.planned_cost,
    )
    before = [step.fraction for step in one.steps if step.at < window.start]
    steps = [(window.start.timestamp() - 1, before[-1])] if before else []
    steps += [(step.at.timestamp(), step.fraction) for step in inside]
    return Arrival(change, _readers(repository, version, change.key), {EVERYWHERE: steps}, level_before=bool(before))


def flag_readers(workspace: Workspace, one: Experiment, window: Window) -> frozenset[str]:
    """Functions that read an experiment's flag in the newest version of a window; empty when nobody can tell."""
    version = version_at(workspace, one.service, window)
    return _readers(workspace.repository, version, one.change_id.removeprefix("flag:"))


def setting_readers(workspace: Workspace, key: str) -> frozenset[str]:
    """Functions that read a config key or flag at the repository's head."""
    repository = workspace.repository
    return _readers(repository, repository.resolve("HEAD") if repository else None, key)


def _readers(repository: ChangeSource | None, version: str | None, key: str | None) -> frozenset[str]:
    if repository is None or version is None or not key:
        return frozenset()
    return repository.string_readers(version, key)


def version_at(workspace: Workspace, service: str, window: Window) -> str | None:
    """The newest version that had reached the service by the end of a window; the repository's head without records."""
    if workspace.repository is None:
        return None
    past = Window(start=datetime.fromtimestamp(0, tz=UTC), end=window.end)
    rollouts = workspace.rollouts.fetch_rollouts(service, past) if workspace.rollouts else []
    return rollouts[-1].version if rollouts else workspace.repository.resolve("HEAD")
