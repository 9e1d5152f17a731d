"""Messages from a JSON Lines export of a chat."""

from __future__ import annotations

from pathlib import Path

from effnb.domain import Message, Window
from effnb.sources._json_lines import read_models


class FileDiscussions:
    """Messages, read once."""

    def __init__(self, path: Path) -> None:
        self.place = path.name
        self._all = sorted(read_models(path, Message), key=lambda message: message.at)

    def fetch_messages(self, window: Window | None = None) -> list[Message]:
        """Messages inside a window, or all, oldest first; empty when there are none."""
        return [one for one in self._all if window is None or window.contains(one.at)]
