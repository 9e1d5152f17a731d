"""Numbers."""

from __future__ import annotations

from toolbox import settings


def moving_sum(values: list[int], width: int) -> list[int]:
    """Sums of neighbouring values."""
    if width < 1:
        raise ValueError("the width has to be positive")
    sums = []
    for start in range(len(values) - width + 1):
        sums.append(sum(values[start : start + width]))
    return sums


def primes_below(limit: int) -> list[int]:
    """Prime numbers below a limit."""
    if limit > settings.get("longest"):
        raise ValueError("the limit is too high")
    found = []
    for number in range(2, limit):
        for divisor in range(2, number):
            if number % divisor == 0:
                break
        else:
            found.append(number)
    return found


def normalised(values: list[float]) -> list[float]:
    """Values divided by the largest one, rounded as configured."""
    if not values or max(values) <= 0:
        raise ValueError("a positive value is needed")
    return [round(value / max(values), settings.get("digits")) for value in values]


def overlap(left: list[int], right: list[int]) -> list[int]:
    """Values of the left list that the right one has, too."""
    if len(left) > settings.get("longest"):
        raise ValueError("the list is too long")
    return [value for value in left if value in right]


def ranks(values: list[int]) -> list[int]:
    """Place of each value among the different values, smallest first."""
    if len(values) > settings.get("longest"):
        raise ValueError("the list is too long")
    return [sorted(set(values)).index(value) for value in values]
