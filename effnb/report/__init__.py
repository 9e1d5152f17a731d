"""Reports: a notebook run with parameters becomes one HTML file that opens anywhere and loads nothing."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from effnb.report._export import export_html
    from effnb.report._index import IndexFinding, IndexLink, IndexPage, write_index
    from effnb.report._parameters import notebook_parameters
    from effnb.report._render import render_report
    from effnb.report._run import run_notebook

__all__ = [
    "IndexFinding",
    "IndexLink",
    "IndexPage",
    "export_html",
    "notebook_parameters",
    "render_report",
    "run_notebook",
    "write_index",
]

_HOMES = {
    "IndexFinding": "_index",
    "IndexLink": "_index",
    "IndexPage": "_index",
    "export_html": "_export",
    "notebook_parameters": "_parameters",
    "render_report": "_render",
    "run_notebook": "_run",
    "write_index": "_index",
}


def __getattr__(name: str) -> Any:
    """The public name, its file imported now: the page of a diff needs none of nbconvert, papermill and Vega."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
