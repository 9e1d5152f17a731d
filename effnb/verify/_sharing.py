"""Encoded values that occur more than once are written once; ``{"$": "use", "key": …}`` stands for them anywhere."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from effnb.verify._codec import text_of

SHORTEST = 160
"""Characters of text from which a repeated value is worth a reference."""


def share(values: Sequence[Any]) -> tuple[dict[str, Any], list[Any]]:
    """The values with repeated parts replaced by references, and the table of these parts, inner ones first."""
    marked = [_mark(value) for value in values]
    counts = Counter(key for value in marked for key in _keys(value))
    shared: dict[str, Any] = {}
    rows = [_placed(value, counts, shared) for value in marked]
    return shared, rows


def expand(value: Any, shared: Mapping[str, Any]) -> Any:
    """The value with every reference replaced by what it stands for; raises ``KeyError`` for an unknown key."""
    if isinstance(value, list):
        return [expand(one, shared) for one in value]
    if is_use(value):
        return shared[value["key"]]
    if isinstance(value, dict):
        return {name: expand(one, shared) for name, one in value.items()}
    return value


def is_use(value: Any) -> bool:
    """Whether a value is a reference."""
    return isinstance(value, dict) and value.get("$") == "use"


class _Part:
    """A list or dictionary that is long enough to be shared, with the digest of its text."""

    def __init__(self, node: Any, key: str) -> None:
        self.node = node
        self.key = key


def _mark(value: Any) -> Any:
    if isinstance(value, list):
        node: Any = [_mark(one) for one in value]
    elif isinstance(value, dict) and not is_use(value):
        node = {name: _mark(one) for name, one in value.items()}
    else:
        return value
    text = text_of(_digests(node))
    if len(text) < SHORTEST:
        return node
    return _Part(node, hashlib.sha256(text.encode()).hexdigest()[:12])


def _digests(node: Any) -> Any:
    """A node with its marked children as digests, so that no text is written at more than two levels.

    A short list of long parts still counts as long: a digest is padded to the length that makes a part one.
    """
    if isinstance(node, _Part):
        return {"$": "use", "key": node.key.ljust(SHORTEST)}
    if isinstance(node, list):
        return [_digests(one) for one in node]
    if isinstance(node, dict):
        return {name: _digests(one) for name, one in node.items()}
    return node


def _keys(node: Any) -> Iterator[str]:
    """Digests of all marked parts; what lies inside a part is counted once, however often the part occurs."""
    seen: set[str] = set()
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, _Part):
            yield one.key
            if one.key not in seen:
                seen.add(one.key)
                waiting.append(one.node)
        elif isinstance(one, list):
            waiting.extend(one)
        elif isinstance(one, dict):
            waiting.extend(one.values())


def _placed(node: Any, counts: Mapping[str, int], shared: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_placed(one, counts, shared) for one in node]
    if isinstance(node, dict):
        return {name: _placed(one, counts, shared) for name, one in node.items()}
    if not isinstance(node, _Part):
        return node
    if counts[node.key] > 1 and node.key not in shared:
        shared[node.key] = _placed(node.node, counts, shared)
    return {"$": "use", "key": node.key} if counts[node.key] > 1 else _placed(node.node, counts, shared)
