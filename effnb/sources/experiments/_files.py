"""Experiments from a JSON Lines export of the experiment system."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from effnb.domain import Experiment, Window
from effnb.sources._json_lines import read_records, to_model

NEVER = datetime.max.replace(tzinfo=UTC)


class FileExperiments:
    """Experiment records, read once."""

    def __init__(self, path: Path) -> None:
        self.place = path.name
        found = [_experiment(path, number, record) for number, record in read_records(path)]
        self._all = sorted(found, key=lambda one: one.steps[0].at if one.steps else NEVER)

    def fetch_experiments(self, service: str | None = None, window: Window | None = None) -> list[Experiment]:
        """Experiments of a service, or all; with a window those with a step inside it.

        In the order they began; those that did not come last. Empty when there are none.
        """
        mine = [one for one in self._all if service is None or one.service == service]
        return mine if window is None else [one for one in mine if any(window.contains(step.at) for step in one.steps)]


def _experiment(path: Path, number: int, record: dict[str, Any]) -> Experiment:
    """Planned cost comes as a number, or as ``{"service", "relative"}``."""
    planned = record.get("planned_cost")
    relative = planned.get("relative") if isinstance(planned, dict) else planned
    found = to_model(path, number, record | {"planned_cost": relative}, Experiment)
    return found.model_copy(update={"steps": tuple(sorted(found.steps, key=lambda step: step.at))})
