"""What a call is about: which services and which paths, as far as its arguments and its result say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from effnb.domain import Listing
from effnb.errors import NotAllowed
from effnb.tools._registry import Tool

if TYPE_CHECKING:
    from effnb.workspace import Workspace

SERVICE_ARGUMENTS = ("service", "services")
SUBJECT_ARGUMENTS = ("id", "subject", "fix", "fix_id", "opportunity", "regression", "experiment_id", "change_id")
PATH_ARGUMENTS = ("path", "paths", "folder", "file", "files", "output")


def check_services(tool: Tool[..., Any], workspace: Workspace, args: Mapping[str, Any], allowed: Iterable[str]) -> None:
    """Refuse a call that is about another service, and one that changes something and does not say of which service.

    Raises:
        NotAllowed: The reason, with the services that are allowed.
    """
    scope = frozenset(allowed)
    may = f"only {', '.join(sorted(scope)) or 'none'} is in scope"
    named = set(_named_services(workspace, args))
    if outside := named - scope:
        raise NotAllowed(f"{tool.name} asks about {', '.join(sorted(outside))}; {may}")
    about = named.union(*(workspace.services_of(key) for key in _subjects(args)))
    if outside := about - scope:
        raise NotAllowed(f"{tool.name} is about {', '.join(sorted(outside))}; {may}")
    if not about and any(name in tool.arguments.model_fields for name in SERVICE_ARGUMENTS):
        raise NotAllowed(f"{tool.name} would cover every service; name one with service=…: {may}")
    if not about and tool.tier != "read":
        raise NotAllowed(f"{tool.name} does not say which service it would change; {may}")


def within(result: Any, allowed: Iterable[str]) -> Any:
    """The result, without rows about other services.

    Raises:
        NotAllowed: Something else than rows of a listing is about another service.
    """
    scope = frozenset(allowed)
    if isinstance(result, Listing):
        rows = tuple(row for row in result.rows if services_in(row) <= scope)
        hidden = len(result.rows) - len(rows)
        if not hidden:
            return result
        searched = f"{result.searched}; {hidden} rows about services out of scope are left out"
        return result.model_copy(update={"rows": rows, "total": result.total - hidden, "searched": searched})
    if outside := services_in(result) - scope:
        raise NotAllowed(f"the answer is about {', '.join(sorted(outside))}, which is not in scope")
    return result


def services_in(value: Any) -> frozenset[str]:
    """Names of services in the fields and labels called ``service`` anywhere in a value."""
    found: set[str] = set()
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, BaseModel):
            one = {name: getattr(one, name) for name in type(one).model_fields}
        if isinstance(one, Mapping):
            service = one.get("service")
            found |= {service} if isinstance(service, str) and service else set()
            waiting.extend(one.values())
        elif isinstance(one, list | tuple):
            waiting.extend(one)
    return frozenset(found)


def check_paths(tool: Tool[..., Any], workspace: Workspace, args: Mapping[str, Any], folders: Iterable[str]) -> None:
    """Refuse a path argument that leads out of the allowed folders, by ``..``, from the root or over a link.

    Raises:
        NotAllowed: The path, and the folders that are allowed.
    """
    roots = [(workspace.root / folder).resolve() for folder in folders]
    roots += [folder.resolve() for folder in workspace.source_folders]
    for path in _paths(args):
        if "\0" in path:
            raise NotAllowed(f"{tool.name} is given a path with a null byte; leave it out")
        for place in _places(Path(path), tool, workspace):
            if not any(place == root or root in place.parents for root in roots):
                raise NotAllowed(
                    f"{tool.name} is given the path {path!r}, which leads out of the folders in scope: "
                    f"{', '.join(map(str, roots))}"
                )


def _places(path: Path, tool: Tool[..., Any], workspace: Workspace) -> Iterator[Path]:
    """Where the path may lead; a relative one is taken from every folder that tools take paths from."""
    if path.is_absolute():
        yield path.resolve()
    elif tool.paths_from == "working folder":
        yield (Path.cwd() / path).resolve()
    else:
        for base in (workspace.root, *workspace.source_folders):
            yield (base / path).resolve()


def _named_services(workspace: Workspace, args: Mapping[str, Any]) -> Iterator[str]:
    for name in SERVICE_ARGUMENTS:
        yield from _texts(args.get(name))
    labels = args.get("labels")
    if isinstance(labels, Mapping):
        yield from _texts(labels.get("service"))
    target = args.get("target")
    if isinstance(target, str) and target in workspace.known_services:
        yield target


def _subjects(args: Mapping[str, Any]) -> Iterator[str]:
    for name in SUBJECT_ARGUMENTS:
        yield from _texts(args.get(name))


def _paths(args: Mapping[str, Any]) -> Iterator[str]:
    for name in PATH_ARGUMENTS:
        yield from _texts(args.get(name))


def _texts(value: Any) -> Iterator[str]:
    values = value if isinstance(value, list | tuple) else [value]
    yield from (one for one in values if isinstance(one, str) and one)
