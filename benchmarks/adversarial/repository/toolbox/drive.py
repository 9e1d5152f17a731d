"""Drives the toolbox with the requests of a service: python -m toolbox.drive COUNT."""

from __future__ import annotations

import sys

from toolbox.numbers import moving_sum, normalised, overlap, primes_below, ranks
from toolbox.requests import REQUESTS
from toolbox.text import pairs, slugs, unique_words, word_counts

FUNCTIONS = (
    unique_words,
    word_counts,
    pairs,
    slugs,
    moving_sum,
    primes_below,
    normalised,
    overlap,
    ranks,
)


def main(count: int) -> None:
    """Make every kind of request so many times."""
    for number in range(count):
        for function in FUNCTIONS:
            requests = REQUESTS[function.__name__]
            function(*requests[number % len(requests)])


if __name__ == "__main__":
    main(int(sys.argv[1]))
