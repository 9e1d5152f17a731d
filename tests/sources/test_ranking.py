"""Which texts answer a question in words."""

from __future__ import annotations

from effnb.sources import bm25

TEXTS = ["the price check is slow", "the cart", "prices of carts and more prices, price by price", ""]


def test_a_text_without_any_of_the_words_scores_nothing():
    assert bm25("zeppelin", TEXTS) == [0.0] * 4
    assert bm25("the of and", TEXTS) == [0.0] * 4
    assert bm25("price", []) == []


def test_a_rare_word_counts_more_than_a_common_one():
    scores = bm25("slow price", TEXTS)
    assert scores[0] > scores[2] > scores[1] == scores[3] == 0


def test_endings_and_snake_case_do_not_hide_a_word():
    assert bm25("pricing", ["priced"])[0] > 0
    assert bm25("max_candidates", ["search.max_candidates"])[0] > bm25("max", ["search.max_candidates"])[0] > 0
