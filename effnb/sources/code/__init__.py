"""Source code at a revision: text search, one function's source, and who owns a file."""

from effnb.sources.code._functions import known_functions, read_function
from effnb.sources.code._owners import OWNER_FILES, OwnerRule, owner_rules, owning_rule
from effnb.sources.code._search import search_lines, with_functions

__all__ = [
    "OWNER_FILES",
    "OwnerRule",
    "known_functions",
    "owner_rules",
    "owning_rule",
    "read_function",
    "search_lines",
    "with_functions",
]
