"""What a notebook calls first: its set-up, and whether a person or a report is looking."""

from effnb.notebook._ask import ask_cell, enable_ask, show_answer
from effnb.notebook._setup import setup
from effnb.widgets import ViewMode, mode

__all__ = ["ViewMode", "ask_cell", "enable_ask", "mode", "setup", "show_answer"]
