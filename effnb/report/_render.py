"""From a notebook and its parameters to a page, in one call."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from effnb.errors import AnalysisError
from effnb.report._anchor import head_of
from effnb.report._export import export_html
from effnb.report._run import CELL_SECONDS, run_notebook


def render_report(
    notebook_path: Path,
    html_path: Path,
    parameters: Mapping[str, Any] | None = None,
    *,
    cwd: Path | None = None,
    title: str | None = None,
    cell_seconds: int = CELL_SECONDS,
) -> Path:
    """Run the notebook and write the result as one self-contained page; an older page stays until the new one is whole.

    Raises:
        ConfigError: a parameter the notebook does not declare; nothing is run or written.
        AnalysisError: a cell failed; the page holds what was found until then, under a banner that says so.
    """
    where = str((parameters or {}).get("workspace") or cwd or notebook_path.parent)
    with tempfile.TemporaryDirectory(prefix="effnb-report-") as folder:
        executed = Path(folder, notebook_path.name)
        try:
            run_notebook(notebook_path, executed, parameters, cwd=cwd, cell_seconds=cell_seconds)
        except AnalysisError as error:
            if executed.exists():
                export_html(executed, html_path, title=title, anchor=head_of(where))
            reason = str(error).partition("; open ")[0]
            raise AnalysisError(f"{reason}; the incomplete report is {html_path}") from error
        return export_html(executed, html_path, title=title, anchor=head_of(where))
