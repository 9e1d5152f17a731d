"""One small package per kind of outside system: profiles, metrics, changes, rollouts, and the rest of the context."""

from effnb.sources._ranking import bm25

__all__ = ["bm25"]
