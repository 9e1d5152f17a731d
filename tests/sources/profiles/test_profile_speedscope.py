"""speedscope files, sampled and evented."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effnb.domain import Profile
from effnb.errors import BadQuery, SourceError
from effnb.sources.profiles import Limits, _speedscope, read_profile

SCHEMA = "https://www.speedscope.app/file-format-schema.json"


def document(*profiles: object, frames: int = 3) -> dict[str, object]:
    return {"$schema": SCHEMA, "profiles": profiles, "shared": {"frames": [{"name": f"f{i}"} for i in range(frames)]}}


def sampled(samples: object, weights: object, unit: str = "none") -> dict[str, object]:
    return {"type": "sampled", "name": "t", "unit": unit, "samples": samples, "weights": weights}


def evented(*events: tuple[str, int, float], unit: str = "none") -> dict[str, object]:
    steps = [{"type": kind, "frame": frame, "at": at} for kind, frame, at in events]
    return {"type": "evented", "name": "t", "unit": unit, "events": steps}


def read(*profiles: object) -> list[Profile]:
    return _speedscope.read(json.dumps(document(*profiles)).encode(), Limits())


def stacks(profile: Profile) -> dict[tuple[str, ...], int]:
    return {sample.frames: sample.count for sample in profile.samples}


def test_sampled_stacks_run_root_first():
    (profile,) = read(sampled([[0, 1], [0], [0, 1]], [1, 2, 3]))
    assert (profile.unit, stacks(profile)) == ("samples", {("f0", "f1"): 4, ("f0",): 2})


def test_times_become_nanoseconds_and_say_how_many_samples_they_are():
    (profile,) = read(sampled([[0], [1], [1]], [0.01, 0.01, 0.01], "seconds"))
    assert (profile.unit, stacks(profile)) == ("nanoseconds", {("f0",): 10_000_000, ("f1",): 20_000_000})
    assert profile.labels == {"effective_samples": "3"}


def test_events_share_out_the_time_between_them():
    (profile,) = read(evented(("O", 0, 0), ("O", 1, 2), ("C", 1, 5), ("C", 0, 6), ("O", 2, 9), ("C", 2, 10)))
    assert stacks(profile) == {("f0",): 3, ("f0", "f1"): 3, ("f2",): 1}
    assert profile.unit == "units"


def test_threads_of_one_unit_are_added_up_and_units_are_kept_apart(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document(sampled([[0]], [1]), sampled([[0]], [2]), sampled([[0]], [64], "bytes"))))
    assert read_profile(path).total == 3
    assert read_profile(path, sample_type="bytes").total == 64
    with pytest.raises(BadQuery, match="choose one of samples/samples, bytes/bytes"):
        read_profile(path, sample_type="cpu")


def test_half_a_surrogate_pair_in_a_name_is_escaped():
    content = json.dumps(document(sampled([[0]], [1]))).replace('"f0"', '"\\ud800"').encode()
    assert _speedscope.read(content, Limits())[0].samples[0].frames == ("\\ud800",)


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        (sampled([[0]], [1, 2]), "2 weights for 1 samples"),
        (sampled([[3]], [1]), "frame 3 of 3"),
        (sampled([[-1]], [1]), "frame -1 of 3"),
        (sampled([[True]], [1]), "frame True of 3"),
        (sampled([0], [1]), "where a list of frame numbers belongs"),
        (sampled([[0]], ["1"]), "where a number belongs"),
        (sampled([[0]], [-1]), "negative weight"),
        (sampled([[0]], [1.5]), "fraction 1.5"),
        (sampled([[0]], [1e300], "seconds"), "out of range"),
        (sampled([[0]], [1], "fortnights"), "unit 'fortnights'"),
        (sampled(None, [1]), '"samples" is not a list'),
        ({"type": "other", "unit": "none"}, "type 'other'"),
        ([], "not a JSON object"),
        (evented(("C", 0, 0)), "event 'C' of \"f0\" with none open"),
        (evented(("O", 0, 0), ("C", 1, 1)), 'event \'C\' of "f1" inside "f0"'),
        (evented(("O", 0, 5), ("C", 0, 4)), "back in time at 4"),
        (evented(("O", 0, 0)), 'ends while "f0" is still open'),
    ],
)
def test_damage_is_named(profile, words):
    with pytest.raises(SourceError, match=words):
        read(profile)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"profiles": [', "not valid JSON"),
        (b'{"shared": NaN}', "NaN is not a JSON number"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"shared": ' + b"1" * 5000 + b"}", "not valid JSON"),
        (b"\xff\xfe{}", "not valid JSON"),
        (b"{}", "shared is not a JSON object"),
        (b'{"shared": {"frames": [1]}}', "shared.frames is not a JSON object"),
    ],
)
def test_broken_json_is_named(content, words):
    with pytest.raises(SourceError, match=words):
        _speedscope.read(content, Limits())


def test_deep_events_are_refused_above_the_limit():
    events = [("O", 0, at) for at in range(50)] + [("C", 0, 50 + at) for at in range(50)]
    content = json.dumps(document(evented(*events))).encode()
    assert _speedscope.read(content, Limits(depth=50))[0].total == 99
    with pytest.raises(SourceError, match="50 frames is deeper than the limit of 49"):
        _speedscope.read(content, Limits(depth=49))


@given(stack_lists=st.lists(st.lists(st.integers(0, 2), max_size=5), max_size=8))
def test_total_is_the_sum_of_weights(stack_lists):
    (profile,) = read(sampled(stack_lists, [1] * len(stack_lists)))
    assert profile.total == len(stack_lists)


def test_file_is_recognised_by_content_not_by_name(tmp_path: Path):
    path = tmp_path / "profile.txt"
    path.write_text(json.dumps(document(sampled([[0]], [1]))))
    assert read_profile(path).total == 1
