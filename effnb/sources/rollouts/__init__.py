"""When which version reached which hosts."""

from effnb.sources.rollouts._files import FileRollouts

__all__ = ["FileRollouts"]
