"""From messages to the templates they were made from."""

from __future__ import annotations

import pytest

from effnb.sources.logs import template_of


@pytest.mark.parametrize(
    ("message", "template"),
    [
        ("product_page 200 8692 bytes", "product_page <*> bytes"),
        ("took 12.5ms at 10:03:22", "took <*> at <*>"),
        ("user 'ada' said \"no\"", "user <*> said <*>"),
        ("commit 440e28b45eef failed", "commit <*> failed"),
        ("id 6f1c2d34-1111-4222-8333-abcdefabcdef gone", "id <*> gone"),
        ("pointer 0xDEADbeef", "pointer <*>"),
        ("it's what it's", "it's what it's"),
        ("facade and decade are words", "facade and decade are words"),
        ("sha256 of v2", "sha256 of v2"),
        ("a\nb\t 1", "a b <*>"),
        ("", ""),
    ],
)
def test_what_varies_is_taken_out_and_words_stay(message, template):
    assert template_of(message) == template


def test_a_huge_message_is_cut():
    assert len(template_of("word " * 100_000)) == 300
