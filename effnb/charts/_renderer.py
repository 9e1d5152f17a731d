"""Draws charts in JupyterLab, papermill and plain HTML without a network.

Altair's own renderers ask a CDN for Vega, or emit a version JupyterLab cannot draw, or make papermill abort. This one
emits the Vega-Lite that JupyterLab carries, a picture for everything else, and a text alternative.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import altair as alt
import vl_convert as vlc

from effnb.charts._frame import AnyChart

CHART_MIME = "application/vnd.vegalite.v5+json"
VEGA_LITE = "6.4"
NAME = "effnb"


def enable_renderer() -> None:
    """Make this the renderer of every Altair chart of the process; called by ``effnb.notebook.setup``."""
    alt.renderers.register(NAME, _bundle)
    alt.renderers.enable(NAME)


def chart_bundle(chart: AnyChart, *, picture: bool = True) -> dict[str, Any]:
    """The chart as a MIME bundle: Vega-Lite, its description, and a PNG (base64) for viewers that cannot draw.

    Drawing the PNG takes most of the time; the export of a report draws its own picture and needs none.
    """
    return _bundle(chart.to_dict(), picture=picture)


def _bundle(spec: dict[str, Any], scale: float = 1.5, *, picture: bool = True, **_: object) -> dict[str, Any]:
    bundle: dict[str, Any] = {
        # JupyterLab warns about a newer version when the spec names one
        CHART_MIME: {key: value for key, value in spec.items() if key != "$schema"},
        "text/plain": spec.get("description") or "chart",
    }
    if picture:
        drawn = vlc.vegalite_to_png(json.dumps(spec), vl_version=VEGA_LITE, scale=scale)
        bundle["image/png"] = base64.b64encode(drawn).decode("ascii")
    return bundle
