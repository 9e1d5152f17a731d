"""Small notebooks, written on the spot."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

WIDGETS_TESTS = Path(__file__).resolve().parents[1] / "widgets"


def write_notebook(path: Path, *cells: str | nbformat.NotebookNode) -> Path:
    """Cells that begin with ``#md`` are prose, one that begins with ``#parameters`` has the tag."""
    made = [cell if isinstance(cell, nbformat.NotebookNode) else _cell(cell) for cell in cells]
    nbformat.write(new_notebook(cells=made), path)
    return path


def _cell(source: str) -> nbformat.NotebookNode:
    kind, _, rest = source.partition("\n")
    if kind == "#md":
        return new_markdown_cell(rest)
    if kind == "#parameters":
        return new_code_cell(rest, metadata={"tags": ["parameters"]})
    return new_code_cell(source)


def with_output(**data: object) -> nbformat.NotebookNode:
    """A code cell that has been run and displayed this; keys are MIME types with ``__`` for the slash."""
    bundle = {name.replace("__", "/").replace("_xml", "+xml"): value for name, value in data.items()}
    return new_code_cell("show()", outputs=[new_output("display_data", data=bundle)])
