"""Experiments and launches, with their ramps and planned cost."""

from effnb.sources.experiments._files import FileExperiments

__all__ = ["FileExperiments"]
