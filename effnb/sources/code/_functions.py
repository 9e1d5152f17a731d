"""One function's source at a revision, found by the name that profiles use."""

from __future__ import annotations

import difflib

from effnb.domain import FunctionSource
from effnb.errors import NotFound
from effnb.sources._protocols import ChangeSource
from effnb.sources.changes import Span, function_spans, module_of


def read_function(repository: ChangeSource, function: str, revision: str) -> FunctionSource:
    """The source of ``module:qualname``; of two definitions of one name the last, which is the one that runs.

    Raises:
        BadQuery: There is no such revision.
        NotFound: The repository has no such module, or the module no such function; the nearest names are given.
    """
    commit = repository.resolve(revision)
    module, _, qualname = function.partition(":")
    file = _file_of(repository, commit, module)
    source = repository.read(commit, file)
    spans = function_spans(source)
    span = next((one for one in reversed(spans) if one.qualname == qualname), None)
    if span is None:
        raise NotFound(f"{file} has no function {qualname!r} at {commit[:12]}; {_nearest(qualname, module, spans)}")
    lines = source.split("\n")[span.first - 1 : span.last]
    return FunctionSource(
        function=function,
        file=file,
        first_line=span.first,
        last_line=span.last,
        revision=commit,
        source="\n".join(lines) + "\n",
    )


def known_functions(repository: ChangeSource, revision: str, file: str) -> list[str]:
    """``module:qualname`` of every function in a Python file, in order; empty when it does not parse."""
    return [f"{module_of(file)}:{span.qualname}" for span in function_spans(repository.read(revision, file))]


def _file_of(repository: ChangeSource, commit: str, module: str) -> str:
    for file in repository.files(commit):
        if file.endswith(".py") and module_of(file) == module:
            return file
    raise NotFound(
        f"{repository.place} has no module {module!r} at {commit[:12]}: library code is not in it; "
        "find the name with search_code"
    )


def _nearest(qualname: str, module: str, spans: list[Span]) -> str:
    names = [span.qualname for span in spans]
    near = difflib.get_close_matches(qualname, names, n=3, cutoff=0.4) or names[:5]
    return f"there are: {', '.join(f'{module}:{name}' for name in near)}" if near else "it defines no functions"
