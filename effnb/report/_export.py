"""A run notebook as one HTML file that opens anywhere, offline, and asks nobody for anything."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nbformat

from effnb.charts import esc
from effnb.domain import AuditHead
from effnb.errors import ConfigError, SourceUnavailable
from effnb.report._cells import render_cells
from effnb.report._page import render_page
from effnb.store._files import write_text

MOST_BYTES = 3_000_000


@dataclass(frozen=True)
class Incomplete:
    """Why a notebook did not run to its end."""

    reason: str
    cell: int | None = None

    def __str__(self) -> str:
        return self.reason if self.cell is None else f"cell {self.cell} failed: {self.reason}"


def export_html(
    notebook_path: Path, html_path: Path, *, title: str | None = None, anchor: AuditHead | None = None
) -> Path:
    """Write the notebook, with the outputs it holds, as one self-contained page of at most 3 MB.

    Code is folded away, charts stay interactive, HTML in outputs is sanitised. A notebook that did not run to its
    end is exported with a banner that says where it stopped. ``anchor`` is the audit log's head, for the page's foot.

    Raises:
        SourceUnavailable: the notebook cannot be read.
        ConfigError: the page would be larger than 3 MB; the notebook has to show less.
    """
    notebook = read_notebook(notebook_path)
    heading = title or _heading(notebook) or notebook_path.stem
    stopped = find_incomplete(notebook)
    body = _banner(stopped) + render_cells(notebook)
    page = render_page(title=heading, body=body, note=_note(notebook, stopped), anchor=anchor)
    size = len(page.encode())
    if size > MOST_BYTES:
        raise ConfigError(
            f"the report of {notebook_path.name} would be {size / 1e6:.1f} MB, more than {MOST_BYTES / 1e6:.0f} MB; "
            "show fewer rows or charts in its cells"
        )
    write_text(html_path, page)
    return html_path


def read_notebook(path: Path) -> nbformat.NotebookNode:
    """The notebook in format 4."""
    try:
        notebook: nbformat.NotebookNode = nbformat.read(path, as_version=4)
    except (OSError, ValueError, nbformat.reader.NotJSONError) as error:
        raise SourceUnavailable(f"cannot read the notebook {path}: {error}; check the path") from error
    return notebook


def find_incomplete(notebook: nbformat.NotebookNode) -> Incomplete | None:
    """Where the run stopped, or null when every cell ran; a killed run is recognised by its missing end."""
    noted = notebook.metadata.get("effnb", {}).get("incomplete")
    if noted:
        return Incomplete(str(noted))
    number = 0
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        number += 1
        for output in cell.outputs:
            if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", []):
                return Incomplete(" ".join(f"{output.ename}: {output.evalue}".split())[:400], number)
    run = notebook.metadata.get("papermill", {})
    if run.get("start_time") and not run.get("end_time"):
        return Incomplete("the run was ended from outside before its last cell")
    return None


def _banner(stopped: Incomplete | None) -> str:
    if stopped is None:
        return ""
    return (
        '<div class="eff-banner" role="alert"><b>Incomplete report.</b> '
        f"{esc(stopped)}. What follows is what was found until then; nothing after it was looked at.</div>\n"
    )


def _heading(notebook: nbformat.NotebookNode) -> str | None:
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for line in str(cell.source).splitlines():
                if line.startswith("# "):
                    return line[2:].strip()
    return None


def _note(notebook: nbformat.NotebookNode, stopped: Incomplete | None) -> str:
    run = notebook.metadata.get("papermill", {})
    ended = str(run.get("end_time") or "")[:16].replace("T", " ")
    state = "incomplete" if stopped else "complete"
    return f"{state} · run {ended} UTC" if ended else state
