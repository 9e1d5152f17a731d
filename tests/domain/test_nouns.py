"""The nouns' own rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from effnb.domain import Evidence, Finding, Listing, Metric, Profile, Series, StackSample, Window

T0 = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_a_window_is_half_open():
    window = Window(start=T0, end=T0 + HOUR)
    assert window.contains(T0)
    assert not window.contains(T0 + HOUR)
    assert not window.overlaps(Window(start=T0 + HOUR, end=T0 + 2 * HOUR))
    assert window.overlaps(Window(start=T0 + HOUR / 2, end=T0 + 2 * HOUR))
    assert str(window) == "2026-01-01 00:00 – 2026-01-01 01:00 UTC"


@pytest.mark.parametrize("end", [T0, T0 - HOUR])
def test_a_window_that_ends_before_it_begins_is_refused(end):
    with pytest.raises(ValidationError, match="before or when it starts"):
        Window(start=T0, end=end)


def test_times_are_kept_in_utc_and_naive_ones_refused():
    local = datetime(2026, 1, 1, 3, tzinfo=timezone(timedelta(hours=3)))
    kept = Window(start=local, end=T0 + HOUR)
    assert kept.start == T0
    assert kept.start.tzinfo is UTC
    assert kept.to_json()["start"] == "2026-01-01T00:00:00Z"
    with pytest.raises(ValidationError, match="timezone"):
        Window(start=datetime(2026, 1, 1), end=T0)  # noqa: DTZ001  # what is refused


def test_values_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        Window(start=T0, end=T0 + HOUR).start = T0


def test_a_finding_needs_evidence():
    with pytest.raises(ValidationError, match="at least 1 item"):
        Finding(claim="It got dearer.", evidence=())
    assert Finding(claim="c", evidence=(Evidence(call="s.1", field="", value=1),)).evidence[0].value == 1


def test_gcpu_counts_a_function_once_a_stack():
    profile = Profile.from_stacks([(("a", "b", "b"), 3), (("a", "b", "b"), 1), (("a",), 4), (("c", "b"), 2)])
    assert profile.total == 10
    assert profile.gcpu() == {"a": 0.8, "b": 0.6, "c": 0.2}
    assert dict(profile.exclusive()) == {"b": 6, "a": 4}
    assert profile.samples[0] == StackSample(frames=("a",), count=4)
    assert Profile(samples=()).gcpu() == {}


def test_a_series_refuses_counts_of_another_length():
    metric = Metric(name="gcpu", unit="share")
    with pytest.raises(ValidationError, match="1 counts for 2 values"):
        Series(metric=metric, start=T0, step_seconds=60, values=(1.0, 2.0), counts=(1,))
    series = Series(metric=metric, start=T0, step_seconds=60, values=(0.5, None), counts=(4, 0))
    assert series.window == Window(start=T0, end=T0 + timedelta(seconds=120))
    frame = series.to_frame()
    assert list(frame.columns) == ["time", "value", "count"]
    assert frame["value"].isna().tolist() == [False, True]


def test_a_listing_is_a_sequence_that_knows_what_it_left_off():
    rows = (Window(start=T0, end=T0 + HOUR), Window(start=T0, end=T0 + 2 * HOUR))
    listing = Listing[Window](rows=rows, searched="here", total=5)
    assert (len(listing), list(listing), listing[1]) == (2, list(rows), rows[1])
    assert list(listing.to_frame().columns) == ["start", "end"]
    assert Listing[Window](rows=(), searched="here", total=0).to_frame().empty
    assert Listing[Window].model_validate(listing.to_json()) == listing
