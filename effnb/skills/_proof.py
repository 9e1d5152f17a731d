"""The last steps of a skill that mends something: have the fix written, have the gate prove it, say what it found."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from effnb.domain import Check, Fix, Interval, Resolution, Verification
from effnb.skills._account import Account, share
from effnb.skills._step import Call, cite

UNCHECKED = ("not_run", "infrastructure_failed")
"""Verdicts that say nothing about the fix."""


@dataclass(frozen=True)
class Proof:
    """A fix that was written, and what the gate found out about it; null when the gate gave no answer."""

    fix: Fix
    verification: Verification | None

    @property
    def holds(self) -> bool:
        """Whether the gate verified it."""
        return self.verification is not None and self.verification.verdict == "verified"

    @property
    def failure(self) -> Check | None:
        """The check that ended the gate."""
        checks = self.verification.checks if self.verification is not None else ()
        return next((one for one in checks if one.outcome == "failed"), None)

    @property
    def words(self) -> str:
        """What a verified fix gains, with intervals."""
        found = self.verification
        if found is None:
            return "not verified"
        parts = [f"{_times(found.speedup)} as fast"] if found.speedup is not None else []
        if found.saved_share is not None:
            saved = found.saved_share
            parts.append(
                f"{share(saved.value)} [{share(saved.low)}, {share(saved.high)}] of "
                f"{self.fix.service or 'the service'}'s CPU saved"
            )
        return ", ".join(parts) or found.reason

    @property
    def next_steps(self) -> tuple[str, ...]:
        """What a person does with it, and what its owner has to accept."""
        steps = [f"Review {self.fix.id} with `effnb fix show {self.fix.id}`, then apply it or open a pull request."]
        if self.fix.narrows:
            steps.append(f"To be accepted by the owner: {self.fix.narrows}")
        return tuple(steps)


def prove_fix(account: Account, subject: str) -> Generator[Call, Any, Proof | None]:
    """The fix of an opportunity or regression with the gate's verdict, from the steps ``fix`` and ``gate``.

    Null when none was written: refused by its rule, failed or denied, which is then the last gap.
    """
    fix = yield from account.ask("fix", "Can it be mended by rule?", "propose_fix", Fix, subject=subject)
    if fix is None:
        return None
    account.claim(
        f"{fix.id}, {fix.title}, is written by {fix.made_by}: {fix.rationale}".rstrip(": "),
        *(cite("fix", fix, name) for name in ("id", "diff", "rationale")),
    )
    found = yield from account.ask("gate", "Is it right, and is it cheaper?", "verify_fix", Verification, fix=fix.id)
    if found is not None:
        _tell(account, fix, found)
    return Proof(fix, found)


def mended(account: Account, described: Resolution, subject: str) -> Generator[Call, Any, Resolution]:
    """A described remedy with its proved fix; as it was, with a gap that says why, where there is none.

    A fix of code ends ``fix_proposed``, one of a setting or flag ``config_change``.
    """
    proof = yield from prove_fix(account, subject)
    if proof is not None and not proof.holds and proof.verification is not None:
        found = proof.verification
        if found.verdict not in UNCHECKED:
            account.gaps.append(f"gate ({found.verdict}): {found.reason}")
    noted = {"findings": tuple(account.findings), "gaps": tuple(account.gaps)}
    if proof is None or not proof.holds:
        return described.model_copy(update=noted)
    return described.model_copy(
        update=noted
        | {
            "status": "fix_proposed" if proof.fix.kind == "code" else "config_change",
            "summary": f"{described.summary} {proof.fix.id} ({proof.fix.title}) is proved: {proof.words}.",
            "next_steps": (*proof.next_steps, *described.next_steps),
        }
    )


def _tell(account: Account, fix: Fix, found: Verification) -> None:
    account.claim(
        f"The gate's verdict on {fix.id} is {found.verdict}: {found.reason}.",
        cite("gate", found, "verdict"),
        cite("gate", found, "reason"),
    )
    if found.verdict in UNCHECKED:
        account.gaps.append(f"gate ({found.verdict}): {found.reason}")
    if found.speedup is not None and found.control is not None:
        account.claim(
            f"The new code is {_times(found.speedup)} as fast in CPU time; a copy of the old code is "
            f"{_times(found.control)}.",
            *(
                cite("gate", found, f"{name}.{end}")
                for name in ("speedup", "control")
                for end in ("value", "low", "high")
            ),
        )
    if found.saved_share is not None:
        saved = found.saved_share
        account.claim(
            f"It saves {share(saved.value)} of {fix.service or 'the service'}'s CPU (95 % interval "
            f"{share(saved.low)} to {share(saved.high)}).",
            *(cite("gate", found, f"saved_share.{end}") for end in ("value", "low", "high")),
        )
    for place, one in enumerate(found.checks):
        if one.outcome in ("failed", "broken"):
            account.claim(
                f"The check {one.name} {one.outcome}: {one.detail}"
                + (f"; counter-example: {one.counter_example}." if one.counter_example else "."),
                *(cite("gate", found, f"checks.{place}.{name}") for name in ("outcome", "detail", "counter_example")),
            )


def _times(found: Interval) -> str:
    return f"{found.value:.3g}× [{found.low:.3g}, {found.high:.3g}]"
