"""What ``perf script`` prints: a header line a sample, then its frames, leaf first, then a blank line.

perf leaves out parts of the header that were not recorded, and tools cut the last blank line off: the sample before the
end of the file counts all the same.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from effnb.domain import Profile
from effnb.sources.profiles._limits import UNNAMED, FormatError, FrameBudget, Limits, effective_samples
from effnb.sources.profiles._text import decode, first_line, is_text

NAME = "perf-script"
HEADER = re.compile(
    r"(?P<comm>\S.*?)\s+(?P<pid>-?\d+)(?:/\d+)?\s+(?:\[\d+\]\s+)?(?:[\d.]+:\s+)?(?:(?P<period>\d{1,19})\s+)?(?P<event>\S+):"
)
OFFSET = re.compile(r"\+0x[0-9a-f]+$")
LONGEST_HEADER = 1_000
COMMENT = re.compile(r"#.*")
CLOCKS = ("cpu-clock", "task-clock")
DELETED = " (deleted))"


@dataclass
class _Event:
    """Samples of one event; never added to those of another."""

    stacks: Counter[tuple[str, ...]] = field(default_factory=Counter)
    weights: list[int] = field(default_factory=list)
    periodic: bool = False


@dataclass
class _Open:
    """The sample whose frames are being read."""

    comm: str
    event: str
    period: int | None
    frames: list[str] = field(default_factory=list)


def can_read(content: bytes, _name: str) -> bool:
    """Whether the first line that is neither blank nor a comment is a sample's header."""
    return is_text(content) and _header(first_line(content, COMMENT)) is not None


def read(content: bytes, limits: Limits) -> list[Profile]:
    """One profile for each event, the process name as root frame.

    Where samples carry a period it is the weight: nanoseconds for clock events, else the event's own unit, with the
    label ``effective_samples``. Without periods the unit is ``samples``. The label ``sample_type`` is the event.
    """
    events: dict[str, _Event] = {}
    budget = FrameBudget(limits)
    current: _Open | None = None
    for number, line in enumerate(decode(content).split("\n"), start=1):
        if line[:1] in (" ", "\t") and line.strip():
            if current is None:
                raise FormatError(
                    f'line {number} "{line.strip()[:60]}" is a frame before any sample; print the file again'
                )
            current.frames.append(_frame(line, number))
            continue
        if line.startswith("#") or not line.strip():
            continue
        _close(current, events, budget)
        current = _open(line, number)
    _close(current, events, budget)
    return [_profile(name, event) for name, event in events.items()]


def _open(line: str, number: int) -> _Open:
    match = _header(line)
    if match is None:
        raise FormatError(
            f'line {number} "{line[:60].rstrip()}" is neither a sample\'s header nor a frame; record with '
            "`perf record -g` and print with plain `perf script`"
        )
    period = match["period"]
    return _Open(_joinable(match["comm"]), match["event"], int(period) if period else None)


def _close(sample: _Open | None, events: dict[str, _Event], budget: FrameBudget) -> None:
    """Add a finished sample to its event."""
    if sample is None:
        return
    event = events.setdefault(sample.event, _Event(periodic=sample.period is not None))
    if event.periodic != (sample.period is not None):
        raise FormatError(
            f"some samples of {sample.event} have a period and some have none; print them to separate files"
        )
    budget.spend(len(sample.frames) + 1)
    weight = 1 if sample.period is None else sample.period
    event.stacks[(sample.comm, *reversed(sample.frames))] += weight
    event.weights.append(weight)


def _profile(name: str, event: _Event) -> Profile:
    labels = {"sample_type": name}
    unit = "samples"
    if event.periodic:
        base = name.partition(":")[0]
        unit = "nanoseconds" if base in CLOCKS else base
        labels["effective_samples"] = str(effective_samples(event.weights))
    return Profile.from_stacks(event.stacks, unit=unit, labels=labels)


def _header(line: str) -> re.Match[str] | None:
    """The parts of a header; a longer line is none, so that no line makes the pattern slow."""
    text = line.rstrip()
    return HEADER.fullmatch(text) if len(text) <= LONGEST_HEADER and not text[:1].isspace() else None


def _frame(line: str, number: int) -> str:
    """``address symbol+offset (module)`` without address, offset and module; JVM names keep no ``;``."""
    address, _, rest = line.strip().partition(" ")
    try:
        int(address, 16)
    except ValueError as error:
        raise FormatError(
            f'line {number} "{line.strip()[:60]}" is not "address symbol (module)"; print with plain `perf script`'
        ) from error
    symbol, found, _module = rest.removesuffix(DELETED).rpartition(" (")
    return OFFSET.sub("", (symbol if found else rest).strip()).replace(";", ":") or UNNAMED


def _joinable(comm: str) -> str:
    return re.sub(r"\s", "_", comm.strip()).replace(";", ":")
