"""Code changes: commits, the functions they touch, and the source at a revision."""

from effnb.sources.changes._git import GitRepository
from effnb.sources.changes._spans import Span, function_spans, module_of

__all__ = ["GitRepository", "Span", "function_spans", "module_of"]
