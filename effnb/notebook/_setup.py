"""One line at the top of a notebook: charts draw offline, long names are not cut, nothing is printed."""

from __future__ import annotations

import pandas as pd
from IPython import get_ipython

from effnb.charts import enable_renderer
from effnb.notebook._ask import enable_ask


def setup() -> None:
    """Make charts draw without a network, tables readable and ``%%ask`` work; safe to call again."""
    enable_renderer()
    if get_ipython() is not None:
        enable_ask()
    pd.set_option("display.max_colwidth", 120)
    pd.set_option("display.max_rows", 60)
    pd.set_option("display.precision", 4)
