"""Whether a person or a report is looking."""

from __future__ import annotations

import os
import sys
from typing import Literal

from effnb.errors import ConfigError

ViewMode = Literal["live", "report"]
VARIABLE = "EFFNB_MODE"


def mode() -> ViewMode:
    """``live`` where a person can click, ``report`` where nobody can; the variable ``EFFNB_MODE`` decides first.

    Without it a Jupyter kernel is live, except one that papermill started, and a plain Python process is a report.
    """
    asked = os.environ.get(VARIABLE, "").strip().lower()
    if asked == "live":
        return "live"
    if asked == "report":
        return "report"
    if asked:
        raise ConfigError(f"{VARIABLE} is {asked!r}; set it to live or report, or unset it")
    return "live" if _in_kernel() and "PAPERMILL_OUTPUT_PATH" not in os.environ else "report"


def _in_kernel() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, "kernel")
