"""From an opportunity or a regression to the text of a fix.

A regression is mended where its cause acts: the patterns that a change brought into the functions it touched, and that
are still there, are what its fix removes. A setting is set back in the file that holds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from effnb.deliver import revert_diff
from effnb.domain import Candidate, Change, Confirmation, Fix, Opportunity, Regression
from effnb.errors import AnalysisError, ConfigError, NotFound
from effnb.opportunities import Module, Refused, Target, bundled_rules, fix_for, fix_setting, load_setting_rules
from effnb.opportunities import fix_id as name_fix
from effnb.sources import ChangeSource
from effnb.sources.changes import module_of
from effnb.tools.confirm_cause import KIND as CONFIRMATION
from effnb.tools.rank_causes import causes_of

if TYPE_CHECKING:
    from effnb.workspace import Workspace

LEAST_ATTRIBUTION = 0.5
LEAST_LEAD = 2.0
RISKS = ("low", "medium", "high")


def fix_opportunity(workspace: Workspace, found: Opportunity) -> Fix:
    """The fix of a filed opportunity against the newest commit, or against the file itself outside git."""
    repository = workspace.repository
    if repository is None:
        text = _file_text(workspace.root / found.file)
        return fix_for(text, found.file, found)
    head = repository.resolve("HEAD")
    text = _text(repository, head, found.file)
    return fix_for(text, found.file, found, base=head, used_elsewhere=_used_elsewhere(repository, head, found.file))


def fix_regression(workspace: Workspace, regression: Regression) -> Fix:
    """The fix-forward of a filed regression; its cause's author is asked to review when a replay has confirmed it.

    Raises:
        AnalysisError: No cause stands out, or no rule understands what it did; the message says what a person may do.
    """
    cause, confirmed = standing_cause(workspace, regression)
    made = _set_back(workspace, regression, cause) if cause.kind != "code" else _forward(workspace, regression, cause)
    doubt = "" if confirmed else " The cause was not confirmed by a replay."
    return made.model_copy(
        update={
            "cause": cause.change_id,
            "reviewer": cause.author if confirmed else None,
            "rationale": f"{made.rationale}{doubt}".strip(),
        }
    )


def revert_regression(workspace: Workspace, regression: Regression) -> Fix:
    """The second choice: the cause taken back whole, with what else that undoes said in ``narrows``."""
    cause, confirmed = standing_cause(workspace, regression)
    if cause.kind != "code":
        return fix_regression(workspace, regression)
    repository = _repository(workspace)
    head = repository.resolve("HEAD")
    diff = revert_diff(repository.path, cause.change_id, head)
    also = sorted({one.function for one in repository.touched_functions(cause.change_id)} - {regression.function})
    return Fix(
        id=name_fix(head, diff, regression.id),
        kind="code",
        title=f"Revert “{cause.title}”",
        pattern="revert",
        subject=regression.id,
        service=regression.service,
        function=regression.function,
        base=head,
        diff=diff,
        made_by="git",
        rationale="It takes the change that stands out as the cause back, whole.",
        narrows=f"Also undone: {', '.join(also) or 'nothing else in functions'}.",
        risk="medium",
        reviewer=cause.author if confirmed else None,
        cause=cause.change_id,
    )


def standing_cause(workspace: Workspace, regression: Regression) -> tuple[Candidate, bool]:
    """The change a fix may be made for, and whether a replay has confirmed it; else it is far ahead of every other.

    Raises:
        AnalysisError: There is none; a person has to choose.
    """
    root = causes_of(workspace, regression)
    best = next((one for one in root.candidates if one.change_id == root.change_id), None)
    if best is None:
        raise AnalysisError(f"no cause of {regression.id} stands out, so a person has to choose: {root.reason}")
    tried = confirmation_of(workspace, regression, best.change_id)
    if tried is not None and tried.verdict == "reproduced":
        return best, True
    if tried is not None and tried.verdict == "not_reproduced":
        raise AnalysisError(
            f"a replay did not reproduce {best.change_id[:12]} as the cause of {regression.id}: {tried.reason}; "
            "a person has to choose"
        )
    second = max((one.score for one in root.candidates if one.change_id != best.change_id), default=0.0)
    if best.attribution < LEAST_ATTRIBUTION or best.score < LEAST_LEAD * second:
        raise AnalysisError(
            f"the best cause of {regression.id} is not confirmed, has attribution {best.attribution:.2f} and a score "
            f"of {best.score:.2f} against {second:.2f}: run `effnb confirm {regression.id}`, or choose by hand"
        )
    return best, False


def confirmation_of(workspace: Workspace, regression: Regression, change: str) -> Confirmation | None:
    """The newest replay of a regression, when it tried this change; null when it tried another or none was made."""
    tried = workspace.records.newest(CONFIRMATION, regression.id, Confirmation)
    return tried if tried is not None and tried.change == change else None


def fix_folder(workspace: Workspace, fix: Fix) -> Path:
    """Folder that the paths of a fix's diff are relative to."""
    if fix.kind == "code":
        return workspace.repository.path if workspace.repository else workspace.root
    if workspace.config_repository is None:
        raise ConfigError("[sources] config_repository is not set; name the git repository of the settings in force")
    return workspace.config_repository.path


def _set_back(workspace: Workspace, regression: Regression, cause: Candidate) -> Fix:
    repository = workspace.config_repository
    if repository is None:
        raise AnalysisError(
            f"{cause.change_id} is a setting and [sources] config_repository is not set; set it back by hand"
        )
    head = repository.resolve("HEAD")
    files = {file: text for file in repository.files(head) if (text := repository.read_exactly(head, file)) is not None}
    kind = "flag" if cause.kind == "experiment" else cause.kind  # an experiment's exposure is its flag's
    rule = next((one for one in load_setting_rules() if one.kind == kind), None)
    if rule is None:
        raise AnalysisError(f"no rule sets back {cause.change_id}, a change of kind {cause.kind}; do it by hand")
    return fix_setting(
        _change(workspace, regression, cause), files, rule, base=head, subject=regression.id, service=regression.service
    )


def _change(workspace: Workspace, regression: Regression, cause: Candidate) -> Change:
    window = regression.baseline.model_copy(update={"end": regression.analysis.end})
    changes = (
        one for history in workspace.settings_histories for one in history.fetch_changes(regression.service, window)
    )
    found = [one for one in changes if one.id == cause.change_id and one.at <= regression.analysis.end]
    if not found:
        raise NotFound(f"{cause.change_id} is not in the config or flag history; set it back where it was changed")
    return min(found, key=lambda one: abs(one.at - cause.reached_at))


def _forward(workspace: Workspace, regression: Regression, cause: Candidate) -> Fix:
    """The least risky fix that a rule can make of what the cause brought in."""
    repository = _repository(workspace)
    head = repository.resolve("HEAD")
    refused: list[str] = []
    for target, file, text, earlier in _brought_in(repository, head, regression, cause):
        used = _used_elsewhere(repository, head, file)
        try:
            return fix_for(text, file, target, base=head, subject=regression.id, earlier=earlier, used_elsewhere=used)
        except Refused as refusal:
            refused.append(f"{target.pattern}: {refusal}")
    why = "; ".join(refused) or f"no pattern we know was brought in by {cause.change_id[:12]} and is still there"
    raise AnalysisError(
        f"no fix for {regression.id}: {why}; `effnb resolve {regression.id} --revert` takes the change back"
    )


def _brought_in(
    repository: ChangeSource, head: str, regression: Regression, cause: Candidate
) -> list[tuple[Target, str, str, list[str]]]:
    """Sites of patterns in the functions a commit touched that were not there before it, least risky first."""
    touched = repository.touched_functions(cause.change_id)
    related = {*cause.functions, regression.function}
    names = {one.function for one in touched if one.function in related} or {one.function for one in touched}
    parent = f"{cause.change_id}^"
    earlier = [text for one in sorted({one.file for one in touched}) if (text := repository.read_exactly(parent, one))]
    found = []
    for file in sorted({one.file for one in touched if one.function in names}):
        text = repository.read_exactly(head, file)
        if text is None:
            continue
        before = {site[:2] for site in _sites(repository.read_exactly(parent, file) or "", file, [])}
        for rule, qualname, line in _sites(text, file, earlier):
            function = f"{module_of(file)}:{qualname}"
            if function in names and (rule, qualname) not in before:
                target = Target(function=function, pattern=rule, line=line, service=regression.service)
                found.append((target, file, text, earlier))
    risk = {rule.name: RISKS.index(rule.risk) for rule in bundled_rules()}
    return sorted(found, key=lambda one: (one[0].function != regression.function, risk[one[0].pattern]))


def _sites(text: str, file: str, earlier: list[str]) -> Iterator[tuple[str, str, int]]:
    """Pattern, function and line of every site of every rule; none when the text does not parse."""
    try:
        module = Module(text, file, earlier=tuple(earlier))
    except (SyntaxError, ValueError, RecursionError):
        return
    for rule in bundled_rules():
        yield from ((rule.name, site.function, site.line) for site in rule.find(module))


def _used_elsewhere(repository: ChangeSource, revision: str, file: str) -> Callable[[str], bool]:
    """Whether another file of a revision mentions a name."""

    @cache
    def used(name: str) -> bool:
        return any(path != file for path, _, _ in repository.search(revision, name))

    return used


def _repository(workspace: Workspace) -> ChangeSource:
    if workspace.repository is None:
        raise ConfigError("[sources] repository is not set; name the git repository of the code in effnb.toml")
    return workspace.repository


def _text(repository: ChangeSource, revision: str, file: str) -> str:
    text = repository.read_exactly(revision, file)
    if text is None:
        raise NotFound(f"{file} is not in commit {revision[:12]} of {repository.path.name}; commit it, or scan again")
    return text


def _file_text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise NotFound(f"cannot read {path.name}: {error}; scan again") from error
