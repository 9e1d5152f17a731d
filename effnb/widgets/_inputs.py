"""What a person types into a panel: windows and arguments, checked before anything runs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from effnb.domain import Window
from effnb.errors import AnalysisError

EXAMPLE = "2026-01-31 14:00"


def parse_window(start: str, end: str, *, name: str) -> Window | None:
    """The window between two typed times (UTC unless they say otherwise); null when both are empty.

    Raises:
        AnalysisError: one is missing, one is no time, or the end is not after the start.
    """
    if not start.strip() and not end.strip():
        return None
    first, last = parse_time(start, name=f"start of the {name}"), parse_time(end, name=f"end of the {name}")
    try:
        return Window(start=first, end=last)
    except ValidationError:
        raise AnalysisError(
            f"the {name} ends {end.strip()}, not after its start {start.strip()}; give a later end"
        ) from None


def parse_time(text: str, *, name: str) -> datetime:
    """A typed time, UTC unless it says otherwise."""
    cleaned = text.strip().removesuffix("UTC").strip()
    try:
        typed = datetime.fromisoformat(cleaned)
    except ValueError:
        raise AnalysisError(f"the {name} is {text.strip()!r}, which is no time; write it like {EXAMPLE}") from None
    return typed.replace(tzinfo=UTC) if typed.tzinfo is None else typed.astimezone(UTC)


def as_window(value: Window | str | None, *, name: str) -> Window | None:
    """A window given as parameter: itself, ``start/end`` as text, or nothing."""
    if value is None or isinstance(value, Window):
        return value
    start, slash, end = value.partition("/")
    if value.strip() and not slash:
        raise AnalysisError(f"the {name} is {value!r}; write it as start/end, like {EXAMPLE}/2026-02-01 14:00")
    return parse_window(start, end, name=name)


def typed(instant: datetime) -> str:
    """A time as it is typed."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M}"


def parse_arguments(text: str) -> dict[str, Any]:
    """Arguments typed as a JSON object.

    Raises:
        AnalysisError: it is no JSON object.
    """
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise AnalysisError(
            f"the arguments are no JSON, line {error.lineno}: {error.msg}; correct or reset them"
        ) from None
    if not isinstance(value, dict):
        raise AnalysisError(f"the arguments are {text.strip()[:40]!r}; write a JSON object with a name for each")
    return value
