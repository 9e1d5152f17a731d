"""How numbers, times and function names read on screen; fractions become percent here and nowhere else."""

from __future__ import annotations

from datetime import UTC, datetime

MINUS = "\N{MINUS SIGN}"
LONGEST_NAME = 72


def percent(share: float | None, digits: int = 2) -> str:
    """A share as percent, e.g. ``12.31 %``; an unknown one is a dash."""
    return "–" if share is None else f"{share * 100:.{digits}f} %".replace("-", MINUS)


def points(delta: float | None, digits: int = 2) -> str:
    """A difference of two shares in percentage points, signed, e.g. ``+3.27 points``."""
    return "–" if delta is None else f"{delta * 100:+.{digits}f} points".replace("-", MINUS)


def relative(delta: float | None, digits: int = 1) -> str:
    """A relative change, signed, e.g. ``+8.3 %``; ``new`` when there was nothing before."""
    return "new" if delta is None else f"{delta * 100:+.{digits}f} %".replace("-", MINUS)


def when(instant: datetime) -> str:
    """A time as people read it, to the minute, in UTC."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def span(start: datetime, end: datetime) -> str:
    """A window as people read it."""
    return f"{start.astimezone(UTC):%Y-%m-%d %H:%M} – {end.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def duration(seconds: float) -> str:
    """A width of time in its largest even unit, e.g. ``10 min``."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:g} s"


def short_name(function: str) -> str:
    """``qualname (module)``: the part that tells functions apart comes first; long names keep both ends."""
    module, colon, qualname = function.rpartition(":")
    return shorten(f"{qualname} ({module})" if colon and module and qualname else function)


def short_id(change: str) -> str:
    """A change id as people quote it: the first ten digits of a commit, other ids almost whole."""
    is_commit = len(change) >= 20 and all(letter in "0123456789abcdef" for letter in change)
    return change[:10] if is_commit else shorten(change, 40)


def shorten(text: str, longest: int = LONGEST_NAME) -> str:
    """The text on one line, its middle left out when it is longer than ``longest`` characters."""
    line = " ".join(text.split())
    if len(line) <= longest:
        return line
    keep = longest - 1
    return f"{line[: keep - keep // 2]}…{line[len(line) - keep // 2 :]}"


def distinct_labels(names: list[str]) -> list[str]:
    """One short name each, no two alike: equal labels would share a row of a chart."""
    labels: list[str] = []
    for name in names:
        label, copy = short_name(name), 2
        while label in labels:
            label, copy = f"{short_name(name)} #{copy}", copy + 1
        labels.append(label)
    return labels
