"""The one function through which everything shown as HTML passes: names and titles are hostile until then."""

from __future__ import annotations

import html


def esc(value: object) -> str:
    """``str(value)`` that is inert as HTML text and inside quoted attributes."""
    return html.escape(str(value), quote=True)
