"""A transcript as JSON lines, for people's own tools; the state file stays the record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from effnb.domain import Transcript
from effnb.store._files import write_text


def export_jsonl(transcript: Transcript, path: Path) -> None:
    """Write one ``run`` line, one ``call`` line a call, and a ``resolution`` line when there is one.

    A result above 64 KiB is written as ``{"ref": digest, "bytes": n}``; its file lies in the store's ``blobs`` folder.
    """
    head = transcript.to_json()
    calls, resolution = head.pop("calls"), head.pop("resolution")
    lines = [_line("run", head), *(_line("call", call) for call in calls)]
    if resolution is not None:
        lines.append(_line("resolution", resolution))
    write_text(path, "\n".join(lines) + "\n")


def _line(kind: str, value: dict[str, Any]) -> str:
    return json.dumps({"kind": kind, **value}, ensure_ascii=False)
