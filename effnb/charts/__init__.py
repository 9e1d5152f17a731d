"""Charts: Altair specs with units, windows and sources, and the renderer that draws them without a network.

Altair and pandas load with the first chart, not with ``esc``, which every renderer of HTML imports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from effnb._lazy import lazily
from effnb.charts._escape import esc

if TYPE_CHECKING:
    from effnb.charts._candidates import chart_candidates
    from effnb.charts._diff import chart_diff
    from effnb.charts._frame import AnyChart
    from effnb.charts._funnel import chart_funnel
    from effnb.charts._history import chart_history
    from effnb.charts._overview import chart_overview
    from effnb.charts._power import chart_averages, chart_smallest_rise, chart_time_to_detect
    from effnb.charts._renderer import CHART_MIME, chart_bundle, enable_renderer
    from effnb.charts._words import percent, points, short_id, short_name, shorten, when

__all__ = [
    "CHART_MIME",
    "AnyChart",
    "chart_averages",
    "chart_bundle",
    "chart_candidates",
    "chart_diff",
    "chart_funnel",
    "chart_history",
    "chart_overview",
    "chart_smallest_rise",
    "chart_time_to_detect",
    "enable_renderer",
    "esc",
    "percent",
    "points",
    "short_id",
    "short_name",
    "shorten",
    "when",
]

_HOMES = {
    "chart_averages": "_power",
    "chart_smallest_rise": "_power",
    "chart_time_to_detect": "_power",
    "AnyChart": "_frame",
    "CHART_MIME": "_renderer",
    "chart_bundle": "_renderer",
    "chart_candidates": "_candidates",
    "chart_diff": "_diff",
    "chart_funnel": "_funnel",
    "chart_history": "_history",
    "chart_overview": "_overview",
    "enable_renderer": "_renderer",
    "percent": "_words",
    "points": "_words",
    "short_id": "_words",
    "short_name": "_words",
    "shorten": "_words",
    "when": "_words",
}

__getattr__ = lazily(__name__, _HOMES)
