"""Notebook cells as the body of a page: prose, folded code, outputs; everything foreign is made harmless."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any

from nbconvert.filters.ansi import ansi2html
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from nbformat import NotebookNode

from effnb.charts import CHART_MIME, esc
from effnb.report._charts import chart_figure
from effnb.report._sanitize import sanitize

ERROR_MARKER = "papermill-error-cell-tag"
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")
LONGEST_TEXT = 200_000


def render_cells(notebook: NotebookNode) -> str:
    """All cells in order as HTML; papermill's own error banners are left out, the page has its own."""
    return "\n".join(part for cell in notebook.cells if (part := _cell(cell)))


def _cell(cell: NotebookNode) -> str:
    tags = cell.metadata.get("tags", [])
    if ERROR_MARKER in tags:
        return ""
    if cell.cell_type == "markdown":
        return sanitize(markdown2html_mistune(_text(cell.source)))
    if cell.cell_type != "code":
        return ""
    return _code(cell, tags) + "".join(_output(output) for output in cell.outputs)


def _code(cell: NotebookNode, tags: list[str]) -> str:
    source = _text(cell.source).strip()
    if not source:
        return ""
    label, opened = ("parameters of this report", " open") if "injected-parameters" in tags else ("show code", "")
    code = sanitize(Highlight2HTML(pygments_lexer="ipython3")(source))
    return f'<details class="eff-input"{opened}><summary>{label}</summary>{code}</details>'


def _output(output: NotebookNode) -> str:
    if output.output_type == "stream":
        return f'<pre class="eff-stream">{ansi2html(_shortened(_text(output.text)))}</pre>'
    if output.output_type == "error":
        trace = ansi2html("\n".join(_text(line) for line in output.traceback))
        headline = f"<b>{esc(output.ename)}</b>: {esc(output.evalue)}"
        folded = f"<details><summary>traceback</summary><pre>{trace}</pre></details>"
        return f'<div class="eff-error"><p>{headline}</p>{folded}</div>'
    return _data(output.data)


def _data(data: NotebookNode) -> str:
    """The richest form of one output that can be shown without a kernel and without the network."""
    if "application/vnd.jupyter.widget-view+json" in data:
        return '<p class="eff-note">An interactive control stands here in the notebook.</p>'
    for mime, render in RENDERERS.items():
        if mime in data:
            return render(data[mime])
    return ""


def _chart(spec: Any) -> str:
    return chart_figure(spec) if isinstance(spec, dict) else f"<pre>{esc(spec)}</pre>"


def _html(value: Any) -> str:
    fragment = sanitize(_text(value))
    return f'<div class="eff-scroll">{fragment}</div>' if "<table" in fragment and "eff-" not in fragment else fragment


def _markdown(value: Any) -> str:
    return sanitize(markdown2html_mistune(_text(value)))


def _svg(value: Any) -> str:
    return _image("svg+xml", base64.b64encode(_text(value).encode()).decode("ascii"))


def _image(kind: str, value: Any) -> str:
    encoded = _text(value)
    if not BASE64.fullmatch(encoded):
        return '<p class="eff-note">A picture here is damaged and was left out.</p>'
    return f'<p><img alt="picture" src="data:image/{kind};base64,{encoded}"></p>'


def _plain(value: Any) -> str:
    return f"<pre>{ansi2html(_shortened(_text(value)))}</pre>"


RENDERERS: dict[str, Callable[[Any], str]] = {
    CHART_MIME: _chart,
    "text/html": _html,
    "text/markdown": _markdown,
    "image/svg+xml": _svg,
    "image/png": lambda value: _image("png", value),
    "image/jpeg": lambda value: _image("jpeg", value),
    "text/latex": _plain,
    "application/json": lambda value: f"<pre>{esc(json.dumps(value, indent=1, default=str))}</pre>",
    "text/plain": _plain,
}


def _text(value: Any) -> str:
    """Notebook text, which the format allows to be a list of lines."""
    return "".join(value) if isinstance(value, list) else str(value)


def _shortened(text: str) -> str:
    if len(text) <= LONGEST_TEXT:
        return text
    return f"{text[:LONGEST_TEXT]}\n… {len(text) - LONGEST_TEXT:,} more characters; open the notebook to read them"
