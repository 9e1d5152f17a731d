"""What ``perf script`` prints, with and without the parts that may be missing."""

from __future__ import annotations

import pytest

from effnb.domain import Profile
from effnb.errors import SourceError
from effnb.sources.profiles import Limits, _perf_script

FRAMES = "\t  6f1 work+0x1f (/src/app)\n\t  789 main (/src/app)\n"


def read(text: str) -> list[Profile]:
    assert _perf_script.can_read(text.encode(), "")
    return _perf_script.read(text.encode(), Limits())


def stacks(profile: Profile) -> dict[tuple[str, ...], int]:
    return {sample.frames: sample.count for sample in profile.samples}


@pytest.mark.parametrize(
    "header",
    [
        "app 9 [002] 203265.377019: cpu-clock:",
        "app 9/12 [002] 203265.377019: cpu-clock: ",
        "app 9 203265.377019: cpu-clock:",
        "app 9 cpu-clock:",
    ],
)
def test_header_may_lack_parts(header):
    (profile,) = read(f"{header}\n{FRAMES}\n{header}\n{FRAMES}")
    assert stacks(profile) == {("app", "main", "work"): 2}
    assert (profile.unit, profile.labels) == ("samples", {"sample_type": "cpu-clock"})


def test_period_is_the_weight_and_clock_events_are_nanoseconds():
    (profile,) = read(f"app 9 1.0: 1001001 cpu-clock:\n{FRAMES}\napp 9 1.1: 1001001 cpu-clock:\n{FRAMES}")
    assert (profile.unit, profile.total) == ("nanoseconds", 2_002_002)
    assert profile.labels["effective_samples"] == "2"


def test_last_sample_counts_without_a_blank_line_after_it():
    assert read(f"app 9 1.0: cycles:\n{FRAMES}\napp 9 1.1: cycles:\n\t 1 f (x)")[0].total == 2


def test_events_are_never_added_to_each_other():
    cycles, instructions = read(f"app 9 1.0: 500 cycles:u:\n{FRAMES}\napp 9 1.1: 7 instructions:\n{FRAMES}")
    assert (cycles.unit, cycles.total, cycles.labels["sample_type"]) == ("cycles", 500, "cycles:u")
    assert (instructions.unit, instructions.total) == ("instructions", 7)


def test_spaces_in_process_names_and_semicolons_in_jvm_names_cannot_split_stacks():
    (profile,) = read("DOM Worker 9 1.0: cycles:\n\t 1 Lpkg/Class;::run (/tmp/perf-1.map)\n")
    assert stacks(profile) == {("DOM_Worker", "Lpkg/Class:::run"): 1}


def test_symbols_keep_their_own_brackets_and_deleted_modules_go():
    (profile,) = read("a 9 1.0: cycles:\n\t 1 f(int) (const) (/lib/x)\n\t 2 jit (/memfd:cache (deleted))\n\t 3 bare\n")
    assert stacks(profile) == {("a", "bare", "jit", "f(int) (const)"): 1}


def test_sample_without_frames_keeps_its_weight():
    assert stacks(read("a 9 1.0: cycles:\n\nb 9 1.0: cycles:\n")[0]) == {("a",): 1, ("b",): 1}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\t 1 f (x)\n", "frame before any sample"),
        ("a 9 1.0: cycles:\nnonsense\n", 'line 2 "nonsense" is neither'),
        ("a 9 1.0: cycles:\n\tzz f (x)\n", 'is not "address symbol'),
        (f"a 9 1.0: 5 cycles:\n{FRAMES}\na 9 1.0: cycles:\n{FRAMES}", "some have none"),
        ("a 9 1.0: cycles:\n" + "a 1 " * 5000 + "\n", "line 2 .* is neither"),
    ],
)
def test_damage_is_named(text, words):
    with pytest.raises(SourceError, match=words):
        _perf_script.read(text.encode(), Limits())


def test_deep_stack_is_refused_above_the_limit():
    with pytest.raises(SourceError, match="31 frames is deeper than the limit of 30"):
        _perf_script.read(("a 9 1.0: cycles:\n" + "\t 1 f (x)\n" * 30).encode(), Limits(depth=30))
