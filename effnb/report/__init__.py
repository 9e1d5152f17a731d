"""Reports: a notebook run with parameters becomes one HTML file that opens anywhere and loads nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from effnb._lazy import lazily

if TYPE_CHECKING:
    from effnb.report._anchor import heads_in
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
    "heads_in",
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
    "heads_in": "_anchor",
    "notebook_parameters": "_parameters",
    "render_report": "_render",
    "run_notebook": "_run",
    "write_index": "_index",
}

__getattr__ = lazily(__name__, _HOMES)
