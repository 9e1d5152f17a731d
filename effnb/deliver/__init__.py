"""Delivery: a verified fix into a person's files, or onto a branch with a pull request."""

from effnb.deliver._branch import branch_of, check_merges, commit_fix, revert_diff
from effnb.deliver._forge import Draft, Forge, LocalForge
from effnb.deliver._github import GitHubForge
from effnb.deliver._patch import apply_fix, is_applied, touched_paths, undo_fix
from effnb.deliver._text import pull_request_body, quoted

__all__ = [
    "Draft",
    "Forge",
    "GitHubForge",
    "LocalForge",
    "apply_fix",
    "branch_of",
    "check_merges",
    "commit_fix",
    "is_applied",
    "pull_request_body",
    "quoted",
    "revert_diff",
    "touched_paths",
    "undo_fix",
]
