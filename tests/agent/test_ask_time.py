"""Time as people say it, against the newest data and not the clock."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from effnb.agent._time_words import read_time
from effnb.domain import Window

DATA = Window(start=datetime(2026, 10, 5, tzinfo=UTC), end=datetime(2026, 10, 19, tzinfo=UTC))
"""Monday to Sunday, two weeks."""


def spans(text: str) -> list[str]:
    found = read_time(text, DATA)
    assert not found.problem
    return [f"{one.start:%d %H:%M}/{one.end:%d %H:%M}" for one in found.windows]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("since Monday", "12 00:00/19 00:00"),
        ("yesterday", "18 00:00/19 00:00"),
        ("last week", "12 00:00/19 00:00"),
        ("in the last 36 hours", "17 12:00/19 00:00"),
        ("on 8 October", "08 00:00/09 00:00"),
        ("on October 8th, 2026", "08 00:00/09 00:00"),
        ("on the 8th", "08 00:00/09 00:00"),
        ("on 2026-10-08", "08 00:00/09 00:00"),
        ("on Friday", "16 00:00/17 00:00"),
        ("from 8 to 10 October", "08 00:00/11 00:00"),
        ("until 9 October", "05 00:00/09 00:00"),
        ("after 9 October", "10 00:00/19 00:00"),
        ("on 2026-10-08 between 10:00 and 12:00", "08 10:00/08 12:00"),
        ("between 10:00 and 12:00 on 8 October", "08 10:00/08 12:00"),
        ("in the week of 12 October", "12 00:00/19 00:00"),
        ("at the weekend", "17 00:00/19 00:00"),
    ],
)
def test_a_span_is_half_open_and_within_the_data(text, expected):
    assert spans(f"cost of f {text}") == [expected]


def test_two_days_that_are_compared_are_two_spans():
    assert spans("compare 8 October with 15 October") == ["08 00:00/09 00:00", "15 00:00/16 00:00"]
    assert spans("on 8 and 15 October") == ["08 00:00/09 00:00", "15 00:00/16 00:00"]


def test_no_word_about_time_names_no_span():
    assert spans("what may cost most in web?") == []


@pytest.mark.parametrize(
    "text", ["on 3 September", "in 2025", "today", "last month", "on 19 October", "from 12 to 24 October"]
)
def test_what_is_not_stored_is_a_problem_and_no_span(text):
    found = read_time(f"cost {text}", DATA)
    assert (found.windows, bool(found.problem)) == ((), True)


def test_the_words_about_time_leave_the_question():
    assert read_time("cost since Monday of f", DATA).rest.split() == ["cost", "TIME", "of", "f"]
