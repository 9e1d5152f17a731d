"""Steps of replace-data-structure: SKILL.md as a function of the opportunity and of what the tools return."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from effnb.domain import Resolution
from effnb.skills import Call, OpportunityInputs, Pattern, resolved

SIZES = "Recorded sizes: with a few elements the old structure is as fast."
HASHABLE = "What is looked for can be hashed; a list says no where a set raises."
PATTERNS = {
    "list-membership": Pattern(
        looks=r"\bin\b",
        remedy="Ask a set in the place of the list",
        verify=(SIZES, HASHABLE),
    ),
    "list-pop-front": Pattern(
        looks=r"\.(?:pop|insert)\(0\b",
        remedy="Use a deque in the place of the list",
        verify=(SIZES, "Nothing slices, indexes, returns or serialises the queue."),
    ),
    "keys-list-membership": Pattern(
        looks=r"\bin\b.*(?:\.keys\(\)|\b(?:list|tuple|set)\()",
        remedy="Ask the dictionary itself",
        verify=(HASHABLE,),
    ),
    "sorted-for-one": Pattern(
        looks=r"\bsorted\(",
        remedy="Take the minimum or maximum",
        verify=("Empty collections, and which of several equal elements is taken.",),
    ),
    "list-sum": Pattern(
        looks=r"\bsum\(",
        remedy="Chain the lists",
        verify=("Every element is a list.",),
    ),
    "string-building": Pattern(
        looks=r"\+=",
        remedy="Collect the pieces and join them after the loop",
        verify=("Every piece is a string, and nothing reads it half built.",),
    ),
}


def playbook(inputs: OpportunityInputs) -> Generator[Call, Any, Resolution]:
    """From an opportunity's id to a proved structure, or to the reason against one."""
    return (yield from resolved(inputs, PATTERNS))
