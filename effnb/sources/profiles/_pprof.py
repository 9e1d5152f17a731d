"""pprof protobuf profiles, read by our own wire reader: every sample type, inlined frames, no dependency.

Format: ``proto/profile.proto`` of github.com/google/pprof. Both stacks and lines inside a location run leaf first; the
last line of a location is the caller the others were inlined into.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain

from effnb.domain import Profile
from effnb.sources.profiles._limits import UNNAMED, FormatError, FrameBudget, Limits
from effnb.sources.profiles._wire import as_bytes, as_integer, fields, integers, signed

NAME = "pprof"
SAMPLE_TYPE, SAMPLE, LOCATION, FUNCTION, STRING = 1, 2, 4, 5, 6
TIME_NANOS, DURATION_NANOS, PERIOD_TYPE, PERIOD = 9, 10, 11, 12
LAST_FIELD = 15


@dataclass
class _Message:
    """The top level of a profile; names are still indexes into ``strings``."""

    types: list[tuple[int, int]] = field(default_factory=list)
    samples: list[bytes] = field(default_factory=list)
    locations: dict[int, tuple[int, list[int]]] = field(default_factory=dict)
    functions: dict[int, int] = field(default_factory=dict)
    strings: list[str] = field(default_factory=list)
    period_type: tuple[int, int] = (0, 0)
    numbers: dict[int, int] = field(default_factory=dict)

    def string(self, index: int) -> str:
        if index >= len(self.strings):
            raise FormatError(f"it names string {index} of {len(self.strings)}; the file is damaged: record it again")
        return self.strings[index]


def can_read(content: bytes, _name: str) -> bool:
    """Whether the top level has pprof's fields and a string table that starts with an empty string.

    OTLP profiles are bare protobuf too and have only the fields 1 and 2: the string table tells them apart.
    """
    try:
        for number, value in fields(content):
            if number > LAST_FIELD:
                return False
            if number == STRING:
                return value == b""
    except FormatError:
        return False
    return False


def read(content: bytes, limits: Limits) -> list[Profile]:
    """One profile for each sample type; stacks without any value of a type are left out of it.

    The unit ``count`` of a type named ``samples`` becomes ``samples``; other units stay as they are. Labels:
    ``sample_type``, and where the file has them ``time``, ``duration_seconds`` and ``effective_samples``, the number of
    samples behind values that are not samples themselves.
    """
    message = _decode(content)
    kinds = [message.string(kind) for kind, _ in message.types]
    units = [_unit(kind, message.string(unit)) for kind, (_, unit) in zip(kinds, message.types, strict=True)]
    if not kinds:
        raise FormatError("it declares no sample type; record it again")
    stacks = _stacks(message, len(kinds), limits)
    behind = _samples_behind(message, units, stacks)
    profiles = []
    for column, kind in enumerate(kinds):
        labels = {"sample_type": kind, **_recording_labels(message)}
        if behind[column] is not None:
            labels["effective_samples"] = str(behind[column])
        counts = [(frames, values[column]) for frames, values in stacks.items() if values[column]]
        profiles.append(Profile.from_stacks(counts, unit=units[column], labels=labels))
    return profiles


def _decode(content: bytes) -> _Message:
    message = _Message()
    for number, value in fields(content):
        if number == SAMPLE:
            message.samples.append(as_bytes(value))
        elif number == STRING:
            message.strings.append(as_bytes(value).decode("utf-8", errors="backslashreplace"))
        elif number == LOCATION:
            identity, address, lines = _location(as_bytes(value))
            message.locations[identity] = (address, lines)
        elif number == FUNCTION:
            identity, name = _function(as_bytes(value))
            message.functions[identity] = name
        elif number == SAMPLE_TYPE:
            message.types.append(_value_type(as_bytes(value)))
        elif number == PERIOD_TYPE:
            message.period_type = _value_type(as_bytes(value))
        elif number in (TIME_NANOS, DURATION_NANOS, PERIOD):
            message.numbers[number] = signed(as_integer(value))
    return message


def _value_type(message: bytes) -> tuple[int, int]:
    found = {number: as_integer(value) for number, value in fields(message)}
    return found.get(1, 0), found.get(2, 0)


def _function(message: bytes) -> tuple[int, int]:
    """Id, and index of the name (of the linker's name where there is no other)."""
    found = {number: as_integer(value) for number, value in fields(message)}
    return found.get(1, 0), found.get(2, 0) or found.get(3, 0)


def _location(message: bytes) -> tuple[int, int, list[int]]:
    """Id, address and the functions of its lines, root first."""
    identity = address = 0
    functions: list[int] = []
    for number, value in fields(message):
        if number == 1:
            identity = as_integer(value)
        elif number == 3:
            address = as_integer(value)
        elif number == 4:
            functions.append(next((as_integer(part) for key, part in fields(as_bytes(value)) if key == 1), 0))
    return identity, address, functions[::-1]


def _stacks(message: _Message, width: int, limits: Limits) -> dict[tuple[str, ...], list[int]]:
    """Values of each distinct stack, one for each sample type."""
    names = {key: message.string(index) or UNNAMED for key, index in message.functions.items()}
    frames_of = _frames_of_locations(message, names)
    budget = FrameBudget(limits)
    stacks: dict[tuple[str, ...], list[int]] = {}
    for index, sample in enumerate(message.samples):
        locations, values = _sample(sample)
        if len(values) != width:
            raise FormatError(f"sample {index} has {len(values)} values for {width} sample types; the file is damaged")
        if min(values) < 0:
            raise FormatError(
                f"sample {index} has the negative value {min(values)}, so it is a difference of two profiles; "
                "give both profiles to `effnb compare`"
            )
        try:
            parts = [frames_of[key] for key in reversed(locations)]
        except KeyError as error:
            raise FormatError(f"sample {index} names the missing location {error}; the file is damaged") from error
        budget.spend(sum(map(len, parts)))
        totals = stacks.setdefault(tuple(chain.from_iterable(parts)), [0] * width)
        for column, value in enumerate(values):
            totals[column] += value
    return stacks


def _frames_of_locations(message: _Message, names: dict[int, str]) -> dict[int, tuple[str, ...]]:
    """Frames of each location, root first; the address where the recorder had no symbols."""
    frames = {}
    for identity, (address, functions) in message.locations.items():
        try:
            frames[identity] = tuple(names[key] for key in functions) or (f"{address:#x}",)
        except KeyError as error:
            raise FormatError(f"location {identity} names the missing function {error}; the file is damaged") from error
    return frames


def _sample(message: bytes) -> tuple[list[int], list[int]]:
    """Location ids, leaf first, and the signed values."""
    locations: list[int] = []
    values: list[int] = []
    for number, value in fields(message):
        if number == 1:
            locations += integers(value)
        elif number == 2:
            values += map(signed, integers(value))
    return locations, values


def _unit(kind: str, unit: str) -> str:
    if unit == "count" and "sample" in kind:
        return "samples"
    return unit or "unknown"


def _samples_behind(message: _Message, units: list[str], stacks: dict[tuple[str, ...], list[int]]) -> list[int | None]:
    """Number of samples behind each type's values: from the one column of samples, else the period; null if unknown."""
    totals = [sum(values[column] for values in stacks.values()) for column in range(len(units))]
    counted = [total for unit, total in zip(units, totals, strict=True) if unit == "samples"]
    period = message.numbers.get(PERIOD, 0)
    found: list[int | None] = []
    for kind, unit, total in zip(message.types, units, totals, strict=True):
        if unit == "samples":
            found.append(None)
        elif len(counted) == 1:
            found.append(counted[0])
        else:
            found.append(total // period if period > 0 and kind == message.period_type else None)
    return found


def _recording_labels(message: _Message) -> dict[str, str]:
    labels = {}
    if (nanos := message.numbers.get(TIME_NANOS, 0)) > 0:
        labels["time"] = datetime.fromtimestamp(nanos // 1_000_000_000, tz=UTC).isoformat()
    if (nanos := message.numbers.get(DURATION_NANOS, 0)) > 0:
        labels["duration_seconds"] = f"{nanos / 1e9:g}"
    return labels
