"""What people wrote to each other: chat channels, pull requests, tickets."""

from effnb.sources.discussions._files import FileDiscussions
from effnb.sources.discussions._github import GitHubDiscussions

__all__ = ["FileDiscussions", "GitHubDiscussions"]
