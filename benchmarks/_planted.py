"""The costs that are planted in the storefront, each with the fix our rules write for it and its recorded workload."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from effnb.datasets import apply_history
from effnb.datasets._config_repository import write_config_repository
from effnb.domain import Change, Fix
from effnb.errors import NotFound
from effnb.opportunities import Module, Refused, Target, bundled_rules, fix_for, fix_setting, load_setting_rules
from effnb.sources.changes import GitRepository
from effnb.verify import SettingRun, Subject, find_workload, load_service_workload

DATA = Path(__file__).resolve().parents[1] / "data" / "storefront"
OVERRIDES = "overrides.toml"
RISKS = ("low", "medium", "high")


@dataclass(frozen=True)
class Planted:
    """One planted cost."""

    name: str
    repository: Path
    fix: Fix | None
    subject: Subject
    refusal: str = ""


def planted(folder: Path) -> Iterator[Planted]:
    """Every regression and opportunity of the truth, in its order."""
    apply_history(DATA, folder / "storefront")
    write_config_repository(DATA / "config_history.jsonl", folder / "config")
    repository = GitRepository(folder / "storefront")
    truth = json.loads((DATA / "truth.json").read_text(encoding="utf-8"))
    for one in [*truth["regressions"], *truth["opportunities"]]:
        if str(one.get("change_id", "")).startswith("config:"):
            yield _setting(folder, one)
        else:
            yield _code(folder / "storefront", repository, one)


def _code(path: Path, repository: GitRepository, one: dict[str, Any]) -> Planted:
    functions = [name for name in one["functions"] if name.startswith("storefront.")]
    refusals: list[str] = []
    cause = one.get("change_id")
    earlier = _earlier(repository, cause) if cause else []
    for function in functions:
        for pattern in _patterns(repository, function, one.get("pattern"), earlier):
            target = Target(function=function, pattern=pattern, service=one["service"])
            file = _file(function)
            text = repository.read_exactly("HEAD", file) or ""
            try:
                fix = fix_for(text, file, target, base=repository.resolve("HEAD"), earlier=earlier)
            except Refused as refusal:
                refusals.append(f"{pattern}: {refusal}")
                continue
            return Planted(f"{one['service']} {function} ({pattern})", path, fix, _subject(function, one["service"]))
    return Planted(f"{one['service']} {functions[0]}", path, None, Subject(), "; ".join(refusals) or "no rule finds it")


def _patterns(repository: GitRepository, function: str, wanted: str | None, earlier: list[str]) -> list[str]:
    """Rules with a site in a function, the planted pattern's first, then the least risky."""
    text = repository.read_exactly("HEAD", _file(function)) or ""
    module = Module(text, _file(function), earlier=tuple(earlier))
    qualname = function.partition(":")[2]
    found = [rule for rule in bundled_rules() if any(site.function == qualname for site in rule.find(module))]
    ordered = sorted(found, key=lambda rule: (rule.name != wanted, RISKS.index(rule.risk)))
    return [rule.name for rule in ordered] or ([wanted] if wanted else [])


def _earlier(repository: GitRepository, cause: str) -> list[str]:
    files = {one.file for one in repository.touched_functions(cause)}
    return [text for file in sorted(files) if (text := repository.read_exactly(f"{cause}^", file))]


def _file(function: str) -> str:
    return function.partition(":")[0].replace(".", "/") + ".py"


def _subject(function: str, service: str) -> Subject:
    workloads = DATA / "workloads"
    try:
        workload = find_workload(workloads, function, service)
    except NotFound:
        workload = None
    return Subject(workload=workload, service=load_service_workload(workloads / service))


def _setting(folder: Path, one: dict[str, Any]) -> Planted:
    key = one["change_id"].partition(":")[2]
    rows = [json.loads(line) for line in (DATA / "config_history.jsonl").read_text(encoding="utf-8").splitlines()]
    row = next(row for row in rows if row["key"] == key and row["service"] == one["service"])
    change = Change(
        id=one["change_id"], kind="config", at=row["at"], author=row["author"], title=row["title"],
        service=row["service"], key=key, old=str(row["old"]), new=str(row["new"]),
    )  # fmt: skip
    config = GitRepository(folder / "config")
    head = config.resolve("HEAD")
    files = {file: text for file in config.files(head) if (text := config.read_exactly(head, file)) is not None}
    rule = next(rule for rule in load_setting_rules() if rule.kind == "config")
    name = f"{one['service']} {one['change_id']}"
    try:
        fix = fix_setting(change, files, rule, base=head, service=one["service"])
    except Refused as refusal:
        return Planted(name, folder / "config", None, Subject(), str(refusal))

    def run_with(name: str, value: str) -> SettingRun:
        return SettingRun(arguments=("--config", OVERRIDES), files={OVERRIDES: f"{name} = {value}\n"})

    service = load_service_workload(DATA / "workloads" / one["service"])
    subject = Subject(service=service, code=folder / "storefront", code_revision="HEAD", run_with=run_with)
    return Planted(name, folder / "config", fix, subject)
