"""Tool: who answers for something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from effnb.domain import Owner
from effnb.errors import NotFound
from effnb.sources.code import OwnerRule
from effnb.tools._configured import repository_of
from effnb.tools._owners import file_of, repository_rules, rule_for
from effnb.tools._registry import tool

if TYPE_CHECKING:
    from effnb.workspace import Workspace


@tool(tier="read", source="owner files, experiment records")
def who_owns(workspace: Workspace, target: str) -> Owner:
    """Team or person who answers for a function, file, service or experiment, and the rule that says so.

    A service belongs to whoever owns the handlers of all its endpoints. ``owner`` is null when nobody is on record, or
    when a service's handlers have several owners: ``said_by`` tells which.

    Args:
        target: ``module:qualname``, a path inside the repository, a service's name, or ``flag:<name>``.
    """
    if experiment := _experiment_owner(workspace, target):
        return experiment
    rules = repository_rules(repository_of(workspace))
    handlers = workspace.settings.service(target).endpoints.values()
    if handlers:
        return _service_owner(target, [rule_for(rules, file_of(one)) for one in handlers])
    rule = rule_for(rules, _path(workspace, target))
    if rule is None:
        return Owner(target=target, owner=None, said_by=_no_rule(rules))
    return Owner(target=target, owner=rule.owner, contact=rule.contact, said_by=_said(rule))


def _experiment_owner(workspace: Workspace, target: str) -> Owner | None:
    every = workspace.experiments.fetch_experiments() if workspace.experiments else []
    found = next((one for one in every if target in (one.change_id, one.experiment_id)), None)
    if found is None or workspace.experiments is None:
        return None
    contact = found.owner if "@" in found.owner else None
    said = f"{workspace.experiments.place}: {found.experiment_id}"
    return Owner(target=target, owner=found.owner, contact=contact, said_by=said)


def _service_owner(target: str, rules: list[OwnerRule | None]) -> Owner:
    known = {rule.owner: rule for rule in rules if rule is not None}
    if len(known) == 1 and None not in rules:
        (rule,) = known.values()
        return Owner(
            target=target, owner=rule.owner, contact=rule.contact, said_by=f"{_said(rule)}, handlers of its endpoints"
        )
    several = ", ".join(sorted(known)) or "nobody on record"
    return Owner(target=target, owner=None, said_by=f"the handlers of its endpoints belong to: {several}")


def _path(workspace: Workspace, target: str) -> str:
    """The file or folder that is meant; NotFound when there is no such thing."""
    repository = repository_of(workspace)
    files = repository.files("HEAD")
    module = target.partition(":")[0].replace(".", "/") if ":" in target else ""
    wanted = {f"{module}.py", f"{module}/__init__.py"} if module else {target.strip("/")}
    for file in files:
        if file in wanted or file.removeprefix("src/") in wanted:
            return file
    folder = target.strip("/")
    if not module and any(file.startswith(f"{folder}/") for file in files):
        return folder
    services = ", ".join(sorted({*workspace.samples.services(), *workspace.settings.services})) or "none"
    raise NotFound(
        f"{target!r} is no file or module of {repository.place}, no experiment and no service with "
        f"endpoints; services: {services}"
    )


def _said(rule: OwnerRule) -> str:
    return f"{rule.file}:{rule.line} {rule.pattern}"


def _no_rule(rules: list[OwnerRule]) -> str:
    return f"no rule in {rules[0].file} matches" if rules else "the repository has no OWNERS or CODEOWNERS file"
