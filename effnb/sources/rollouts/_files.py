"""Rollouts from a JSON Lines export of the deploy system."""

from __future__ import annotations

from pathlib import Path

from effnb.domain import Rollout, Window
from effnb.sources._json_lines import read_models


class FileRollouts:
    """Rollout records, read once."""

    def __init__(self, path: Path) -> None:
        self.place = path.name
        self._all = sorted(read_models(path, Rollout), key=lambda rollout: rollout.started_at)

    def fetch_rollouts(self, service: str | None = None, window: Window | None = None) -> list[Rollout]:
        """Rollouts of a service that started inside a window, or all, oldest first; empty when there were none."""
        mine = [one for one in self._all if service is None or one.service == service]
        return [one for one in mine if window is None or window.contains(one.started_at)]
