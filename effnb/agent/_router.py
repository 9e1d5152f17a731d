"""Which kind of question is asked: retrieval over examples, with what the question names as a condition.

Declining is the rule: a word or name that is not understood, a name the kind has no use for, or no near example each
end the search. What is left is compared by cosine of inverse document frequencies over the examples.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from functools import cache

from effnb.agent._asked import Asked, Declined
from effnb.agent._intents import INTENTS, Intent

NEAR = 0.45
"""Least likeness of a question to an example of its kind."""
OFFERED = 3
"""Questions that are offered when one cannot be answered."""
REFUSED = (
    (r"\bwill\b|\bwould\b.*\bif\b|\bnext (?:day|week|month|year|quarter)\b|\bforecast|\bpredict|\btomorrow\b|"
     r"\bgoing to\b|in future\b|\bfuture\b|\bonce we\b",
     "it is about the future, and measurements end with the newest data"),
    (r"(?<!whom )(?<!who )\bshould\b|\bworth\b|\bought\b|\bgood idea\b|\bdo you think\b|\bwould you\b|\bbetter to\b|"
     r"\brecommend(?:ed)? to\b|\badvisable\b",
     "it asks for a judgement, which is a person's; numbers for it can be asked for"),
    (r"\bp ?(?!95\b)\d{1,2}(?:\.\d+)?\b|\b(?!95)\d{1,2}(?:\.\d+)?(?:st|nd|rd|th)? percentile|\bmedian\b|"
     r"\b99\.\d|\bstandard deviation\b",
     "no such percentile is stored; of latency there is the 95th"),
    (r"\b(?:dollars?|euros?|eur|usd|money|price of|\$|€|watts?|kwh|energy|carbon|co2|emissions?)\b",
     "no call returns money or energy; `effnb regressions` gives servers, power and money of what is filed"),
)  # fmt: skip
"""Questions that no call answers, however near an example they are."""


def refusal(question: str) -> str:
    """Why a question cannot be answered whatever it names; empty when nothing speaks against it."""
    return next((why for words, why in REFUSED if re.search(words, question, re.IGNORECASE)), "")


def route(asked: Asked, unknown: tuple[str, ...]) -> Intent:
    """The kind of question that is asked.

    Args:
        asked: The question.
        unknown: Its words that are not understood.

    Raises:
        Declined: No kind fits, with the reason.
    """
    ranked = [(likeness(asked.meant, one), one) for one in INTENTS if _fits(one, asked)]
    # What is searched for in words is anybody's guess: any other kind that is near enough comes first.
    ranked.sort(key=lambda pair: (pair[1].free or pair[0] < NEAR, -pair[0]))
    ranked = [(score, one) for score, one in ranked if one.free or not unknown]
    if not ranked and unknown:
        raise Declined(f"I do not know what {_spoken(unknown)} is here")
    if not ranked:
        raise Declined("no call answers this kind of question about what it names")
    score, best = ranked[0]
    if score < NEAR and not best.free:
        raise Declined("it is not near enough to any question that can be answered")
    return best


def nearest(asked: Asked) -> list[Intent]:
    """All kinds of question, those most like this one first, whether it can be answered or not."""
    return sorted(INTENTS, key=lambda one: -likeness(asked.meant, one) - 0.3 * _fits(one, asked))


def _fits(intent: Intent, asked: Asked) -> bool:
    """Whether a kind of question can use what this one names, and whether it says what the kind is known by."""
    kinds = {mention.kind for mention in asked.reading.mentions}
    said = asked.meant | kinds
    if not said & set(intent.signs) or said & set(intent.refuses) or not kinds <= set(intent.takes):
        return False
    if intent.also and not said & set(intent.also):
        return False
    if asked.windows and not intent.timed:
        return False
    if (len(asked.windows) == 2) != (intent.name == "compare"):
        return False
    # A service that was not named may be the only one there is, or is asked for.
    return not intent.needs or bool(kinds & set(intent.needs)) or intent.needs == ("SERVICE",)


def likeness(meant: Iterable[str], intent: Intent) -> float:
    """Largest cosine between a question and the examples of a kind, 0 … 1."""
    asked = frozenset(meant) - {"TIME"}
    return max(_cosine(asked, example - {"TIME"}) for example in intent.meant)


def _cosine(one: frozenset[str], other: frozenset[str]) -> float:
    weights = _weights()
    lengths = [math.sqrt(sum(weights[word] ** 2 for word in words)) for words in (one, other)]
    shared = sum(weights[word] ** 2 for word in one & other)
    return shared / (lengths[0] * lengths[1]) if all(lengths) else 0.0


@cache
def _weights() -> Counter[str]:
    """Inverse document frequency of each meaning over all examples; of one that is in none, that of a rare one."""
    examples = [example for intent in INTENTS for example in intent.meant]
    having = Counter(word for example in examples for word in example)
    found: _Weights = _Weights(math.log(1 + len(examples)))
    found.update({word: math.log(1 + len(examples) / n) for word, n in having.items()})
    return found


class _Weights(Counter[str]):
    def __init__(self, rare: float) -> None:
        super().__init__()
        self.rare = rare

    def __missing__(self, key: str) -> float:  # type: ignore[override]
        return self.rare


def _spoken(words: tuple[str, ...]) -> str:
    return ", ".join(f"“{word}”" for word in dict.fromkeys(words))
