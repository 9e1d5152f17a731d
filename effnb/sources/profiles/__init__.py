"""Profiles of any language from files: folded stacks, pprof, speedscope, ``perf script``; recognised by content."""

from effnb.sources.profiles._folded import folded_lines, write_folded
from effnb.sources.profiles._limits import Limits
from effnb.sources.profiles._read import profile_formats, read_profile, recognise_profile

__all__ = ["Limits", "folded_lines", "profile_formats", "read_profile", "recognise_profile", "write_folded"]
