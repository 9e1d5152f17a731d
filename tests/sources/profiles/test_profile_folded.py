"""Folded stacks: reading, writing, and what the format cannot hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effnb.domain import Profile
from effnb.errors import SourceError, SourceUnavailable
from effnb.sources.profiles import Limits, _folded, folded_lines, read_profile, write_folded

NAMES = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters=";#\ufeff"), min_size=1, max_size=12
).filter(str.strip)
STACKS = st.dictionaries(st.lists(NAMES, min_size=1, max_size=6).map(tuple), st.integers(0, 10**18), min_size=1)


def read(text: str) -> Profile:
    return _folded.read(text.encode(), Limits())[0]


@given(stacks=STACKS)
def test_written_stacks_are_read_back(stacks, tmp_path_factory):
    path = tmp_path_factory.mktemp("folded") / "a.folded"
    profile = Profile.from_stacks(stacks)
    write_folded(profile, path)
    assert read_profile(path) == profile


def test_count_follows_the_last_space():
    assert read("main;operator new (unsigned 8) 12\n").samples[0].frames == ("main", "operator new (unsigned 8)")


def test_order_line_ends_blank_lines_and_metadata_do_not_matter():
    plain = read("a;b 1\na 2\n")
    assert read("# mode: cpu\r\n# interval: 100\r\n\r\na 2\r\na;b 1") == plain


def test_equal_lines_are_added_up():
    assert read("a 1\na 2\n").total == 3


def test_what_the_format_cannot_hold_is_replaced():
    profile = Profile.from_stacks({(): 1, ("a;b", "c\nd", ""): 2})
    assert list(folded_lines(profile)) == ["(no stack) 1", "a:b;c d;(unnamed) 2"]


def test_bytes_that_are_no_text_keep_functions_apart():
    profile = _folded.read(b"a;f\xff 1\na;f\xfe 2\n", Limits())[0]
    assert profile.inclusive() == {"a": 3, "f\\xff": 1, "f\\xfe": 2}


@pytest.mark.parametrize(
    "line", ["main;work", "main 1.5", "main -3", "12", "main;work 12x", "main 99999999999999999999"]
)
def test_line_without_a_count_is_named(line):
    with pytest.raises(SourceError, match=r"line 2 .* does not end in a count"):
        read(f"main 1\n{line}\n")


def test_too_deep_a_stack_is_refused():
    with pytest.raises(SourceError, match="10,001 frames is deeper"):
        read("f;" * 10_000 + "f 1")


def test_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SourceUnavailable, match=r"cannot write .*nowhere"):
        write_folded(Profile.from_stacks({}), tmp_path / "nowhere" / "a.folded")
