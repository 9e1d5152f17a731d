"""Importing a skill's Python files: from their source alone, and without a trace in the process or the folder."""

from __future__ import annotations

import importlib.abc
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from effnb.errors import PlaybookError
from effnb.skills._limit import TimeUpError


def import_file(path: Path, name: str) -> ModuleType:
    """The module in a file, run under a name of its own; ``PlaybookError`` says why it cannot be imported."""
    spec = importlib.util.spec_from_loader(name, _Source(path), origin=str(path))
    if spec is None or spec.loader is None:
        raise PlaybookError(f"cannot import {path}")
    module = importlib.util.module_from_spec(spec)
    # pydantic looks annotations up through sys.modules while the classes are made; afterwards the entry is not needed.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except TimeUpError:
        raise
    except BaseException as error:  # the file is foreign code, and an exit in it must not end the process
        raise PlaybookError(f"cannot import {path}: {type(error).__name__}: {error}") from error
    finally:
        sys.modules.pop(name, None)
    return module


class _Source(importlib.abc.SourceLoader):
    """Loads from the source alone: no stale bytecode is read and none is left in the skill's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def get_filename(self, fullname: str) -> str:  # noqa: ARG002  # the signature is importlib's
        return str(self.path)

    def get_data(self, path: str) -> bytes:
        return Path(path).read_bytes()
