"""Config and flag changes from JSON Lines exports of the systems that push them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from effnb.domain import Change, Window
from effnb.sources._json_lines import read_records, to_model

Kind = Literal["config", "flag"]


class FileSettingsHistory:
    """Every change of a key or flag, read once."""

    def __init__(self, path: Path, kind: Kind) -> None:
        self.place = path.name
        records = [_change(path, number, record, kind) for number, record in read_records(path)]
        self._all = sorted(records, key=lambda change: change.at)

    def fetch_changes(self, service: str | None = None, window: Window | None = None) -> list[Change]:
        """Changes that act on a service inside a window, or all, oldest first; empty when there were none."""
        mine = [one for one in self._all if service is None or one.service in (None, service)]
        return [one for one in mine if window is None or window.contains(one.at)]


def _change(path: Path, number: int, record: dict[str, Any], kind: Kind) -> Change:
    """Flag records name the flag and the share of requests before and after; config records the key and its values."""
    old, new = (
        (record.get("old"), record.get("new"))
        if kind == "config"
        else (record.get("old_fraction"), record.get("new_fraction"))
    )
    values = {
        "id": record.get("change_id"),
        "kind": kind,
        "key": record.get("key") if kind == "config" else record.get("flag"),
        "old": None if old is None else str(old),
        "new": None if new is None else str(new),
        **{key: record.get(key) for key in ("title", "author", "at", "service")},
    }
    return to_model(path, number, values, Change)
