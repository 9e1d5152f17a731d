"""Experiments and launches, with their ramps and planned cost."""

from effnb.sources.experiments._files import FileExperiments
from effnb.sources.experiments._flagd import FlagdExperiments

__all__ = ["FileExperiments", "FlagdExperiments"]
