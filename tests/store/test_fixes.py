from __future__ import annotations

from datetime import UTC, datetime

import pytest

from effnb.domain import Delivery, Fix, PullRequest, Verification
from effnb.errors import NotFound, StoreError
from effnb.store import FixStore, Records, State

AT = datetime(2026, 11, 1, tzinfo=UTC)


def fix(key: str, subject: str = "opp-1", pattern: str = "list-membership") -> Fix:
    return Fix(
        id=key, kind="code", title=f"Fix {key}", pattern=pattern, subject=subject, function="m:f", base="", diff="d",
        made_by="rule",
    )  # fmt: skip


def proved(key: str, verdict: str = "verified") -> Verification:
    return Verification(fix=key, verdict=verdict, reason="because it was measured", at=AT)


@pytest.fixture
def records(tmp_path):
    state = State(tmp_path / "state.db")
    yield Records(state)
    state.close()


def test_everything_known_of_a_fix_comes_together(records):
    store = FixStore(records)
    store.add(fix("fix-1"))
    assert store.record("fix-1").verification is None
    store.add_verification(proved("fix-1", "underpowered"))
    store.add_verification(proved("fix-1"))
    store.add_delivery(Delivery(fix="fix-1", state="applied", folder=".", files=(), at=AT))
    pull = PullRequest(number=1, title="t", body="b", branch="effnb/x", base_branch="main", head="0", url="u")
    store.add_pull("fix-1", pull)
    found = store.record("fix-1")
    assert (found.verification.verdict, found.delivery.state, found.pull) == ("verified", "applied", pull)


def test_the_same_fix_again_keeps_what_is_known(records):
    store = FixStore(records)
    store.add(fix("fix-1"))
    store.add_verification(proved("fix-1"))
    store.add(fix("fix-1"))
    assert [one.id for one in store.all()] == ["fix-1"]
    assert store.verification("fix-1").verdict == "verified"


def test_verified_fixes_of_a_pattern_are_examples_for_the_next(records):
    store = FixStore(records)
    for key, verdict in (("fix-1", "verified"), ("fix-2", "rejected"), ("fix-3", "verified")):
        store.add(fix(key))
        store.add_verification(proved(key, verdict))
    store.add(fix("fix-4", pattern="other"))
    assert [one.id for one in store.record("fix-3").examples] == ["fix-1"]
    assert store.record("fix-4").examples == ()


def test_fixes_are_listed_by_subject_newest_first(records):
    store = FixStore(records)
    for key, subject in (("fix-1", "a"), ("fix-2", "b"), ("fix-3", "a")):
        store.add(fix(key, subject))
    assert [one.id for one in store.all("a")] == ["fix-3", "fix-1"]


def test_an_unknown_fix_names_the_nearest(records):
    store = FixStore(records)
    with pytest.raises(NotFound, match="no fix 'fix-9'; make one with `effnb resolve`"):
        store.get("fix-9")
    store.add(fix("fix-1"))
    with pytest.raises(NotFound, match="did you mean 'fix-1'"):
        store.get("fix-11")


def test_a_record_of_another_shape_is_said(records):
    records.add("fix", "fix-1", proved("fix-1"))
    with pytest.raises(StoreError, match="a filed Fix cannot be read"):
        records.newest("fix", "fix-1", Fix)
