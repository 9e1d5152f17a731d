"""How the values of answers are said."""

from __future__ import annotations

from typing import Any


def share(value: float) -> str:
    """A fraction as a percentage."""
    return f"{100 * value:.2f} %"


def points(value: float) -> str:
    """A difference of fractions in percentage points, with its sign."""
    return f"{100 * value:+.2f} points"


def percent(value: float) -> str:
    """A relative change, with its sign."""
    return f"{100 * value:+.1f} %"


def number(value: float) -> str:
    """A count or a measured value."""
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 10_000 else f"{value:.4g}"


def when(at: str) -> str:
    """A time of plain JSON, to the minute."""
    return f"{at[:10]} {at[11:16]} UTC"


def short(change: str) -> str:
    """A change as people say it: a commit by its first digits."""
    return change if ":" in change else change[:12]


def quoted(text: str, limit: int = 400) -> str:
    """Somebody's words on one line, marked as theirs."""
    line = " ".join(text.split())
    return f"“{line if len(line) <= limit else f'{line[:limit]}…'}”"


def listing(head: str, told: list[str], searched: str = "") -> str:
    """A listing in one sentence, and what was searched."""
    return f"{head}{': ' if told else ''}{'; '.join(told)}.{f' Searched: {searched}.' if searched else ''}"


def amount(unit: str) -> Any:
    """How a value of a unit is said."""
    if unit == "bytes":
        return lambda value: f"{value / 2**20:,.0f} MiB ({value:,.0f} bytes)"
    if unit == "s":
        return lambda value: f"{1000 * value:.1f} ms"
    return lambda value: f"{number(value)} {unit}"
