"""Rollouts from a JSON Lines export of the deploy system."""

from __future__ import annotations

from pathlib import Path

from effnb.domain import Rollout, Window
from effnb.sources._json_lines import read_models


class FileRollouts:
    """Rollout records, read once."""

    def __init__(self, path: Path) -> None:
        self._all = sorted(read_models(path, Rollout), key=lambda rollout: rollout.started_at)

    def fetch_rollouts(self, service: str, window: Window) -> list[Rollout]:
        """Rollouts of a service that started inside a window, oldest first; empty when there were none."""
        return [one for one in self._all if one.service == service and window.contains(one.started_at)]
