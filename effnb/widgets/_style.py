"""The look of steps, conclusions, the inbox and fixes, the same in JupyterLab and in reports.

Colours come from the report's page, else from JupyterLab's theme, else from here, so that dark and light both work.
"""

from __future__ import annotations

from importlib.resources import files

STYLE = "\n".join(
    files("effnb.widgets").joinpath(name).read_text(encoding="utf-8")
    for name in ("steps.css", "inbox.css", "fixes.css", "answers.css")
)


def styled(fragment: str) -> str:
    """The fragment with its style sheet, for displays that stand alone."""
    return f"<style>{STYLE}</style>{fragment}"
