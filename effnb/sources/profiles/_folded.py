"""Folded stacks: one line a stack, frames root first and joined by ``;``, then a space and a count.

py-spy (``-f raw``), async-profiler (``collapsed``), Austin and the FlameGraph scripts write it. Frame names hold
spaces, so the count is what follows the *last* space. The format has no escapes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from effnb.domain import Profile
from effnb.errors import SourceUnavailable
from effnb.sources.profiles._limits import NO_STACK, UNNAMED, FormatError, FrameBudget, Limits
from effnb.sources.profiles._text import decode, first_line, is_text

NAME = "folded"
STACK = re.compile(r".* \d{1,19}", re.DOTALL)
METADATA = re.compile(r"# ?[\w.-]+: [^;]*")
UNWRITABLE = str.maketrans({";": ":", "\n": " ", "\r": " ", "\0": " "})


def can_read(content: bytes, _name: str) -> bool:
    """Whether the first line that is not blank or Austin's metadata ends in a space and a count."""
    return is_text(content) and STACK.fullmatch(first_line(content, METADATA)) is not None


def read(content: bytes, limits: Limits) -> list[Profile]:
    """One profile, unit ``samples``; ``FormatError`` names the first line without a count."""
    budget = FrameBudget(limits)
    stacks: Counter[tuple[str, ...]] = Counter()
    for number, line in enumerate(decode(content).split("\n"), start=1):
        text = line.rstrip()
        if not text or METADATA.fullmatch(text):
            continue
        if not STACK.fullmatch(text):
            raise FormatError(f'line {number} "{text[:60]}" does not end in a count; expected "frame;frame;frame 12"')
        path, _, count = text.rpartition(" ")
        budget.spend(path.count(";") + 1)
        stacks[tuple(frame or UNNAMED for frame in path.split(";"))] += int(count)
    return [Profile.from_stacks(stacks)]


def folded_lines(profile: Profile) -> Iterator[str]:
    """The profile's stacks as folded lines, without line ends.

    What the format cannot hold is replaced: ``;`` by ``:``, line ends by a space, an empty name by ``(unnamed)`` and an
    empty stack by ``(no stack)``. Unit and labels are lost.
    """
    for sample in profile.samples:
        frames = [frame.translate(UNWRITABLE) or UNNAMED for frame in sample.frames] or [NO_STACK]
        yield f"{';'.join(frames)} {sample.count}"


def write_folded(profile: Profile, path: Path) -> None:
    """Write the profile as folded stacks; see ``folded_lines`` for what is lost."""
    try:
        with path.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.writelines(line + "\n" for line in folded_lines(profile))
    except OSError as error:
        raise SourceUnavailable(
            f"cannot write {path}: {error.strerror}; check the folder and its permissions"
        ) from error
