from __future__ import annotations

import pytest

from toolbox.numbers import moving_sum, normalised, overlap, primes_below, ranks
from toolbox.text import pairs, slugs, unique_words, word_counts


@pytest.mark.parametrize(
    ("text", "words"),
    [("", []), ("a", ["a"]), ("b a b", ["b", "a"]), ("a  a", ["a"]), ("A a", ["A", "a"])],
)
def test_unique_words(text, words):
    assert unique_words(text) == words


@pytest.mark.parametrize("text", ["", "a", "b a b", "x x x", "A a"])
def test_word_counts(text):
    assert word_counts(text) == {word: text.split().count(word) for word in text.split()}


@pytest.mark.parametrize(
    ("text", "found"),
    [("", {}), ("a=1", {"a": "1"}), ("a = 1; b=", {"a": "1", "b": ""}), ("x", {})],
)
def test_pairs(text, found):
    assert pairs(text) == found


@pytest.mark.parametrize(
    ("title", "slug"), [("", ""), ("Red Pan", "red-pan"), ("A  b", "a-b"), ("x!", "x-"), ("7", "7")]
)
def test_slugs(title, slug):
    assert slugs([title, title]) == [slug, slug]


@pytest.mark.parametrize(
    ("values", "width", "sums"),
    [([], 1, []), ([1], 1, [1]), ([1, 2, 3], 2, [3, 5]), ([1, 2], 3, []), ([1, 2, 3], 3, [6])],
)
def test_moving_sum(values, width, sums):
    assert moving_sum(values, width) == sums


@pytest.mark.parametrize(("limit", "count"), [(0, 0), (2, 0), (3, 1), (10, 4), (30, 10)])
def test_primes_below(limit, count):
    assert len(primes_below(limit)) == count


@pytest.mark.parametrize("values", [[1.0], [1.0, 2.0], [3.0, -1.0], [0.5, 0.25], [7.0, 7.0]])
def test_normalised(values):
    assert max(normalised(values)) == 1.0


@pytest.mark.parametrize(
    ("left", "right", "both"),
    [
        ([], [1], []),
        ([1], [1], [1]),
        ([1, 2, 1], [1], [1, 1]),
        ([3], [], []),
        ([2, 1], [1, 2], [2, 1]),
    ],
)
def test_overlap(left, right, both):
    assert overlap(left, right) == both


@pytest.mark.parametrize(
    ("values", "places"),
    [([], []), ([5], [0]), ([3, 1], [1, 0]), ([2, 2], [0, 0]), ([9, 1, 5], [2, 0, 1])],
)
def test_ranks(values, places):
    assert ranks(values) == places


@pytest.mark.parametrize(
    "call", [lambda: moving_sum([1], 0), lambda: normalised([]), lambda: primes_below(9999)]
)
def test_bad_arguments_are_refused(call):
    with pytest.raises(ValueError):
        call()
