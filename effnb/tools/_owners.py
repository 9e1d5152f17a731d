"""Who answers for a function, as far as the repository or an experiment says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from effnb.errors import SourceError

if TYPE_CHECKING:
    from effnb.domain import Regression
    from effnb.workspace import Workspace

FILES = ("OWNERS", "CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS")


def owner_lookup(workspace: Workspace) -> Callable[[Regression], str]:
    """A function that names the owner of a filed change; empty where nobody is known.

    What an experiment announced belongs to its owner. Else the first of the usual files in the repository decides: a
    path prefix and a name on each line, the longest prefix of the function's file counts. Wildcards are not read.
    """
    prefixes, announced = _prefixes(workspace), _announced(workspace)

    def owner(regression: Regression) -> str:
        by = announced.get((regression.service, regression.planned_by or ""), "")
        return by or _longest(prefixes, regression.function)

    return owner


def _announced(workspace: Workspace) -> dict[tuple[str, str], str]:
    """Service and change id of every experiment, and who owns it."""
    source = workspace.experiments
    if source is None:
        return {}
    every = ((service, one) for service in workspace.samples.services() for one in source.fetch_experiments(service))
    return {(service, one.change_id): one.owner for service, one in every}


def _prefixes(workspace: Workspace) -> dict[str, str]:
    try:
        repository = workspace.repository
        texts = (repository.read("HEAD", name) for name in FILES if repository is not None)
        text = next((text for text in texts if text.strip()), "")
    except SourceError:  # owners are a courtesy: without the repository the list is as good as before
        return {}
    found = {}
    for line in text.splitlines():
        prefix, *name = line.partition("#")[0].split(maxsplit=1)[:2] or [""]
        if name and not set(prefix) & set("*?["):
            found[prefix.strip("/")] = name[0].partition("<")[0].strip()
    return found


def _longest(prefixes: dict[str, str], function: str) -> str:
    module, colon, _ = function.rpartition(":")
    path = module.replace(".", "/") if colon else ""
    held = [prefix for prefix in prefixes if f"{path}.py" == prefix or f"{path}/".startswith(f"{prefix}/")]
    return prefixes[max(held, key=len)] if path and held else ""
