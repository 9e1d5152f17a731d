"""Profiles of any language: files (folded, pprof, speedscope, ``perf script``; by content), and Pyroscope."""

from effnb.sources.profiles._folded import folded_lines, write_folded
from effnb.sources.profiles._folder import FolderProfiles
from effnb.sources.profiles._limits import Limits
from effnb.sources.profiles._pyroscope import Pyroscope
from effnb.sources.profiles._read import profile_formats, read_profile, recognise_profile

__all__ = [
    "FolderProfiles",
    "Limits",
    "Pyroscope",
    "folded_lines",
    "profile_formats",
    "read_profile",
    "recognise_profile",
    "write_folded",
]
