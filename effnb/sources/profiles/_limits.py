"""How much of a file a reader takes on, and how it says that the content breaks its format.

A few kilobytes can unpack to gigabytes: by gzip, or by one very deep stack that many samples point at. Both are
counted before memory is spent.
"""

from __future__ import annotations

from dataclasses import dataclass

from effnb.errors import SourceError

MEBIBYTE = 1 << 20
UNNAMED = "(unnamed)"
NO_STACK = "(no stack)"


class FormatError(SourceError):
    """Content that breaks its format or a limit; ``read_profile`` adds the name of the file."""


@dataclass(frozen=True)
class Limits:
    """Largest profile that is read; a larger one is refused, never cut."""

    unpacked_bytes: int = 64 * MEBIBYTE
    """Size of the file once gzip is undone."""
    depth: int = 10_000
    """Frames in one stack, inlined ones included."""
    frames: int = 50_000_000
    """Frames in all stacks together, before equal stacks are added up."""


class FrameBudget:
    """Counts the frames a reader is about to build."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._left = limits.frames

    def spend(self, depth: int) -> None:
        """Take one stack of ``depth`` frames; ``FormatError`` when it or the sum is over the limit."""
        if depth > self._limits.depth:
            raise FormatError(
                f"a stack of {depth:,} frames is deeper than the limit of {self._limits.depth:,}; "
                "raise Limits.depth if it is real"
            )
        self._left -= depth
        if self._left < 0:
            raise FormatError(
                f"its stacks hold more than {self._limits.frames:,} frames in all; record for a shorter time, or raise "
                "Limits.frames"
            )


def effective_samples(weights: list[int]) -> int:
    """How many equal samples tell as much as these weighted ones: ``(Σw)² / Σw²`` (Kish 1965); 0 for none."""
    squares = sum(weight * weight for weight in weights)
    return sum(weights) ** 2 // squares if squares else 0
