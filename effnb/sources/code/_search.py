"""Text search in a repository, with the function each line lies in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from effnb.domain import CodeHit
from effnb.sources._protocols import ChangeSource
from effnb.sources.changes import function_spans, module_of

LONGEST_LINE = 300


def search_lines(repository: ChangeSource, revision: str, text: str, path: str | None = None) -> list[CodeHit]:
    """Lines that contain a text, capitals or not, by file and line; the functions are not looked up yet.

    Args:
        repository: Where to look.
        revision: Commit, branch or tag.
        text: Literal text.
        path: File or folder inside the repository; all of it when unset.
    """
    found = repository.search(revision, text, path)
    return [CodeHit(file=file, line=line, text=shown.strip()[:LONGEST_LINE]) for file, line, shown in found]


def with_functions(repository: ChangeSource, revision: str, hits: Sequence[CodeHit]) -> tuple[CodeHit, ...]:
    """The same lines with the Python function each lies in."""
    source = lru_cache(maxsize=None)(lambda file: function_spans(repository.read(revision, file)))
    found = []
    for hit in hits:
        spans = source(hit.file) if hit.file.endswith(".py") else []
        inside = [span for span in spans if span.first <= hit.line <= span.last]
        name = max(inside, key=lambda span: span.first).qualname if inside else ""
        found.append(hit.model_copy(update={"function": f"{module_of(hit.file)}:{name}"}) if name else hit)
    return tuple(found)
