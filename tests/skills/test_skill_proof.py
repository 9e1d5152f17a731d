"""The last steps of a skill that mends: what is proved is proposed, everything else keeps its remedy and says why."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from effnb.domain import Check, Fix, Interval, Proposal, Verification
from effnb.skills import Account, StepFailed, mended, prove_fix

FIX = Fix(
    id="fix-1", kind="code", title="Restore the cache", pattern="lost-memo", subject="reg-1", service="web",
    function="shop:rate", base="a" * 40, diff="--- a/x\n+++ b/x\n", made_by="rule lost-memo 1",
    narrows="Hashable only.",
)  # fmt: skip
REMEDY = Proposal(
    what="Put it back", where="shop.py", proposed="@cache", verify=("Same results.",), revert="Remove it."
)


def verdict(name: str, reason: str = "8.4 times as fast", **more) -> Verification:
    return Verification(fix="fix-1", verdict=name, reason=reason, at=datetime(2026, 1, 1, tzinfo=UTC), **more)


def drive(generator, *answers):
    """The result of a playbook's part; exceptions among the answers are raised in it."""
    next(generator)
    for answer in answers:
        try:
            generator.throw(answer) if isinstance(answer, Exception) else generator.send(answer)
        except StopIteration as end:
            return end.value
    raise AssertionError("it asks for more")


def ended(account, *answers):
    described = account.end("explained", "A cache was lost.", "Ask Ada.", proposal=REMEDY)
    return drive(mended(account, described, "reg-1"), *answers)


def test_a_verified_fix_is_proposed_beside_its_remedy():
    gain = {"speedup": Interval(value=8.4, low=8.3, high=8.5), "control": Interval(value=1, low=0.99, high=1.01)}
    found = ended(Account(), FIX, verdict("verified", saved_share=Interval(value=0.017, low=0.016, high=0.02), **gain))
    assert (found.status, found.proposal, found.gaps) == ("fix_proposed", REMEDY, ())
    assert found.summary.endswith("is proved: 8.4× [8.3, 8.5] as fast, 1.70 % [1.60 %, 2.00 %] of web's CPU saved.")
    assert "Hashable only." in found.next_steps[1]


def test_a_setting_that_is_proved_stays_a_config_change():
    assert ended(Account(), FIX.model_copy(update={"kind": "config"}), verdict("verified")).status == "config_change"


@pytest.mark.parametrize("name", ["rejected", "underpowered", "needs_review", "gain_unproven", "refused", "not_run"])
def test_any_other_verdict_keeps_the_conclusion_with_one_gap(name):
    found = ended(Account(), FIX, verdict(name, "no gain is shown"))
    assert (found.status, found.proposal) == ("explained", REMEDY)
    assert found.gaps == (f"gate ({name}): no gain is shown",)


def test_a_refused_or_unjudged_fix_keeps_the_conclusion_with_its_reason():
    refused = ended(Account(), StepFailed("fix", "failed", "it was edited"))
    assert (refused.status, refused.gaps) == ("explained", ("fix (failed): it was edited",))
    denied = ended(Account(), FIX, StepFailed("gate", "denied", "not today"))
    assert (denied.status, denied.gaps) == ("explained", ("gate (denied): not today",))


def test_the_check_that_failed_is_told_with_its_counter_example():
    account = Account()
    check = Check(name="behaviour", outcome="failed", detail="1.0 became 2.0", counter_example="rate(0)")
    proof = drive(prove_fix(account, "reg-1"), FIX, verdict("rejected", checks=(check,)))
    assert not proof.holds
    assert proof.failure == check
    assert account.findings[-1].claim == "The check behaviour failed: 1.0 became 2.0; counter-example: rate(0)."
