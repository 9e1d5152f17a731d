"""speedscope's own JSON, sampled and evented; py-spy writes it with ``-f speedscope``.

Schema: https://www.speedscope.app/file-format-schema.json. A file holds a profile a thread; those of one unit are added
up. Times become nanoseconds.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator
from typing import Any, NoReturn

from effnb.domain import Profile
from effnb.sources.profiles._limits import UNNAMED, FormatError, FrameBudget, Limits, effective_samples

NAME = "speedscope"
HEAD = 1 << 16
SCALES = {
    "nanoseconds": 1,
    "microseconds": 1_000,
    "milliseconds": 1_000_000,
    "seconds": 1_000_000_000,
    "bytes": 1,
    "none": 1,
}

Weighted = tuple[tuple[str, ...], int]


def can_read(content: bytes, name: str) -> bool:
    """Whether it is a JSON object that names speedscope's schema, or its two main keys."""
    head = content[:HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head.startswith(b"{"):
        return False
    named = name.endswith((".speedscope.json", ".speedscope.json.gz"))
    return (
        named
        or b"speedscope.app/file-format-schema" in content
        or (b'"profiles"' in content and b'"shared"' in content)
    )


def read(content: bytes, limits: Limits) -> list[Profile]:
    """One profile for each unit in the file, all threads added up.

    Units: ``nanoseconds``, ``bytes``, and for speedscope's ``none`` ``samples``, or ``units`` in an evented file, which
    was traced and not sampled. A sampled file whose weights are times has the label ``effective_samples``.
    """
    document = _load(content)
    names = [_name(frame) for frame in _list(_object(document.get("shared"), "shared"), "frames")]
    budget = FrameBudget(limits)
    stacks: dict[str, Counter[tuple[str, ...]]] = {}
    weights: dict[str, list[int] | None] = {}
    for index, entry in enumerate(_list(document, "profiles")):
        profile = _object(entry, f"profiles[{index}]")
        scale, unit = _scale(profile, index)
        total = stacks.setdefault(unit, Counter())
        kept = weights.setdefault(unit, [])
        evented = profile.get("type") == "evented"
        for frames, weight in _weighted(profile, index, names, scale, budget):
            total[frames] += weight
            if kept is not None:
                kept.append(weight)
        if evented:
            weights[unit] = None
    return [_profile(unit, total, weights[unit]) for unit, total in stacks.items()]


def _profile(unit: str, stacks: Counter[tuple[str, ...]], weights: list[int] | None) -> Profile:
    labels = {} if weights is None or unit == "samples" else {"effective_samples": str(effective_samples(weights))}
    return Profile.from_stacks(stacks, unit=unit, labels=labels)


def _weighted(
    profile: dict[str, Any], index: int, names: list[str], scale: int, budget: FrameBudget
) -> Iterator[Weighted]:
    kind = profile.get("type")
    if kind == "sampled":
        return _sampled(profile, index, names, scale, budget)
    if kind == "evented":
        return _evented(profile, index, names, scale, budget)
    raise FormatError(f"profiles[{index}] has the type {kind!r}; effnb reads sampled and evented: export it again")


def _sampled(
    profile: dict[str, Any], index: int, names: list[str], scale: int, budget: FrameBudget
) -> Iterator[Weighted]:
    """Stacks run root first."""
    samples, weights = _list(profile, "samples"), _list(profile, "weights")
    if len(samples) != len(weights):
        raise FormatError(f"profiles[{index}] has {len(weights)} weights for {len(samples)} samples; export it again")
    for stack, weight in zip(samples, weights, strict=True):
        if not isinstance(stack, list):
            raise FormatError(
                f"profiles[{index}] holds {stack!r} where a list of frame numbers belongs; export it again"
            )
        budget.spend(len(stack))
        amount = _amount(weight, scale, index)
        if amount < 0:
            raise FormatError(f"profiles[{index}] has the negative weight {weight}; export it again")
        yield tuple(_frame(names, number, index) for number in stack), amount


def _evented(
    profile: dict[str, Any], index: int, names: list[str], scale: int, budget: FrameBudget
) -> Iterator[Weighted]:
    """The time between two events belongs to the frames open then; time with none open is idle and left out."""
    stack: list[str] = []
    last = None
    for event in _list(profile, "events"):
        step = _object(event, f"profiles[{index}].events")
        at = _amount(step.get("at"), scale, index)
        if last is not None and at < last:
            raise FormatError(f"profiles[{index}] goes back in time at {step.get('at')}; export it again")
        if last is not None and stack and at > last:
            budget.spend(len(stack))
            yield tuple(stack), at - last
        last = at
        _apply(step, stack, names, index)
    if stack:
        raise FormatError(
            f'profiles[{index}] ends while "{stack[-1]}" is still open; the file is cut off: export it again'
        )


def _apply(step: dict[str, Any], stack: list[str], names: list[str], index: int) -> None:
    frame, kind = _frame(names, step.get("frame"), index), step.get("type")
    if kind == "O":
        stack.append(frame)
    elif kind == "C" and stack and stack[-1] == frame:
        stack.pop()
    else:
        inside = f'inside "{stack[-1]}"' if stack else "with none open"
        raise FormatError(
            f'profiles[{index}] has event {kind!r} of "{frame}" {inside}; the file is damaged: export it again'
        )


def _amount(value: object, scale: int, index: int) -> int:
    """A weight or time in whole units; fractions are kept by the scale of times, and rounded below a nanosecond."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise FormatError(f"profiles[{index}] holds {value!r} where a number belongs; export it again")
    scaled = value * scale
    if scale == 1 and isinstance(scaled, float) and not scaled.is_integer():
        raise FormatError(
            f"profiles[{index}] holds the fraction {value} of a whole unit; export it with a unit of time"
        )
    if abs(scaled) >= 2**63:
        raise FormatError(f"profiles[{index}] holds {value!r}, which is out of range; export it again")
    return round(scaled)


def _scale(profile: dict[str, Any], index: int) -> tuple[int, str]:
    """Factor to our unit, and its name."""
    unit = profile.get("unit")
    if not isinstance(unit, str) or unit not in SCALES:
        raise FormatError(f"profiles[{index}] has the unit {unit!r}; effnb knows {', '.join(SCALES)}: export it again")
    if unit == "none":
        return 1, "samples" if profile.get("type") == "sampled" else "units"
    return SCALES[unit], "bytes" if unit == "bytes" else "nanoseconds"


def _frame(names: list[str], number: object, index: int) -> str:
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < len(names):
        raise FormatError(
            f"profiles[{index}] names frame {number!r} of {len(names)}; the file is damaged: export it again"
        )
    return names[number]


def _name(frame: object) -> str:
    name = _object(frame, "shared.frames").get("name")
    if not isinstance(name, str) or not name:
        return UNNAMED
    return name.encode("utf-8", errors="backslashreplace").decode()  # JSON can spell half a surrogate pair


def _load(content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except RecursionError as error:
        raise FormatError("its JSON is nested too deeply to be a speedscope file; export it again") from error
    except ValueError as error:
        raise FormatError(f"it is not valid JSON ({error}); export it again") from error
    return _object(document, "the file")


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON number")


def _object(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise FormatError(f"{where} is not a JSON object; export it again as a speedscope file")
    return value


def _list(owner: dict[str, Any], key: str) -> list[Any]:
    value = owner.get(key)
    if not isinstance(value, list):
        raise FormatError(f'"{key}" is not a list; export it again as a speedscope file')
    return value
