"""Tool: replay a service before and after the change that is suspected of a regression."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from effnb.domain import Change, Confirmation, ConfirmVerdict, Regression, RootCause, Window
from effnb.errors import EffnbError, SourceUnavailable
from effnb.tools._arrivals import changes_arriving, version_at
from effnb.tools._histories import regression_or_raise
from effnb.tools._registry import tool
from effnb.tools._replays import Side, is_python, replay_similarity, versions_of, with_setting
from effnb.tools.rank_causes import causes_of
from effnb.verify import (
    NoAnswerError,
    Sandbox,
    ServiceWorkload,
    Version,
    best_sandbox,
    compare_versions,
    decide,
    find_function,
    is_decided,
    load_service_workload,
    probe,
)

if TYPE_CHECKING:
    from effnb.workspace import Workspace

KIND = "confirmation"
SWITCHED = ("off", "on")
SHORTER = 3
"""A round makes this part of the recorded requests."""


class _Refused(Exception):
    """There is nothing to replay, or nothing to replay it in."""

    def __init__(self, verdict: ConfirmVerdict, reason: str) -> None:
        super().__init__(reason)
        self.verdict = verdict
        self.reason = reason


class _Trial(NamedTuple):
    """What is to be replayed."""

    repository: Path
    workload: ServiceWorkload
    old: Side
    new: Side


@tool(tier="propose", timeout=1800, source="the service's own code, replayed in a sandbox")
def confirm_cause(workspace: Workspace, id: str) -> Confirmation:  # noqa: A002  # the domain's own word
    """Whether the suspected cause of a regression makes the service dearer when its recorded workload is replayed.

    The revision before the change and the one with it (for a setting: the old and the new value) do the same requests
    in the sandbox, interleaved, in CPU time. ``reproduced`` comes with the ratio and its interval; every other verdict
    with the reason. The result is filed and shown by rank_causes.

    Args:
        id: Identifier of the regression.
    """
    regression = regression_or_raise(workspace, id)
    started = time.monotonic()
    causes = causes_of(workspace, regression)
    change = _suspect(workspace, regression, causes)
    found: dict[str, Any] = {"change": change.id if change else None}
    try:
        found |= _tried(workspace, regression, change, causes)
    except _Refused as refusal:
        found |= {"verdict": refusal.verdict, "reason": refusal.reason}
    confirmation = Confirmation(
        regression=regression.id,
        service=regression.service,
        at=datetime.now(UTC),
        seconds=round(time.monotonic() - started, 1),
        **found,
    )
    workspace.records.add(KIND, regression.id, confirmation, subject=confirmation.change or "")
    return confirmation


def _suspect(workspace: Workspace, regression: Regression, causes: RootCause) -> Change | None:
    """The cause that stands out, else the best candidate."""
    wanted = causes.change_id or (causes.candidates[0].change_id if causes.candidates else None)
    if wanted is None:
        return None
    point, settings = regression.change_point, workspace.settings.causes
    start = point.earliest - timedelta(hours=settings.look_back_hours)
    arrivals = changes_arriving(
        workspace, regression.service, Window(start=start, end=point.latest + timedelta(hours=1))
    )
    return next(arrival.change for arrival in arrivals if arrival.change.id == wanted)


def _tried(workspace: Workspace, regression: Regression, change: Change | None, causes: RootCause) -> dict[str, Any]:
    if change is None:
        raise _Refused("not_run", f"no change to try: {causes.reason}")
    trial = _trial(workspace, regression, change)
    sandbox = best_sandbox()
    if sandbox is None:
        raise _Refused("not_run", f"no strong sandbox: {probe().reason}; see `effnb doctor`")
    with versions_of(trial.repository, trial.old, trial.new, trial.workload) as (old, new):
        similarity = replay_similarity(workspace, regression.service, regression.baseline, sandbox, old)
        # More rounds of fewer requests say more than long ones.
        parts = [
            replace(one, words=(*trial.workload.words(requests=trial.workload.part(SHORTER))[1:], *side.arguments))
            for one, side in ((old, trial.old), (new, trial.new))
        ]
        measured = _measured(workspace, regression, sandbox, *parts)
    words = " ".join(trial.workload.words())
    return {
        **measured,
        "similarity": similarity,
        "workload": f"{words} (recorded at {trial.workload.revision[:12]})",
        "sandbox": sandbox.name,
    }


def _trial(workspace: Workspace, regression: Regression, change: Change) -> _Trial:
    if workspace.workloads is None:
        raise _Refused("not_replayable", "no workload: name a folder that `effnb record` wrote, [sources] workloads")
    try:
        workload = load_service_workload(workspace.workloads / regression.service)
    except SourceUnavailable as error:
        raise _Refused("not_replayable", str(error)) from error
    if not is_python(workload):
        raise _Refused("not_replayable", f"the command {workload.command[0]!r} is not Python's and cannot be timed")
    repository = workspace.repository
    if repository is None:
        raise _Refused("not_replayable", "no repository: name it as [sources] repository in effnb.toml")
    if change.kind == "code":
        return _Trial(repository.path, workload, Side(f"{change.id}^"), Side(change.id))
    return _Trial(repository.path, workload, *_setting(workspace, regression, change))


def _setting(workspace: Workspace, regression: Regression, change: Change) -> tuple[Side, Side]:
    settings = workspace.settings.service(regression.service)
    name = "config_override" if change.kind == "config" else "flag_override"
    override = settings.config_override if change.kind == "config" else settings.flag_override
    if change.kind not in ("config", "flag", "experiment"):
        raise _Refused("not_replayable", f"a change of kind {change.kind} is not in the repository or its settings")
    if override is None:
        raise _Refused(
            "not_replayable",
            f"no way to run {regression.service} with another {change.key}: describe it as "
            f"[services.{regression.service}.{name}] in effnb.toml",
        )
    window = Window(start=regression.baseline.start, end=regression.change_point.latest)
    revision = version_at(workspace, regression.service, window)
    values = (change.old, change.new) if change.kind == "config" else SWITCHED
    if revision is None or None in values:
        raise _Refused("not_replayable", f"the record of {change.id} does not say its old and new value")
    old, new = (with_setting(revision, str(change.key), str(value), override) for value in values)
    return old, new


def _measured(
    workspace: Workspace, regression: Regression, sandbox: Sandbox, old: Version, new: Version
) -> dict[str, Any]:
    target = _target(workspace, regression, old, new)
    expected = _expected(workspace, regression, target)
    try:
        ratios = compare_versions(
            sandbox, old, new, target, is_enough=lambda seen: is_decided(seen, expected), seconds=120.0
        )
    except (NoAnswerError, EffnbError) as error:
        raise _Refused("not_replayable", f"the workload does not run at both versions: {error}") from error
    decision = decide(ratios, expected)
    return {
        "verdict": decision.verdict,
        "reason": decision.reason,
        "function": target if ratios.target else None,
        "ratio": ratios.target or ratios.service,
        "control": ratios.control,
        "service_ratio": ratios.service,
        "expected": expected,
        "rounds": ratios.rounds,
    }


def _target(workspace: Workspace, regression: Regression, old: Version, new: Version) -> str | None:
    """The regressed function, or its nearest caller that both versions have; None when there is none."""
    above: Counter[tuple[int, str]] = Counter()
    for stack, count in workspace.samples.stack_counts(regression.service, regression.analysis).items():
        if regression.function in stack:
            callers = stack[: stack.index(regression.function)][::-1]
            above.update(dict.fromkeys(enumerate(callers, 1), count))
    ordered = sorted(above, key=lambda one: (one[0], -above[one]))
    for name in (regression.function, *(name for _, name in ordered)):
        if all(find_function(version.tree, name) for version in (old, new)):
            return name
    return None


def _expected(workspace: Workspace, regression: Regression, target: str | None) -> float | None:
    """Share of the target after over before the change point, in production; None when it was not seen before."""
    if target is None:
        return None
    before, after = (_share(workspace, regression, target, one) for one in (regression.baseline, regression.analysis))
    return after / before if before and after else None


def _share(workspace: Workspace, regression: Regression, function: str, window: Window) -> float:
    counts = workspace.samples.stack_counts(regression.service, window)
    total = sum(counts.values())
    return sum(count for stack, count in counts.items() if function in stack) / total if total else 0.0
