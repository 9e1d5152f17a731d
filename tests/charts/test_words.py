"""How numbers, times, names and hostile text read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from investigation_story import HOSTILE

from effnb.charts import esc, percent, points, short_id, short_name, when
from effnb.charts._words import distinct_labels, duration, relative, shorten


def test_fractions_become_percent_and_points_with_a_true_minus():
    assert percent(0.12307) == "12.31 %"
    assert points(0.0327) == "+3.27 points"
    assert points(-0.0004) == "−0.04 points"
    assert relative(None) == "new"
    assert percent(None) == "–"


def test_times_are_shown_in_utc_whatever_zone_they_come_in():
    tokyo = datetime(2026, 1, 1, 3, tzinfo=timezone(timedelta(hours=9)))
    assert when(tokyo) == "2025-12-31 18:00 UTC"
    assert when(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01 00:00 UTC"


@pytest.mark.parametrize(("seconds", "text"), [(86400, "1 d"), (7200, "2 h"), (600, "10 min"), (90, "90 s")])
def test_widths_of_time_use_the_largest_even_unit(seconds, text):
    assert duration(seconds) == text


def test_short_names_put_first_what_tells_functions_apart():
    assert short_name("json.encoder:JSONEncoder.encode") == "JSONEncoder.encode (json.encoder)"
    assert short_name("gc") == "gc"
    assert short_name("a:") == "a:"


def test_long_text_loses_its_middle_and_its_line_breaks():
    assert shorten("a\n b") == "a b"
    assert shorten("x" * 50 + "y" * 50, 11) == "xxxxx…yyyyy"


def test_labels_are_distinct_even_when_names_are_not():
    assert distinct_labels(["f", "f", "f"]) == ["f", "f #2", "f #3"]


def test_commits_are_shortened_and_other_ids_are_not():
    assert short_id("9f2c41d07be3a5f60c1188d2e4b7a9035566778a") == "9f2c41d07b"
    assert short_id("config:cache.ttl") == "config:cache.ttl"


@pytest.mark.parametrize("text", HOSTILE)
def test_escaped_text_has_neither_tags_nor_quotes(text):
    assert not set(esc(text)) & set("<>\"'")
