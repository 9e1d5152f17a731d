"""Widgets: an investigation as a person sees it, with buttons in JupyterLab and without them in a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from effnb._lazy import lazily
from effnb.widgets._mode import ViewMode, mode
from effnb.widgets._style import STYLE, styled

if TYPE_CHECKING:
    from effnb.widgets._answer import answer_outputs, render_answer
    from effnb.widgets._chat import ChatBox
    from effnb.widgets._conclusion import render_resolution, render_run_head, render_transcript
    from effnb.widgets._fix_card import FixCard
    from effnb.widgets._fix_panel import FixPanel
    from effnb.widgets._fix_view import render_diff, render_fix, render_verification
    from effnb.widgets._inbox import Inbox
    from effnb.widgets._panel import InvestigationPanel
    from effnb.widgets._show import show_run, show_run_blocking
    from effnb.widgets._step import conclusion_chart, render_step, step_chart
    from effnb.widgets._values import render_value

__all__ = [
    "STYLE",
    "ChatBox",
    "FixCard",
    "FixPanel",
    "Inbox",
    "InvestigationPanel",
    "ViewMode",
    "answer_outputs",
    "conclusion_chart",
    "mode",
    "render_answer",
    "render_diff",
    "render_fix",
    "render_resolution",
    "render_run_head",
    "render_step",
    "render_transcript",
    "render_value",
    "render_verification",
    "show_run",
    "show_run_blocking",
    "step_chart",
    "styled",
]

_HOMES = {
    "ChatBox": "_chat",
    "answer_outputs": "_answer",
    "render_answer": "_answer",
    "FixCard": "_fix_card",
    "FixPanel": "_fix_panel",
    "Inbox": "_inbox",
    "InvestigationPanel": "_panel",
    "conclusion_chart": "_step",
    "render_diff": "_fix_view",
    "render_fix": "_fix_view",
    "render_resolution": "_conclusion",
    "render_run_head": "_conclusion",
    "render_step": "_step",
    "render_transcript": "_conclusion",
    "render_value": "_values",
    "render_verification": "_fix_view",
    "show_run": "_show",
    "show_run_blocking": "_show",
    "step_chart": "_step",
}

__getattr__ = lazily(__name__, _HOMES)
