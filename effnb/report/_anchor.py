"""The head of the audit log in the foot of a report: kept outside the log, it shows a cut or rewritten log."""

from __future__ import annotations

import re
from pathlib import Path

from effnb.charts import esc
from effnb.domain import AuditHead
from effnb.errors import ConfigError
from effnb.workspace import Workspace

MARK = re.compile(r'data-effnb-audit="(\d+):([0-9a-f]{64})"')


def head_of(start: Path | str | None) -> AuditHead | None:
    """The head of the audit log of the workspace that holds a folder; null where there is none yet."""
    try:
        workspace = Workspace.open(start)
    except ConfigError:
        return None
    if not (workspace.store_folder / "state.db").is_file():
        return None
    try:
        return workspace.audit.head()
    finally:
        workspace.close()


def render_anchor(head: AuditHead | None) -> str:
    """The head as HTML for a page's foot; empty without one."""
    if head is None:
        return ""
    text = f"audit log: {head.rows:,} calls, head {head.hash[:12]}…"
    return f' · <span data-effnb-audit="{esc(str(head))}" title="{esc(head.hash)}">{esc(text)}</span>'


def heads_in(path: Path) -> tuple[AuditHead, ...]:
    """The heads that a report, or the reports in a folder, hold; empty when they hold none."""
    pages = sorted(path.rglob("*.html")) if path.is_dir() else [path]
    marks = (mark for page in pages for mark in MARK.findall(page.read_text(encoding="utf-8", errors="replace")))
    return tuple(AuditHead(rows=int(rows), hash=link) for rows, link in marks)
