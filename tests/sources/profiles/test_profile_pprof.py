"""The pprof reader against bytes written by hand."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effnb.domain import Profile
from effnb.errors import SourceError
from effnb.sources.profiles import Limits, _pprof

LIMITS = Limits()
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
STACKS = st.dictionaries(st.lists(NAMES, max_size=5).map(tuple), st.integers(1, 2**62), max_size=6)


@given(stacks=STACKS, packed=st.booleans())
def test_written_stacks_are_read_back(pprof, stacks, packed):
    writer = pprof(packed=packed)
    for stack, count in stacks.items():
        writer.sample(stack, count)
    content = writer.to_bytes()
    assert _pprof.can_read(content, "")
    assert _pprof.read(content, LIMITS)[0].samples == Profile.from_stacks(stacks).samples


def test_equal_stacks_are_added_up(pprof):
    content = pprof().sample(("main", "work"), 3).sample(("main", "work"), 4).to_bytes()
    (profile,) = _pprof.read(content, LIMITS)
    assert [(sample.frames, sample.count) for sample in profile.samples] == [(("main", "work"), 7)]


def test_inlined_functions_stand_below_their_caller(pprof):
    content = pprof().sample(("main", ("caller", "inlined", "innermost"), "leaf"), 1).to_bytes()
    (profile,) = _pprof.read(content, LIMITS)
    assert profile.samples[0].frames == ("main", "caller", "inlined", "innermost", "leaf")


def test_location_without_lines_is_its_address(pprof):
    writer = pprof()
    writer.location((), 7, address=0x4012AB)
    (profile,) = _pprof.read(writer.raw_sample([7], [2]).to_bytes(), LIMITS)
    assert profile.samples[0].frames == ("0x4012ab",)


def test_sample_without_locations_keeps_its_weight(pprof):
    (profile,) = _pprof.read(pprof().sample((), 5).sample(("main",), 1).to_bytes(), LIMITS)
    assert profile.total == 6
    assert profile.gcpu() == {"main": pytest.approx(1 / 6)}


def test_every_sample_type_is_kept_and_zeros_are_left_out(pprof):
    writer = pprof([("alloc_objects", "count"), ("alloc_space", "bytes")])
    objects, space = _pprof.read(writer.sample(("main",), 0, 4096).sample(("main", "new"), 2, 64).to_bytes(), LIMITS)
    assert (objects.unit, objects.total, objects.labels["sample_type"]) == ("count", 2, "alloc_objects")
    assert (space.unit, space.total, space.labels["sample_type"]) == ("bytes", 4160, "alloc_space")


def test_samples_behind_cpu_time_are_counted(pprof):
    writer = pprof([("samples", "count"), ("cpu", "nanoseconds")])
    samples, cpu = _pprof.read(writer.sample(("main",), 3, 30_000_000).to_bytes(), LIMITS)
    assert samples.unit == "samples"
    assert "effective_samples" not in samples.labels
    assert (cpu.unit, cpu.labels["effective_samples"]) == ("nanoseconds", "3")


def test_samples_behind_cpu_time_follow_from_the_period(pprof):
    writer = pprof([("cpu", "nanoseconds")]).sample(("main",), 50_000_000)
    writer.message(11, writer.value_type("cpu", "nanoseconds")).number(12, 10_000_000)
    (cpu,) = _pprof.read(writer.to_bytes(), LIMITS)
    assert cpu.labels["effective_samples"] == "5"


def test_time_and_duration_become_labels(pprof):
    writer = pprof().sample(("main",), 1).number(9, 1_600_000_000 * 10**9).number(10, 1_500_000_000)
    (profile,) = _pprof.read(writer.to_bytes(), LIMITS)
    assert profile.labels["time"] == "2020-09-13T12:26:40+00:00"
    assert profile.labels["duration_seconds"] == "1.5"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda w: w.raw_sample([99], [1]), "missing location 99"),
        (lambda w: w.sample(("main",), 1, 2), "2 values for 1 sample types"),
        (lambda w: w.sample(("main",), -1), "difference of two profiles"),
        (lambda w: w.add(b"\x2a\x04\x08\x63\x10\x63"), "string 99 of"),
        (lambda w: w.add(b"\x22\x06\x08\x07\x22\x02\x08\x63"), "missing function 99"),
        (lambda w: w.add(b"\x10\x01"), "bytes were expected"),
        (lambda w: w.add(b"\x4a\x01\x00"), "a number was expected"),
        (lambda w: w.add(b"\x13"), "wire type 3"),
        (lambda w: w.add(b"\x12\x03\x0a\x01\x80"), "cut off"),
        (lambda w: w.add(b"\x48" + b"\xff" * 11), "longer than ten bytes"),
        (lambda w: w.add(b"\x12\x0d\x0a\x0b" + b"\xff" * 11), "longer than ten bytes"),
        (lambda w: w.add(b"\x0a\x04\x08\x63\x10\x63"), "string 99 of"),
    ],
)
def test_damage_is_named(pprof, make, words):
    with pytest.raises(SourceError, match=words):
        _pprof.read(make(pprof()).to_bytes(), LIMITS)


def test_profile_without_sample_type_is_refused(pprof):
    with pytest.raises(SourceError, match="no sample type"):
        _pprof.read(pprof(()).to_bytes(), LIMITS)


@given(cut=st.integers(0, 200), noise=st.binary(max_size=12), at=st.integers(0, 200))
def test_damaged_files_are_read_or_refused_and_nothing_else(pprof, cut, noise, at):
    content = pprof().sample(("main", ("outer", "inner")), 3).sample(("main",), 1).to_bytes()
    for damaged in (
        content[:cut],
        content[:at] + noise + content[at:],
        content[:at] + noise + content[at + len(noise) :],
    ):
        _pprof.can_read(damaged, "")
        with contextlib.suppress(SourceError):
            _pprof.read(damaged, LIMITS)


def test_deep_stack_is_read_without_recursion_and_refused_above_the_limit(pprof):
    content = pprof().sample(tuple(f"f{i}" for i in range(5000)), 1).to_bytes()
    assert len(_pprof.read(content, LIMITS)[0].samples[0].frames) == 5000
    with pytest.raises(SourceError, match="5,000 frames is deeper than the limit of 4,000"):
        _pprof.read(content, Limits(depth=4000))


def test_one_location_used_often_cannot_fill_memory(pprof):
    writer = pprof()
    writer.location(tuple(f"f{i}" for i in range(1000)), 1)
    for _ in range(200):
        writer.raw_sample([1] * 9, [1])
    with pytest.raises(SourceError, match="more than 1,000,000 frames"):
        _pprof.read(writer.to_bytes(), Limits(frames=1_000_000))


def test_otlp_like_protobuf_is_not_taken_for_pprof():
    assert not _pprof.can_read(b"\x0a\x03\x0a\x01\x00\x12\x02\x0a\x00", "")
