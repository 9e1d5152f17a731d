"""Log records of a service in a window, with words for what was looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from effnb.domain import LogLine, Window
from effnb.tools._configured import configured

if TYPE_CHECKING:
    from effnb.workspace import Workspace

VOLUME = "log_records"
"""Metric that counts log records, where a monitoring system keeps one."""


def lines_in(workspace: Workspace, service: str, window: Window) -> tuple[list[LogLine], Window | None, str]:
    """Records inside the window, the span of it that the source covers, and both in words."""
    source = configured(workspace.logs, "log source", "logs")
    covered = source.covered(service)
    lines = source.fetch_lines(service, window)
    if covered is None:
        known = ", ".join(source.services()) or "none"
        return lines, None, f"{source.place} holds no records of {service}; services with records: {known}"
    searched = f"{source.place}: {service}, {window}; records cover {_exact(covered)}"
    if not covered.overlaps(window):
        return lines, None, f"{searched}, none of this window{_elsewhere(workspace, service)}"
    both = Window(start=max(covered.start, window.start), end=min(covered.end, window.end))
    return lines, both, searched


def _elsewhere(workspace: Workspace, service: str) -> str:
    """Where the number of records may still be known."""
    counted = workspace.series.select(VOLUME, service=service)
    return f"; how many were written is in metric_range, metric {VOLUME!r}" if counted else ""


def _exact(span: Window) -> str:
    start, end = (
        at.isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00") for at in (span.start, span.end)
    )
    return f"{start} – {end} UTC"
