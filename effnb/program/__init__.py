"""The books: what changes cost and save."""

from effnb.program._impact import impact_of

__all__ = ["impact_of"]
