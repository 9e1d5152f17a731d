"""Who answers for a function, as far as the repository or an experiment says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from effnb.errors import SourceError
from effnb.sources.code import OWNER_FILES, OwnerRule, owner_rules, owning_rule

if TYPE_CHECKING:
    from effnb.domain import Regression
    from effnb.sources import ChangeSource
    from effnb.workspace import Workspace


def owner_lookup(workspace: Workspace) -> Callable[[Regression], str]:
    """A function that names the owner of a filed change; empty where nobody is known.

    What an experiment announced belongs to its owner. Else the first of the usual files in the repository decides.
    """
    rules, announced = _rules_or_none(workspace), _announced(workspace)

    def owner(regression: Regression) -> str:
        by = announced.get((regression.service, regression.planned_by or ""), "")
        rule = rule_for(rules, file_of(regression.function)) if ":" in regression.function else None
        return by or (rule.owner if rule else "")

    return owner


def owner_of_files(workspace: Workspace) -> Callable[[str], str | None]:
    """A function that names the owner of a file of the repository; None where nobody is known."""
    rules = _rules_or_none(workspace)

    def owner(file: str) -> str | None:
        rule = rule_for(rules, file)
        return rule.owner if rule else None

    return owner


def repository_rules(repository: ChangeSource) -> list[OwnerRule]:
    """The rules of the first owner file the repository has; empty when it has none."""
    texts = ((name, repository.read("HEAD", name)) for name in OWNER_FILES)
    return next((owner_rules(name, text) for name, text in texts if text.strip()), [])


def file_of(function: str) -> str:
    """The file a function's module is expected in, inside the repository."""
    return f"{function.partition(':')[0].replace('.', '/')}.py"


def rule_for(rules: Sequence[OwnerRule], path: str) -> OwnerRule | None:
    """The rule about a file; that of its package where the file's own name has none."""
    return owning_rule(rules, path) or owning_rule(rules, path.removesuffix(".py"))


def _rules_or_none(workspace: Workspace) -> list[OwnerRule]:
    try:
        return repository_rules(workspace.repository) if workspace.repository else []
    except SourceError:  # owners are a courtesy: without the repository the list is as good as before
        return []


def _announced(workspace: Workspace) -> dict[tuple[str, str], str]:
    """Service and change id of every experiment, and who owns it."""
    source = workspace.experiments
    every = source.fetch_experiments() if source else []
    return {(one.service, one.change_id): one.owner for one in every}
