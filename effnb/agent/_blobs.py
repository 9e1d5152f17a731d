"""Large results beside the transcript: files named after their content, and references to them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pydantic_core import from_json, to_json

from effnb.errors import StoreError
from effnb.store._files import digest_of, write_atomically

INLINE_BYTES = 64 * 1024


class Blobs:
    """A folder of results, one ``<sha256>.json`` each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, result: Any) -> Any:
        """The result itself, or ``{"ref": digest, "bytes": n}`` when it takes more than 64 KiB as JSON."""
        data = to_json(result)
        if len(data) <= INLINE_BYTES:
            return result
        digest = digest_of(data)
        path = self.folder / f"{digest}.json"
        if not path.is_file():
            write_atomically(path, lambda temporary: _write(temporary, data))
        return {"ref": digest, "bytes": len(data)}

    def load(self, kept: Any) -> Any:
        """The result that ``keep`` was given.

        Raises:
            StoreError: The file is missing or is not what was written.
        """
        if not is_reference(kept):
            return kept
        path = self.folder / f"{kept['ref']}.json"
        try:
            data = path.read_bytes()
        except OSError as error:
            raise StoreError(f"cannot read the result kept in {path}: {error.strerror}; run the step again") from error
        if digest_of(data) != kept["ref"]:
            raise StoreError(f"the result kept in {path} was changed after it was written; run the step again")
        return from_json(data)


def is_reference(value: Any) -> bool:
    """Whether a kept result is a reference to a file."""
    return (
        isinstance(value, dict)
        and value.keys() == {"ref", "bytes"}
        and isinstance(value["bytes"], int)
        and isinstance(value["ref"], str)
        and re.fullmatch(r"[0-9a-f]{64}", value["ref"]) is not None
    )


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)
