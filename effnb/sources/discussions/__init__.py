"""What people wrote to each other: chat channels, pull requests, tickets."""

from effnb.sources.discussions._files import FileDiscussions

__all__ = ["FileDiscussions"]
