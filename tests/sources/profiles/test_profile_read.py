"""From a path to a profile: recognition, refusals by name, limits, sample types, and the recorded files."""

from __future__ import annotations

import contextlib
import gzip
import os
import struct
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effnb.errors import BadQuery, SourceDenied, SourceError, SourceUnavailable
from effnb.sources.profiles import Limits, folded_lines, profile_formats, read_profile, recognise_profile, write_folded


def test_formats_have_names():
    assert profile_formats() == ("pprof", "speedscope", "perf-script", "folded")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"main;work 3\n", "folded"),
        (b"app 9 1.0: cycles:\n\t 1 f (x)\n", "perf-script"),
        (b'{"profiles": [], "shared": {"frames": []}}', "speedscope"),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_format_is_recognised_by_content(tmp_path, content, name, pack):
    path = tmp_path / "profile"
    path.write_bytes(pack(content))
    assert recognise_profile(path) == name


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_pprof_is_read_plain_and_packed(tmp_path, pprof, pack):
    path = tmp_path / "profile"
    path.write_bytes(pack(pprof().sample(("main", "work"), 3).to_bytes()))
    assert recognise_profile(path) == "pprof"
    assert list(folded_lines(read_profile(path))) == ["main;work 3"]


def test_gzip_of_several_members_is_one_file(tmp_path):
    path = tmp_path / "a.folded.gz"
    path.write_bytes(gzip.compress(b"main 1\n") + gzip.compress(b"main 2\n") + bytes(16))
    assert read_profile(path).total == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty; record"),
        (b" \n\n", "is empty; record"),
        (gzip.compress(b"", mtime=0), "is empty; record"),
        (b"FLR\0\0\2", "Java Flight Recorder file; convert it with async-profiler"),
        (b"heap profile: 1: 2 [3: 4] @ heap/1\n", "legacy gperftools profile.*pprof -proto"),
        (b"--- contention ---\n", "legacy gperftools"),
        (struct.pack("<5Q", 0, 3, 0, 10_000, 0), "legacy gperftools"),
        (struct.pack(">5I", 0, 3, 1, 10_000, 0), "legacy gperftools"),
        (b"PERFILE2" + bytes(100), "perf script -i"),
        (b"PAR1" + bytes(100), "Parquet file.*effnb ingest"),
        (b"PK\3\4" + bytes(100), "zip archive"),
        (b"\x28\xb5\x2f\xfd" + bytes(9), "zstd -d"),
        (b'{"traceEvents": []}', "Chrome or Hermes trace"),
        (b'{"some": "thing"}', "JSON of an unknown kind"),
        (b"\x0a\x03\x0a\x01\x00\x12\x02\x0a\x00", "OTLP"),
        (b"hello world\n", "none of pprof, speedscope, perf-script, folded"),
        (b"\xde\xad\xbe\xef" * 9, "none of pprof"),
        (gzip.compress(b"main 1\n", mtime=0)[:-9], "gzip data ends early"),
        (b"\x1f\x8b\x08" + bytes(40), "gzip data is damaged|gzip data ends early"),
        (b"\x1f\x8b", "gzip data ends early"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(tmp_path, content, words):
    path = tmp_path / "profile"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=words) as caught:
        read_profile(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_named_format_is_tried_and_says_what_is_wrong(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"main;work\n")
    with pytest.raises(SourceError, match="as folded: line 1"):
        read_profile(path, format="folded")
    with pytest.raises(SourceError, match="as pprof"):
        read_profile(path, format="pprof")
    with pytest.raises(BadQuery, match="no profile format 'jfr'; effnb reads pprof"):
        read_profile(path, format="jfr")


def test_known_content_is_refused_by_its_own_name_whatever_the_caller_calls_it(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"FLR\0")
    with pytest.raises(SourceError, match="Java Flight Recorder"):
        read_profile(path, format="pprof")


def test_missing_file_and_folder_are_told_apart(tmp_path):
    with pytest.raises(SourceUnavailable, match="no such file"):
        read_profile(tmp_path / "nowhere")
    with pytest.raises(SourceUnavailable, match="is a folder"):
        read_profile(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_locked_file_is_denied(tmp_path):
    locked = tmp_path / "locked"
    locked.write_text("main 1\n")
    locked.chmod(0)
    with pytest.raises(SourceDenied, match="permission denied"):
        read_profile(locked)


def test_gzip_bomb_is_refused_before_it_unpacks(tmp_path):
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(b"main 1\n" + b" " * (80 << 20), compresslevel=1))
    with pytest.raises(SourceError, match="unpacks to more than 64 MiB"):
        read_profile(path)


def test_bomb_in_many_members_is_refused(tmp_path):
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(b"main 1\n" * 10_000) * 5)
    with pytest.raises(SourceError, match="unpacks to more than 100,000 bytes"):
        read_profile(path, limits=Limits(unpacked_bytes=100_000))


def test_file_over_the_limit_is_refused(tmp_path):
    path = tmp_path / "a.folded"
    path.write_bytes(b"main 1\n" * 100)
    with pytest.raises(SourceError, match="larger than 699 bytes"):
        read_profile(path, limits=Limits(unpacked_bytes=699))
    assert read_profile(path, limits=Limits(unpacked_bytes=700)).total == 100


def test_pipe_can_be_read(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_bytes(b"main;work 3\n"))
    writer.start()
    profile = read_profile(path)
    writer.join()
    assert profile.total == 3


def test_samples_are_preferred_to_cpu_and_a_type_can_be_named(tmp_path, pprof):
    path = tmp_path / "a.pprof"
    path.write_bytes(pprof([("samples", "count"), ("cpu", "nanoseconds")]).sample(("main",), 2, 20).to_bytes())
    assert read_profile(path).unit == "samples"
    assert read_profile(path, sample_type="cpu").total == 20
    assert read_profile(path, sample_type="cpu/nanoseconds").total == 20


def test_choice_between_heap_types_is_left_to_the_caller(tmp_path, pprof):
    path = tmp_path / "heap.pprof"
    path.write_bytes(pprof([("alloc_space", "bytes"), ("inuse_space", "bytes")]).sample(("main",), 2, 1).to_bytes())
    with pytest.raises(BadQuery, match="choose one of alloc_space/bytes, inuse_space/bytes"):
        read_profile(path)
    with pytest.raises(BadQuery, match="no single sample type 'cpu'"):
        read_profile(path, sample_type="cpu")


@given(content=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_and_nothing_else(content, tmp_path_factory):
    path = tmp_path_factory.mktemp("any") / "profile"
    path.write_bytes(content)
    for name in (None, *profile_formats()):
        with contextlib.suppress(SourceError):
            read_profile(path, format=name)


LEGACY = ["pprof/cppbench.cpu", "pprof/gobench.cpu", "pprof/java.heap"]
REFUSED = {
    "speedscope/example.cpuprofile": "Chrome CPU profile",
    "speedscope/simple-firefox.json": "Firefox profile",
    "speedscope/simple-stackprof.json": "stackprof",
    "speedscope/simple-with-samples.json": "Hermes trace",
    "speedscope/heavy.jfr": "Java Flight Recorder",
    **dict.fromkeys(LEGACY, "legacy gperftools"),
}


@pytest.mark.parametrize(("name", "words"), REFUSED.items())
def test_recorded_files_without_a_reader_are_refused_by_name(recorded, name, words):
    with pytest.raises(SourceError, match=words):
        read_profile(recorded(name))


def test_recorded_pprof_profile_is_read(recorded):
    path = recorded("pprof/large.cpu")
    samples, cpu = read_profile(path), read_profile(path, sample_type="cpu")
    assert (samples.total, len(samples.samples), samples.unit) == (24_029, 20_362, "samples")
    assert (cpu.unit, cpu.labels["effective_samples"]) == ("nanoseconds", "24029")
    assert samples.labels["time"] == "2022-10-18T15:39:57+00:00"


def test_recorded_speedscope_profile_is_read(recorded):
    lines = list(folded_lines(read_profile(recorded("speedscope/simple.speedscope.json"))))
    assert lines == ["a;b 5", "a;b;c 5", "a;b;d 4"]


def test_recorded_perf_script_is_read(recorded):
    profile = read_profile(recorded("speedscope/forks.linux-perf.txt"))
    assert (profile.unit, profile.total, profile.labels["effective_samples"]) == ("nanoseconds", 561_561_561, "561")


def test_recorded_profile_survives_the_way_through_folded(recorded, tmp_path):
    profile = read_profile(recorded("pprof/large.cpu"))
    write_folded(profile, tmp_path / "large.folded")
    assert read_profile(tmp_path / "large.folded").inclusive() == profile.inclusive()


def test_path_that_no_file_can_have_is_refused(tmp_path):
    with pytest.raises(SourceUnavailable, match="cannot read"):
        read_profile(tmp_path / "zero\0byte")
