"""The storefront: recordings of a small real service become a workspace with two weeks of simulated fleet traffic.

Reads ``data/storefront``: the patches that make the repository, the recordings, the plan of the planted changes and
``fleet.json``. Never reads ``truth.json``: that one is for tests and benchmarks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from effnb.datasets._costs import Costs, RecordedRevision, changed_costs, stack_costs
from effnb.datasets._fleet import (
    Clock,
    Deploy,
    Endpoint,
    Incident,
    MixShift,
    ServiceFleet,
    ServiceTraffic,
    Setting,
    simulate_service,
)
from effnb.domain import Rollout
from effnb.errors import SourceError
from effnb.sources.changes import GitRepository
from effnb.sources.recorder import Recording, load_recordings

SERVED = ("web", "search", "jobs")
REPEAT = "#"
"""Separates a variant from the number of its repetition."""


@dataclass(frozen=True)
class Release:
    """A deployed version: the last commit of a bundle, and when its rollout began."""

    sha: str
    at: datetime


class Storefront:
    """The data folder, and what is simulated from it."""

    def __init__(self, data: Path, repository: GitRepository) -> None:
        self.data = data
        self.repository = repository
        self.plan = _json(data / "plan.json")
        self.fleet = _json(data / "fleet.json")

    @property
    def clock(self) -> Clock:
        """The simulated two weeks."""
        fleet = self.fleet
        return Clock(start=_seconds(fleet["start"]), days=fleet["days"], step_seconds=fleet["step_seconds"])

    @cached_property
    def releases(self) -> list[Release]:
        """Deployed versions in order; the first one is running when the two weeks begin."""
        rules = self.fleet["rollouts"]
        inner = {number for bundle in rules["bundles"] for number in bundle[:-1]}
        commits = {commit["number"]: commit for commit in self.plan["commits"]}
        first = next(number for number, commit in commits.items() if commit["sha"] == self.plan["base"])
        again = {self.fleet["rolled_back"]["commit"]: _time(self.fleet["rolled_back"]["again"])}
        return [
            Release(commit["sha"], again.get(number, self._first_arrival(commit)))
            for number, commit in commits.items()
            if number >= first and number not in inner
        ]

    def _first_arrival(self, commit: Mapping[str, Any]) -> datetime:
        return _time(commit["author_date"]) + timedelta(hours=self.fleet["rollouts"]["hours_after_commit"])

    def rollouts(self) -> list[Rollout]:
        """Every version's arrival on every host group of every service, oldest first; one of them is taken back."""
        rows = [row for service in SERVED for row in self._service_rollouts(service)]
        return sorted(rows, key=lambda row: (row.started_at, row.service, row.host_group))

    def _service_rollouts(self, service: str) -> Iterator[Rollout]:
        rules = self.fleet["rollouts"]
        groups = list(self.fleet["services"][service]["host_groups"])
        between, length = (timedelta(minutes=rules[key]) for key in ("minutes_between_groups", "minutes_a_group"))
        for previous, release in zip(self.releases, self.releases[1:], strict=False):
            for place, group in enumerate(groups):
                yield _rollout(service, group, release.at + place * between, length, previous.sha, release.sha)
        yield from self._rolled_back(service, length)

    def _rolled_back(self, service: str, length: timedelta) -> Iterator[Rollout]:
        """A version that reached some host groups, was taken back, and came again later."""
        event = self.fleet["rolled_back"]
        if event["service"] != service:
            return
        start, end = self._rolled_back_span()
        version = self._commit(event["commit"])["sha"]
        running = [release.sha for release in self.releases if release.at <= start][-1]
        for group in event["host_groups"]:
            yield _rollout(service, group, start, length, running, version, status="rolled_back")
            yield _rollout(service, group, end, length, version, running)

    def _rolled_back_span(self) -> tuple[datetime, datetime]:
        event = self.fleet["rolled_back"]
        start = self._first_arrival(self._commit(event["commit"]))
        return start, start + timedelta(hours=event["hours"])

    def traffic(self, service: str) -> ServiceTraffic:
        """Samples and request counts of one service over the two weeks."""
        return simulate_service(
            self._service_fleet(service), self.clock, sampling_hz=self.fleet["sampling_hz"], seed=self.fleet["seed"]
        )

    def handlers(self, service: str) -> dict[str, str]:
        """Endpoint name → handler function."""
        return {row["name"]: row["handler"] for row in self.plan["services"][service]["endpoints"]}

    def servers(self, service: str) -> int:
        """Servers of a service, over all host groups."""
        return sum(self.fleet["services"][service]["host_groups"].values())

    def _service_fleet(self, service: str) -> ServiceFleet:
        rules = self.fleet["services"][service]
        costs = self._costs(service)
        nights = rules["night_factors"]
        endpoints = [
            Endpoint(row["name"], row["handler"], row["weight"] / 100, nights.get(row["name"], 1.0))
            for row in self.plan["services"][service]["endpoints"]
        ]
        return ServiceFleet(
            name=service,
            host_groups=rules["host_groups"],
            endpoints=endpoints,
            utilisation=rules["utilisation"],
            costs=costs,
            deploys=list(self._deploys(service)),
            settings=list(self._settings(service, costs)),
            incidents=list(self._incidents(service)),
            mix_shifts=list(self._mix_shifts(service)),
        )

    def _costs(self, service: str) -> dict[str, Costs]:
        recorded, previous = [], None
        plain = {one.revision: one for one in self._recordings if one.service == service and not one.variant}
        for release in self.releases:
            recording = plain.get(release.sha)
            if recording is None:
                raise SourceError(f"no recording of {service} at {release.sha[:12]}; run `make record`")
            touched: frozenset[str] = self._touched(previous, release.sha) if previous else frozenset()
            recorded.append(RecordedRevision(release.sha, self.counts(recording), touched))
            previous = release.sha
        return dict(zip((one.revision for one in recorded), stack_costs(recorded), strict=True))

    def _touched(self, old: str, new: str) -> frozenset[str]:
        return frozenset(one.function for one in self.repository.touched_functions(new, old))

    def _deploys(self, service: str) -> Iterator[Deploy]:
        minutes = self.fleet["rollouts"]["minutes_a_group"]
        for group in self.fleet["services"][service]["host_groups"]:
            yield Deploy(self.releases[0].sha, group, self.clock.start - 86_400, minutes)
        for row in self._service_rollouts(service):
            yield Deploy(row.version, row.host_group, int(row.started_at.timestamp()), minutes)

    def _settings(self, service: str, costs: Mapping[str, Costs]) -> Iterator[Setting]:
        """Config changes and experiments whose effect was recorded, as costs added while they are on."""
        parts: dict[str, list[Recording]] = {}
        for recording in self._recordings:
            if recording.service == service and recording.variant.startswith(("config:", "flag:")):
                parts.setdefault(recording.variant.split(REPEAT)[0], []).append(recording)
        for change_id, repeats in parts.items():
            yield self._setting(change_id, repeats, costs)

    def _setting(self, change_id: str, repeats: Sequence[Recording], costs: Mapping[str, Costs]) -> Setting:
        recording, key = repeats[0], change_id.split(":", 1)[1]
        # A recording under another setting compares with the release that holds its revision.
        release = self._release_of(recording.revision)
        base = costs[release]
        readers = self.repository.string_readers(recording.revision, key)
        support = sum(one.samples for one in self._recordings if one.service == recording.service and not one.variant)
        new = changed_costs(base, support / 2, [self.counts(one) for one in repeats], readers)
        delta = {stack: new.get(stack, 0.0) - base.get(stack, 0.0) for stack in base.keys() | new.keys()}
        return Setting(change_id, {s: d for s, d in delta.items() if d}, self._steps(change_id))

    def _release_of(self, revision: str) -> str:
        order = [commit["sha"] for commit in self.plan["commits"]]
        return next(release.sha for release in self.releases if order.index(release.sha) >= order.index(revision))

    def _steps(self, change_id: str) -> list[tuple[int, float]]:
        for record in _lines(self.data / "config_history.jsonl"):
            if record["change_id"] == change_id:
                return [(_seconds(record["at"]), 1.0)]
        for record in _lines(self.data / "experiments.jsonl"):
            if record["change_id"] == change_id:
                return [(_seconds(step["at"]), step["fraction"]) for step in record["steps"]]
        raise SourceError(f"no record of {change_id} in config_history.jsonl or experiments.jsonl of {self.data}")

    def _incidents(self, service: str) -> Iterator[Incident]:
        bad, back = self.fleet["bad_hosts"], self.fleet["rolled_back"]
        if bad["service"] == service:
            yield _incident(bad, [bad["host_group"]], _seconds(bad["start"]), _seconds(bad["end"]))
        if back["service"] == service:
            start, end = self._rolled_back_span()
            yield _incident(back, back["host_groups"], int(start.timestamp()), int(end.timestamp()))

    def _mix_shifts(self, service: str) -> Iterator[MixShift]:
        shift = self.fleet["mix_shift"]
        if shift["service"] == service:
            yield MixShift(shift["endpoint"], _seconds(shift["start"]), shift["factor"])

    def counts(self, recording: Recording) -> dict[tuple[str, ...], int]:
        """Stacks from the dispatcher inwards; what the workload driver does itself is not the service's work."""
        root = self.fleet["root"]
        found: dict[tuple[str, ...], int] = {}
        for sample in recording.profile().samples:
            if root in sample.frames:
                stack = sample.frames[sample.frames.index(root) :]
                found[stack] = found.get(stack, 0) + sample.count
        return found

    def _commit(self, number: int) -> Mapping[str, Any]:
        found: Mapping[str, Any] = next(row for row in self.plan["commits"] if row["number"] == number)
        return found

    @cached_property
    def _recordings(self) -> list[Recording]:
        return load_recordings(self.data / "recordings")


def _rollout(
    service: str,
    group: str,
    start: datetime,
    length: timedelta,
    previous: str,
    version: str,
    *,
    status: str = "finished",
) -> Rollout:
    return Rollout.model_validate(
        {
            "id": f"{service}-{group}-{version[:8]}-{start:%m%dT%H%M}",
            "service": service,
            "host_group": group,
            "version": version,
            "previous": previous,
            "started_at": start,
            "finished_at": start + length,
            "status": status,
        }
    )


def _incident(event: Mapping[str, Any], groups: Sequence[str], start: int, end: int) -> Incident:
    return Incident(frozenset(event["functions"]), frozenset(groups), start, end, event["factor"])


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SourceError(f"cannot read {path}: {error}; is this effnb's data folder?") from error


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield json.loads(line)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _seconds(text: str) -> int:
    return int(_time(text).timestamp())
