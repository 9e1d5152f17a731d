"""A config file as keys and values: TOML, JSON or YAML, nested tables as dotted keys."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from typing import Any

import yaml

from effnb.errors import SourceError

SUFFIXES = ("toml", "json", "yaml", "yml")
LARGEST = 4 << 20
DEEPEST = 50


def config_values(text: str, suffix: str, name: str) -> dict[str, str]:
    """Dotted key → value as text; empty for an empty file. ``name`` is how messages call the file.

    Raises:
        SourceError: The text is not what its suffix says, too large or too deep, or YAML with aliases (a few lines of
            them can unfold to any size).
    """
    if len(text) > LARGEST:
        raise SourceError(f"{name} is larger than {LARGEST >> 20} MiB; name a smaller config file")
    if not text.strip():
        return {}
    try:
        value = _parsed(text, suffix)
        if not isinstance(value, dict):
            raise TypeError(f"it holds {type(value).__name__}, a table is expected")
        return dict(_flat(value, "", 0))
    except (ValueError, TypeError, RecursionError, yaml.YAMLError) as error:
        said = " ".join(str(error).split())[:160]
        raise SourceError(f"cannot read {name} as {suffix}: {said}; mend it, or name another file") from error


def _parsed(text: str, suffix: str) -> Any:
    if suffix == "toml":
        return tomllib.loads(text)
    if suffix == "json":
        return json.loads(text)
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
        raise ValueError("it uses aliases")
    return yaml.safe_load(text)


def _flat(value: Any, prefix: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth > DEEPEST:
        raise ValueError(f"it is nested deeper than {DEEPEST} tables")
    for key, inner in value.items():
        name = f"{prefix}{key}"
        if isinstance(inner, dict) and inner:
            yield from _flat(inner, f"{name}.", depth + 1)
        else:
            yield name, inner if isinstance(inner, str) else json.dumps(inner, default=str, ensure_ascii=False)
