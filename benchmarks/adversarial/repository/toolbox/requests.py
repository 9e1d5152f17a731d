"""What the service is asked for: arguments by function."""

from __future__ import annotations

from random import Random

WORDS = "red green blue small large round flat warm cold soft hard light dark old new plain".split()


def _text(random: Random) -> str:
    return " ".join(random.choice(WORDS) + str(random.randrange(4)) for _ in range(60))


def _numbers(random: Random, count: int) -> list[int]:
    return [random.randrange(500) for _ in range(count)]


def _requests(count: int) -> dict[str, list[tuple]]:
    random = Random(1)
    made: dict[str, list[tuple]] = {}
    for _ in range(count):
        text = _text(random)
        numbers = _numbers(random, 60)
        settings = "; ".join(f"{word} = {random.randrange(99)}" for word in WORDS[:6])
        made.setdefault("unique_words", []).append((text,))
        made.setdefault("word_counts", []).append((text,))
        made.setdefault("pairs", []).append((settings,))
        made.setdefault("slugs", []).append(([text[:30].title(), text[30:55].title()],))
        made.setdefault("moving_sum", []).append((numbers, 20))
        made.setdefault("primes_below", []).append((random.randrange(60, 90),))
        made.setdefault("normalised", []).append(([float(n) + 1.0 for n in numbers],))
        made.setdefault("overlap", []).append((numbers, _numbers(random, 60)))
        made.setdefault("ranks", []).append((numbers[:20],))
    return made


REQUESTS = _requests(60)
