"""Tool: run the gate on a filed fix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from effnb.domain import Fix, Opportunity, Verification
from effnb.errors import NotEnoughData, NotFound, SourceError
from effnb.tools._fixing import fix_folder
from effnb.tools._histories import service_history
from effnb.tools._registry import tool
from effnb.tools._replays import base_similarity, with_setting
from effnb.verify import (
    SettingRun,
    Subject,
    best_sandbox,
    find_workload,
    load_service_workload,
    policy_for,
    verify_candidate,
)

if TYPE_CHECKING:
    from pathlib import Path

    from effnb.verify import FunctionWorkload, ServiceWorkload
    from effnb.workspace import Workspace


@tool(tier="propose", timeout=1800, source="the gate, in the sandbox")
def verify_fix(workspace: Workspace, fix: str) -> Verification:
    """Find out whether a fix is right and worth it: every check of the gate, and one verdict, which is filed.

    Old and new code run in the sandbox on recorded and made inputs, then race in CPU time, then drive the service. Only
    ``verified`` is proved; every other verdict names the check that ended the gate and, where there is one, the input
    that refuted the fix. Without a strong sandbox nothing is run and the verdict is ``not_run``.

    Args:
        fix: Id of a fix that ``propose_fix`` filed.
    """
    found = workspace.fixes.get(fix)
    folder = workspace.workloads
    settings = workspace.settings.verify
    sandbox = best_sandbox(settings.image)
    service = _service(folder, found) if folder else None
    verification = verify_candidate(
        found,
        fix_folder(workspace, found),
        Subject(
            workload=_workload(folder, found) if folder else None,
            service=service,
            cost=_cost(workspace, found),
            similarity=base_similarity(workspace, found, service, sandbox) if sandbox and service else None,
            **_setting(workspace, found),
        ),
        policy_for(found, settings),
        sandbox,
    )
    workspace.fixes.add_verification(verification)
    return verification


def _setting(workspace: Workspace, fix: Fix) -> dict[str, Any]:
    """How the service is run under a setting that lies in a repository of its own."""
    if fix.kind == "code" or workspace.repository is None or fix.service is None:
        return {}
    own = workspace.settings.service(fix.service)
    override = own.config_override if fix.kind == "config" else own.flag_override
    if override is None:
        return {"code": workspace.repository.path, "code_revision": "HEAD"}

    def run_with(key: str, value: str) -> SettingRun:
        side = with_setting("HEAD", key, value, override)
        return SettingRun(arguments=side.arguments, files=side.files, environment=side.environment)

    return {"code": workspace.repository.path, "code_revision": "HEAD", "run_with": run_with}


def _workload(folder: Path, fix: Fix) -> FunctionWorkload | None:
    try:
        return find_workload(folder, fix.function, fix.service)
    except NotFound:
        return None


def _service(folder: Path, fix: Fix) -> ServiceWorkload | None:
    if fix.service is None:
        return None
    try:
        return load_service_workload(folder / fix.service)
    except SourceError:
        return None


def _cost(workspace: Workspace, fix: Fix) -> float | None:
    """GCPU of the target: as its opportunity has it, else in the newest quarter of the service's samples."""
    opportunity = workspace.records.newest("opportunity", fix.subject, Opportunity)
    if opportunity is not None and opportunity.cost is not None:
        return opportunity.cost
    if fix.service is None or fix.service not in workspace.samples.services():
        return None
    try:
        history = service_history(workspace, fix.service)
    except NotEnoughData:
        return None
    counts = history.stack_counts(history.window(history.n_buckets * 3 // 4, history.n_buckets))
    total = sum(counts.values())
    held = sum(n for stack, n in counts.items() if fix.function in stack)
    return held / total if total and held else None
