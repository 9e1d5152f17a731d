"""From a message to the template it was made from: what varies between calls is taken out.

Good enough to count by; it is not a parser of formats. Numbers, ids and quoted values go, words stay.
"""

from __future__ import annotations

import re

ANY = "<*>"
LONGEST = 300
VARYING = re.compile(
    r"""
      "[^"\n]*" | (?<!\w)'[^'\n]*'(?!\w)                                 # quoted values
    | \b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b           # UUIDs
    | \b0[xX][0-9a-fA-F]+\b                                              # hexadecimal
    | \b(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{7,}\b                              # digests and commit ids
    | (?<![a-zA-Z0-9])[+-]?\d(?:[\d.,:]*\d)?(?:[a-zA-Z%]{1,2}\b)?            # numbers, times, sizes; not in names
    """,
    re.VERBOSE,
)
AGAIN = re.compile(rf"{re.escape(ANY)}(?:[\s,;:/._-]*{re.escape(ANY)})+")


def template_of(message: str) -> str:
    """The message with every varying part as ``<*>``, neighbouring ones as one; cut to 300 characters."""
    line = " ".join(message[: 4 * LONGEST].split())
    return AGAIN.sub(ANY, VARYING.sub(ANY, line))[:LONGEST]
