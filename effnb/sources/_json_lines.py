"""Records as JSON Lines: what deploy, config and experiment systems export."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from effnb.errors import SourceUnavailable

ModelT = TypeVar("ModelT", bound=BaseModel)


def read_records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line number and object of every non-empty line."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceUnavailable(f"cannot read {path}: {error}; check [sources] in effnb.toml") from error
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            raise SourceUnavailable(f"{path}:{number} is not JSON: {error}; one object a line is expected") from error
        if not isinstance(record, dict):
            raise SourceUnavailable(f"{path}:{number} holds {type(record).__name__}, an object is expected")
        yield number, record


def read_models(path: Path, model: type[ModelT]) -> list[ModelT]:
    """Every line as a noun; empty for an empty file."""
    return [to_model(path, number, record, model) for number, record in read_records(path)]


def to_model(path: Path, number: int, record: dict[str, Any], model: type[ModelT]) -> ModelT:
    """One record as a noun; a wrong field is named with its place."""
    try:
        return model.model_validate(record)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise SourceUnavailable(f"{path}:{number} {field}: {first['msg']}; mend that record") from error
