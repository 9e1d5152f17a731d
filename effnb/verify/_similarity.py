"""How alike two profiles are: whether a replay makes the service do what it does in production."""

from __future__ import annotations

import math
from collections.abc import Mapping

Stack = tuple[str, ...]


def profile_similarity(recorded: Mapping[Stack, float], replayed: Mapping[Stack, float]) -> float | None:
    """Cosine of the functions' shares in two profiles, 0 … 1; None when one of them has no samples of the service.

    A replay also has what drives the service on its stacks. It is cut off at the functions that recorded stacks begin
    with, and stacks without one of these, such as building test data, do not count.
    """
    roots = {stack[0] for stack in recorded if stack}
    cut: dict[Stack, float] = {}
    for stack, count in replayed.items():
        at = next((i for i, name in enumerate(stack) if name in roots), None)
        if at is not None:
            cut[stack[at:]] = cut.get(stack[at:], 0.0) + count
    return _cosine(_shares(recorded), _shares(cut))


def _shares(stacks: Mapping[Stack, float]) -> dict[str, float]:
    """Share of the samples that contain each function."""
    total = sum(stacks.values())
    shares: dict[str, float] = {}
    for stack, count in stacks.items():
        for name in set(stack):
            shares[name] = shares.get(name, 0.0) + count / total
    return shares


def _cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float | None:
    lengths = math.hypot(*one.values()) * math.hypot(*other.values())
    if not lengths:
        return None
    return min(1.0, sum(share * other.get(name, 0.0) for name, share in one.items()) / lengths)
