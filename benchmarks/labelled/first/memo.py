"""Functions that could, and functions that must not, remember their results."""

from __future__ import annotations

import functools
import random
import time
import unicodedata

RATES = {"standard": 19, "reduced": 7}
_seen: list[str] = []


# expect: unmemoised-pure-function
# try: harmonic(10)
# try: harmonic(0)
def harmonic(terms: int) -> float:
    total = 0.0
    for k in range(1, terms + 1):
        total += 1.0 / k
    return total


# expect: unmemoised-pure-function
# try: fold("Crème Brûlée")
# try: fold("")
def fold(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


# expect: none
def jittered(base: float, rounds: int) -> float:
    total = 0.0
    for _ in range(rounds):
        total += base * random.random()
    return total


# expect: none
def age_in_days(born: float) -> str:
    days = 0
    while born + days * 86400 < time.time():
        days += 1
    return str(days)


# expect: none
def remember(word: str) -> str:
    for letter in word:
        _seen.append(letter)
    return "".join(sorted(word))


# expect: none
@functools.lru_cache(maxsize=64)
def already(word: str) -> str:
    return "".join(sorted(set(word)))


# expect: none
def letters(word: str) -> list[str]:
    found = []
    for letter in word:
        found.append(letter.lower())
    return found


# expect: costly-no-argument-function
# try: day_names()
def day_names() -> tuple[str, ...]:
    return tuple(sorted({name.title() for name in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}))


class Basket:
    def __init__(self, prices: tuple[int, ...]) -> None:
        self._prices = prices
        self._open: list[int] = []

    # expect: property-recomputed
    # try: Basket((3, 4)).total
    @property
    def total(self) -> int:
        return sum(price * 2 for price in self._prices)

    # expect: none
    @property
    def waiting(self) -> int:
        return sum(item for item in self._open)

    def put(self, item: int) -> None:
        self._open.append(item)
