"""Regression to ranked causes, or "don't know"; pure analysis."""

from effnb.rootcause._rank import Arrival, GroupShares, rank_causes

__all__ = ["Arrival", "GroupShares", "rank_causes"]
