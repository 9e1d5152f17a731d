"""One line at the top of a notebook: charts draw offline, long names are not cut, nothing is printed."""

from __future__ import annotations

import pandas as pd

from effnb.charts import enable_renderer


def setup() -> None:
    """Make charts draw without a network and tables readable; safe to call again."""
    enable_renderer()
    pd.set_option("display.max_colwidth", 120)
    pd.set_option("display.max_rows", 60)
    pd.set_option("display.precision", 4)
