"""The gate: checks from cheap to dear, the first that fails ends it, and one verdict comes out.

What broke is told from what failed: a sandbox that does not start says nothing about a fix.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from effnb.domain import Check, Fix, Verdict, Verification
from effnb.errors import EffnbError, SandboxError
from effnb.verify._behaviour import check_behaviour
from effnb.verify._candidate import Candidate, SettingRun
from effnb.verify._checks import broken, failed
from effnb.verify._evidence import check_evidence, check_saving
from effnb.verify._memory import check_memory
from effnb.verify._parse import check_parse
from effnb.verify._policy import Policy
from effnb.verify._reprofile import check_reprofile
from effnb.verify._sandbox import Sandbox
from effnb.verify._speed import check_speed
from effnb.verify._style import check_style
from effnb.verify._target import check_target
from effnb.verify._tests import check_tests
from effnb.verify._trees import DoesNotApplyError, apply_diff, changed_files, export
from effnb.verify._workload import FunctionWorkload, ServiceWorkload

CHECKS: dict[str, Callable[[Candidate], Check]] = {
    "parse": check_parse,
    "style": check_style,
    "target": check_target,
    "tests": check_tests,
    "behaviour": check_behaviour,
    "memory": check_memory,
    "speed": check_speed,
    "reprofile": check_reprofile,
    "saving": check_saving,
    "evidence": check_evidence,
}
"""In the order they run."""


@dataclass(frozen=True)
class Subject:
    """What a fix is judged on, besides the repository."""

    workload: FunctionWorkload | None = None
    """Recorded calls of the target; without them no gain is shown."""
    service: ServiceWorkload | None = None
    """Command that drives the service."""
    cost: float | None = None
    """gCPU of the target in the service's profile."""
    similarity: float | None = None
    """Cosine of the replay's profile with the recorded one."""
    code: Path | None = None
    """Repository of the service's code, where the fix is a setting in a repository of its own."""
    code_revision: str = ""
    """Its revision."""
    run_with: Callable[[str, str], SettingRun] | None = None
    """How the service is run under a value of a key; None where the setting's file is part of the code."""


def verify_candidate(
    fix: Fix,
    repository: Path,
    subject: Subject,
    policy: Policy,
    sandbox: Sandbox | None,
    *,
    now: datetime | None = None,
) -> Verification:
    """Everything the gate finds out about a fix, and its verdict. The repository is only read.

    Args:
        fix: The change, as a diff against ``fix.base``; against the folder as it is when that is empty.
        repository: Git repository, or plain folder.
        subject: Workload and cost.
        policy: Thresholds and allowances.
        sandbox: What candidate code runs in; None means that there is no strong one, and nothing is run.
        now: Time of the verification.

    Raises:
        SourceError: The repository or the base is not there.
    """
    started = time.perf_counter()
    at = now or datetime.now(UTC)
    if sandbox is None:
        reason = "not run: no strong sandbox on this machine, see `effnb doctor`; the fix stays a draft"
        return _verification(fix, "not_run", reason, [], None, subject, at, started)
    with tempfile.TemporaryDirectory(prefix="effnb-gate-") as folder:
        scratch = Path(folder)
        scratch.chmod(0o755)
        old, new = scratch / "old", scratch / "new"
        for tree in (old, new):
            export(repository, fix.base, tree)
            _add_files(tree, subject.service)
        try:
            apply_diff(new, fix.diff)
        except DoesNotApplyError as error:
            reason = f"the diff does not apply to {fix.base[:12] or 'the folder as it is'}: {error}; make it again"
            checks = [failed("apply", reason)]
            return _verification(fix, "refused", reason, checks, None, subject, at, started)
        candidate = Candidate(
            fix=fix, old=old, new=new, scratch=scratch, changed=changed_files(old, new), workload=subject.workload,
            service=subject.service, cost=subject.cost, policy=policy, sandbox=sandbox,
            code=_code(scratch, old, subject), run_with=subject.run_with,
        )  # fmt: skip
        candidate.answers["repository"] = str(repository.resolve())
        checks = _run_checks(candidate)
    verdict, reason = decide(candidate, checks)
    return _verification(fix, verdict, reason, checks, candidate, subject, at, started)


def _code(scratch: Path, old: Path, subject: Subject) -> Path:
    if subject.code is None:
        return old
    export(subject.code, subject.code_revision, scratch / "code")
    _add_files(scratch / "code", subject.service)
    return scratch / "code"


def _add_files(tree: Path, service: ServiceWorkload | None) -> None:
    for name, text in (service.files if service else {}).items():
        if not (tree / name).exists():
            (tree / name).write_text(text, encoding="utf-8")


def _run_checks(candidate: Candidate) -> list[Check]:
    checks: list[Check] = []
    over = False
    for name, check in CHECKS.items():
        if name in candidate.policy.without:
            continue
        if over:
            checks.append(Check(name=name, outcome="not_run", detail="an earlier check ended the gate"))
            continue
        began = time.perf_counter()
        try:
            found = check(candidate)
        except SandboxError as error:
            found = broken(name, str(error))
        except EffnbError as error:
            found = broken(name, str(error))
        checks.append(found.model_copy(update={"seconds": round(time.perf_counter() - began, 3)}))
        over = found.outcome == "failed" or (found.outcome == "broken" and name not in ("tests", "reprofile"))
    return checks


def decide(candidate: Candidate, checks: list[Check]) -> tuple[Verdict, str]:
    """One verdict from the checks, with its reason."""
    bad = next((check for check in checks if check.outcome == "failed"), None)
    if bad is not None:
        return _of_failure(candidate, bad)
    down = next((check for check in checks if check.outcome == "broken"), None)
    if down is not None:
        needs_person = down.name in ("tests", "behaviour") and "gave no result" not in down.detail
        return ("needs_review" if needs_person else "infrastructure_failed"), f"{down.name}: {down.detail}"
    missing = next(
        (check for check in checks if check.name in ("speed", "saving") and check.outcome == "skipped"), None
    )
    if missing is not None:
        return "gain_unproven", f"nothing is wrong with it, but no gain is shown: {missing.detail}"
    saved = (
        f", saves {100 * candidate.saved.value:.2g} % of {candidate.fix.service or 'the service'}"
        if candidate.saved
        else ""
    )
    times = (
        f"{candidate.speedup.value:.3g}× [{candidate.speedup.low:.3g}, {candidate.speedup.high:.3g}]"
        if candidate.speedup
        else ""
    )
    covered = (
        f"{candidate.tests} tests and {candidate.examples} inputs cover it"
        if candidate.fix.kind == "code"
        else "the service ran with both values"
    )
    return "verified", f"{times} as fast{saved}; {covered}"


def _of_failure(candidate: Candidate, bad: Check) -> tuple[Verdict, str]:
    reason = f"{bad.name}: {bad.detail}"
    if bad.name in ("speed", "reprofile", "saving") and candidate.answers.get("open"):
        return "underpowered", reason
    if bad.name == "evidence":
        return "needs_review", reason
    return "rejected", reason


def _verification(
    fix: Fix,
    verdict: Verdict,
    reason: str,
    checks: list[Check],
    candidate: Candidate | None,
    subject: Subject,
    at: datetime,
    started: float,
) -> Verification:
    workload = subject.workload
    return Verification(
        fix=fix.id,
        verdict=verdict,
        reason=reason,
        checks=tuple(checks),
        speedup=candidate.speedup if candidate else None,
        control=candidate.control if candidate else None,
        saved_share=candidate.saved if candidate else None,
        tests=candidate.tests if candidate else 0,
        examples=candidate.examples if candidate else 0,
        workload=f"{workload.service}/{workload.function}" if workload else None,
        similarity=subject.similarity,
        sandbox=candidate.sandbox.name if candidate else "",
        at=at,
        seconds=round(time.perf_counter() - started, 3),
    )
