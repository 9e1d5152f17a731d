"""The frame of every page effnb writes: one file, no outside address, a policy that runs one known script."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files

from pygments.formatters import HtmlFormatter

from effnb.charts import esc
from effnb.domain import AuditHead
from effnb.report._anchor import render_anchor
from effnb.report._charts import chart_script
from effnb.widgets import STYLE


def render_page(*, title: str, body: str, note: str = "", anchor: AuditHead | None = None) -> str:
    """A whole HTML document; ``body`` is trusted HTML, ``title`` and ``note`` plain text, ``anchor`` for the foot."""
    script = chart_script() if "data-effnb-chart=" in body else ""
    drawn = f'<script type="module">{script}</script>' if script else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{esc(_policy(script))}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f'<link rel="icon" href="data:,"><title>{esc(title)}</title><style>{_style()}</style></head>\n'
        f'<body><header class="eff-top"><span><b>effnb</b> report</span><span>{esc(note)}</span></header>\n'
        f"<main>\n{body}\n</main>\n"
        f'<footer class="eff-end">effnb {esc(_version())} · one file, nothing is loaded from the network'
        f"{render_anchor(anchor)}</footer>\n"
        f"{drawn}</body></html>\n"
    )


def _policy(script: str) -> str:
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    scripts = f"'sha256-{allowed}'" if script else "'none'"
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def _style() -> str:
    page = files("effnb.report").joinpath("page.css").read_text(encoding="utf-8")
    light = HtmlFormatter(style="default", nobackground=True).get_style_defs(".highlight")
    dark = HtmlFormatter(style="github-dark", nobackground=True).get_style_defs(".highlight")
    return f"{page}\n{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n{STYLE}"


def _version() -> str:
    try:
        return version("effnb")
    except PackageNotFoundError:
        return "from source"
