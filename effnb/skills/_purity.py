"""Why a function may not be remembered, as far as its text tells: a reader's quick look, not a proof."""

from __future__ import annotations

import re

from effnb.domain import FunctionSource

CACHE = re.compile(r"^\s*@(?:\w+\.)*(?:lru_cache|cache|cached|cached_property|memoi[sz]e\w*)\b.*")
"""A decorator that remembers results."""
OBJECT = {r"\bself\b|\bcls\b": "depends on an object"}
DOUBTS = {
    r"\b(?:global|nonlocal)\b": "changes state outside it",
    r"\bconfig\.|\bsettings\.|\bflags?\.|environ": "reads a setting",
    r"\btime\.|datetime\.now|\.utcnow|\.today\(": "reads the clock",
    r"\brandom\.|\bsecrets\.|uuid": "draws by chance",
    r"\bopen\(|\brequests\.|\bsocket\.|\.execute\(|\bprint\(": "reads or writes outside the process",
    r"\byield\b|\bawait\b": "is a generator or coroutine",
}
MUTABLE = re.compile(r"->\s*(?:\w+\.)*(?:list|dict|set|bytearray|List|Dict|Set|deque)\b|^\s*return\s*[\[{]", re.M)


def is_cached(source: FunctionSource) -> bool:
    """Whether a decorator already remembers its results."""
    return any(CACHE.match(line) for line in source.source.splitlines())


def doubt_of(source: FunctionSource, *, of_object: bool = False) -> str | None:
    """The first reason why equal arguments may not give equal results, with the line; null when none is seen.

    ``of_object`` is for properties, whose cache lives as long as the object they read.
    """
    reasons = DOUBTS if of_object else OBJECT | DOUBTS
    for line in source.source.splitlines():
        for pattern, why in reasons.items():
            if re.search(pattern, line):
                return f"{why}: `{line.strip()}`"
    return "returns something its callers could change in place" if MUTABLE.search(source.source) else None
