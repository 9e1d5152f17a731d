"""A Markdown page as sections, so that a search points at the right paragraph and not at a whole page."""

from __future__ import annotations

import re
from dataclasses import dataclass

HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*\s*$")
FENCE = re.compile(r"^\s*(```|~~~)")


@dataclass(frozen=True)
class Section:
    """What stands below one heading, up to the next of any level."""

    heading: str
    """Empty for what stands before the first heading."""
    line: int
    """1-based line it begins at."""
    text: str
    """Its lines without the heading."""


def sections(text: str) -> list[Section]:
    """The sections of a page in order; a line in a code fence is never a heading, one without content is kept."""
    found: list[tuple[str, int, list[str]]] = [("", 1, [])]
    fenced = False
    for number, line in enumerate(text.split("\n"), 1):
        if FENCE.match(line):
            fenced = not fenced
        heading = None if fenced else HEADING.match(line)
        if heading:
            found.append((heading[1], number, []))
        else:
            found[-1][2].append(line)
    every = [Section(heading, line, "\n".join(lines).strip()) for heading, line, lines in found]
    return [one for one in every if one.heading or one.text]


def title_of(path: str, text: str) -> str:
    """The first heading of a page; the name of its file when it has none."""
    first = next((one.heading for one in sections(text) if one.heading), "")
    return first or path.rpartition("/")[2]
