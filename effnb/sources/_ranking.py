"""Which texts answer a question in words: BM25, the usual ranking of plain text search."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

WORD = re.compile(r"[^\W_]+")
K1, B = 1.2, 0.75
"""The usual constants: how soon repetition stops counting, and how much a long text is held against it."""
SUFFIXES = ("ing", "ed", "es", "s")
SHORTEST_STEM = 3


COMMON = frozenset(
    re.findall(
        r"\w+",
        """a an and are as at be by do does for from has have how i in is it its my not of on or that the their there
        this to was we what when where which who why will with you""",
    )
)
"""Words that say nothing about a text's subject."""


def words(text: str) -> list[str]:
    """Words in lower case without the commonest ones and endings; ``snake_case`` names count as their parts."""
    return [_stem(word) for word in WORD.findall(text.lower()) if word not in COMMON]


def bm25(question: str, texts: Sequence[str]) -> list[float]:
    """Relevance of each text to a question (Robertson and Zaragoza 2009); 0 where no word of it occurs."""
    asked = set(words(question))
    held = [Counter(words(text)) for text in texts]
    lengths = [max(sum(counts.values()), 1) for counts in held]
    mean = sum(lengths) / max(len(lengths), 1)
    scores = [0.0] * len(texts)
    for word in sorted(asked):
        having = sum(1 for counts in held if word in counts)
        weight = math.log(1 + (len(texts) - having + 0.5) / (having + 0.5))
        for i, counts in enumerate(held):
            if n := counts[word]:
                scores[i] += weight * n * (K1 + 1) / (n + K1 * (1 - B + B * lengths[i] / mean))
    return scores


def _stem(word: str) -> str:
    for suffix in SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= SHORTEST_STEM:
            return word[: -len(suffix)]
    return word
