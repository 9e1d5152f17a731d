"""Files people hand over that effnb cannot read, recognised so that the answer is a next step and not "unknown"."""

from __future__ import annotations

import re
import struct

from effnb.sources.profiles._limits import FormatError
from effnb.sources.profiles._wire import fields

LEGACY_TEXT = re.compile(
    rb"\s*(--- ?(heap|growth|contention|mutex|thread)|heap profile:|goroutine profile:|threadcreate profile:)"
)
SPEEDSCOPE = "open it in speedscope and export it as a speedscope file"
MAGIC = {
    b"FLR\0": ("a Java Flight Recorder file", "convert it with async-profiler: `jfrconv -o pprof FILE out.pprof`"),
    b"PERFILE2": ("perf's own recording", "print it first: `perf script -i FILE > out.perf.txt`"),
    b"memray\0": ("a memray recording", "there is no reader for it yet; profile CPU with py-spy instead"),
    b"PAR1": ("a Parquet file, so a table and no profile", "if it holds a metric, load it with `effnb ingest`"),
    b"PK\x03\x04": ("a zip archive", "unpack it and name a profile inside"),
    b"\x28\xb5\x2f\xfd": ("compressed with zstd", "unpack it with `zstd -d`"),
    b"\x7fELF": ("a program", "name the profile recorded of it"),
}
JSON_KEYS = {
    b'"traceEvents"': "a Chrome or Hermes trace",
    b'"gc_samples"': "a Ruby stackprof profile",
    b'"timeDeltas"': "a Chrome CPU profile",
    b'"functionName"': "a Chrome CPU profile",
    b'"libs"': "a Firefox profile",
}


def refusal(content: bytes) -> str | None:
    """What the content is and what to do about it, when it is known and cannot be read."""
    for magic, (what, next_step) in MAGIC.items():
        if content.startswith(magic):
            return f"it is {what}; {next_step}"
    if is_legacy_pprof(content):
        return "it is a legacy gperftools profile, not protobuf; convert it: `pprof -proto PROGRAM FILE > out.pb.gz`"
    if content[:64].lstrip().startswith((b"{", b"[")):
        return _json_refusal(content)
    if _is_bare_protobuf(content):
        return "it is protobuf without pprof's string table, probably an OTLP profile; export it as pprof"
    return None


def is_legacy_pprof(content: bytes) -> bool:
    """Whether it is one of the forms that came before protobuf: text, or words ``0 3 0`` of either size and order."""
    if LEGACY_TEXT.match(content[:200]):
        return True
    for order in "<>":
        for word in "IQ":
            layout = f"{order}3{word}"
            if len(content) >= struct.calcsize(layout):
                zero, words, version = struct.unpack_from(layout, content)
                if zero == 0 and words == 3 and version in (0, 1):
                    return True
    return False


def _json_refusal(content: bytes) -> str:
    for key, what in JSON_KEYS.items():
        if key in content:
            return f"it is {what}; {SPEEDSCOPE}"
    return f"it is JSON of an unknown kind; if it is a profile, {SPEEDSCOPE}"


def _is_bare_protobuf(content: bytes) -> bool:
    """Whether the top level has the fields 1 and 2 only, as OTLP's has."""
    try:
        numbers = {number for number, value in fields(content) if isinstance(value, bytes) or number > 2}
    except FormatError:
        return False
    return bool(numbers) and numbers <= {1, 2}
