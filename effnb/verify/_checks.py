"""Results of checks in few words."""

from __future__ import annotations

from effnb.domain import Check

SHOWN = 600


def passed(name: str, detail: str) -> Check:
    """It held."""
    return Check(name=name, outcome="passed", detail=detail)


def failed(name: str, detail: str, counter_example: str = "") -> Check:
    """It did not hold, and here is what refutes it."""
    return Check(name=name, outcome="failed", detail=detail, counter_example=shorten(counter_example))


def skipped(name: str, detail: str) -> Check:
    """It does not apply to this fix."""
    return Check(name=name, outcome="skipped", detail=detail)


def broken(name: str, detail: str) -> Check:
    """It could not run; nothing is known about the fix from it."""
    return Check(name=name, outcome="broken", detail=detail)


def shorten(text: str, limit: int = SHOWN) -> str:
    """Text that fits on a card."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
