"""Profiles a command at each revision of a git range, and reads such recordings back.

A recording is made in a clean, temporary worktree by py-spy, a sampling profiler that reads the process from outside:
the command runs its own code at its own speed, and nothing has to be installed in it.
"""

from effnb.sources.recorder._pyspy import profiler_path
from effnb.sources.recorder._record import record_range, record_revision
from effnb.sources.recorder._recordings import Recording, drop_recordings, load_recordings
from effnb.sources.recorder._stacks import read_raw
from effnb.sources.recorder._worktree import checked_out, list_revisions

__all__ = [
    "Recording",
    "checked_out",
    "drop_recordings",
    "list_revisions",
    "load_recordings",
    "profiler_path",
    "read_raw",
    "record_range",
    "record_revision",
]
