"""Profiles of equal mix are alike, whatever drives the service."""

from __future__ import annotations

import pytest

from effnb.verify import profile_similarity

RECORDED = {("serve", "price"): 30.0, ("serve", "search"): 60.0, ("serve",): 10.0}


def test_the_driver_and_its_preparations_do_not_count():
    driven = {("run", "main", *stack): count * 3 for stack, count in RECORDED.items()}
    driven |= {("run", "main", "build"): 500.0}
    assert profile_similarity(RECORDED, driven) == pytest.approx(1.0)


def test_another_mix_is_less_alike():
    # shares: serve 1, price .3, search .6 against serve 1, price 1: (1 + .3) / (sqrt(1 + .09 + .36) * sqrt(2))
    assert profile_similarity(RECORDED, {("serve", "price"): 5.0}) == pytest.approx(1.3 / (1.45**0.5 * 2**0.5))


def test_without_samples_of_the_service_there_is_no_answer():
    assert profile_similarity(RECORDED, {("run", "build"): 5.0}) is None
    assert profile_similarity({}, RECORDED) is None
