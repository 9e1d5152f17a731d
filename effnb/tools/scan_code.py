"""Tool: look for code that could be cheaper, and file what was found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from effnb.domain import Listing, Opportunity
from effnb.errors import NotFound
from effnb.opportunities import bundled_rules, rank, scan_folder
from effnb.tools._code import code_folder, evidence_of
from effnb.tools._paging import Limit, Offset, page
from effnb.tools._registry import tool

if TYPE_CHECKING:
    from effnb.workspace import Workspace


@tool(tier="propose", timeout=600, source="code and stack samples")
def scan_code(
    workspace: Workspace, path: str | None = None, limit: Limit = 50, offset: Offset = 0
) -> Listing[Opportunity]:
    """Find code that could be cheaper in the repository's files as they lie on disk, and file it.

    Each row has what the function costs, what a fix may save with its interval and basis, and whether a rule can
    write the fix. The largest saving comes first. Dismissed ones keep their reason and come last.

    Args:
        path: File or folder inside the repository; all of it when omitted.
        limit: Most rows to return.
        offset: Rows to leave out from the front.
    """
    root = code_folder(workspace)
    under = _inside(root, path)
    rules = bundled_rules()
    scan = scan_folder(root, rules, under=under)
    evidence = evidence_of(workspace)
    ranked = rank(scan.opportunities, rules, evidence, scan.sites)
    searched = f"{under or 'all of ' + root.name}: {scan.searched}; {_ranked_by(evidence.window)}"
    kept = [one.id for one in workspace.opportunities.standing() if under and not _is_below(one.file, under)]
    filed = workspace.opportunities.replace(ranked, searched, kept=kept)
    filed.sort(key=lambda one: one.dismissed is not None)
    return page(Listing[Opportunity], filed, searched=searched, limit=limit, offset=offset)


def _ranked_by(window: str) -> str:
    return f"ranked by samples of {window}" if window else "not ranked by cost: the store holds no samples"


def _inside(root: Path, path: str | None) -> str:
    """The path relative to the repository; NotFound when it is not there or leads outside."""
    if not path or path == ".":
        return ""
    target = (root / path).resolve()
    if not target.is_relative_to(root.resolve()) or not target.exists():
        raise NotFound(f"no file or folder {path!r} in {root}; give a path inside the repository")
    return target.relative_to(root.resolve()).as_posix()


def _is_below(file: str, under: str) -> bool:
    return file == under or file.startswith(f"{under}/")
