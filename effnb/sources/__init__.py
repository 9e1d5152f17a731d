"""One small package per kind of outside system: profiles, metrics, changes, rollouts, and the rest of the context."""

from effnb.sources._merged import MergedDiscussions, MergedDocs, MergedExperiments, MergedRollouts
from effnb.sources._protocols import (
    ChangeSource,
    DiscussionSource,
    DocSource,
    ExperimentSource,
    LogSource,
    MetricSource,
    ProfileSource,
    RolloutSource,
    SettingsSource,
    Source,
)
from effnb.sources._ranking import bm25

__all__ = [
    "ChangeSource",
    "DiscussionSource",
    "DocSource",
    "ExperimentSource",
    "LogSource",
    "MergedDiscussions",
    "MergedDocs",
    "MergedExperiments",
    "MergedRollouts",
    "MetricSource",
    "ProfileSource",
    "RolloutSource",
    "SettingsSource",
    "Source",
    "bm25",
]
