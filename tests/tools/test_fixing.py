"""Fixes from causes, and their way into files and a forge, on a small repository."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from effnb.domain import (
    Candidate,
    ChangePoint,
    Confirmation,
    Fix,
    Opportunity,
    Regression,
    RootCause,
    Verification,
    Window,
)
from effnb.errors import AnalysisError, ToolFailed
from effnb.session import open_session
from effnb.tools import _fixing

AT = datetime(2026, 10, 10, tzinfo=UTC)
TOML = """
[sources]
repository = "repo"
config_history = "config.jsonl"
config_repository = "settings"
"""
BEFORE = (
    "import re\n\nSKU = re.compile('[0-9]+')\n\n\ndef numbers(skus):\n    return [SKU.match(sku) for sku in skus]\n"
)
AFTER = """import re


def numbers(skus, prefix):
    found = []
    for sku in skus:
        pattern = re.compile(prefix + "[0-9]+")
        found.append(pattern.match(sku))
    return found
"""


IDENTITY = {"NAME": "Ana", "EMAIL": "ana@example.org", "DATE": "2026-10-09T00:00:00Z"}


def git(folder, *arguments):
    who = {f"GIT_{role}_{part}": IDENTITY[part] for role in ("AUTHOR", "COMMITTER") for part in IDENTITY}
    env = {**os.environ, **who, "GIT_CONFIG_GLOBAL": os.devnull}
    done = subprocess.run(["git", "-C", str(folder), *arguments], env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(folder, message, **files):
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", message)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "effnb.toml").write_text(TOML)
    change = {"change_id": "config:search.most", "key": "search.most", "old": 110, "new": 140, "service": "search",
              "at": AT.isoformat(), "author": "search@example.org", "title": "More <results>"}  # fmt: skip
    (tmp_path / "config.jsonl").write_text(json.dumps(change) + "\n")
    for name in ("repo", "settings"):
        (tmp_path / name).mkdir()
        git(tmp_path / name, "init", "-q", "-b", "main")
    commit(tmp_path / "settings", "140", search__toml="[search]\nmost = 140\n")
    opened = open_session(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def repo(shop):
    return shop.workspace.root / "repo"


def regression(function="shop:numbers", service="jobs"):
    point = ChangePoint(at=AT, earliest=AT, latest=AT)
    return Regression(
        id="reg-1", service=service, function=function, change_point=point,
        baseline=Window(start=AT - timedelta(days=2), end=AT), analysis=Window(start=AT, end=AT + timedelta(days=2)),
        before=0.01, after=0.03, absolute_delta=0.02, relative_delta=2.0, low=0.019, high=0.021,
    )  # fmt: skip


def candidate(change, kind="code", score=0.9, attribution=1.0):
    return Candidate(
        change_id=change, kind=kind, title="t", author="ana@example.org", reached_at=AT, score=score,
        attribution=attribution, timing=1.0, functions=("shop:numbers",),
    )  # fmt: skip


def tried(shop, change, verdict):
    found = Confirmation(regression="reg-1", service="jobs", change=change, verdict=verdict, reason="1.3×", at=AT)
    shop.workspace.records.add("confirmation", "reg-1", found)


def with_cause(monkeypatch, *candidates):
    root = RootCause(change_id=candidates[0].change_id, score=candidates[0].score, reason="r", candidates=candidates)
    monkeypatch.setattr(_fixing, "causes_of", lambda *_: root)


def test_what_a_change_brought_in_is_what_its_fix_removes(shop, repo, monkeypatch):
    commit(repo, "first", shop__py=BEFORE)
    cause = commit(repo, "prefix", shop__py=AFTER)
    commit(repo, "later", README="x\n")
    with_cause(monkeypatch, candidate(cause))
    tried(shop, cause, "reproduced")
    made = _fixing.fix_regression(shop.workspace, regression())
    assert (made.pattern, made.cause, made.reviewer) == ("regex-in-loop", cause, "ana@example.org")
    assert made.base == git(repo, "rev-parse", "HEAD")
    assert '-        pattern = re.compile(prefix + "[0-9]+")' in made.diff


def test_without_a_replay_no_author_is_asked_and_the_text_says_so(shop, repo, monkeypatch):
    commit(repo, "first", shop__py=BEFORE)
    with_cause(monkeypatch, candidate(commit(repo, "prefix", shop__py=AFTER)))
    made = _fixing.fix_regression(shop.workspace, regression())
    assert made.reviewer is None
    assert "not confirmed by a replay" in made.rationale


def test_a_pattern_that_was_there_before_is_not_the_causes(shop, repo, monkeypatch):
    commit(repo, "first", shop__py=AFTER)
    cause = commit(repo, "comment", shop__py=AFTER.replace("found = []", "found = []  # newest first"))
    with_cause(monkeypatch, candidate(cause))
    with pytest.raises(AnalysisError, match=r"no pattern we know was brought in.*--revert"):
        _fixing.fix_regression(shop.workspace, regression())


@pytest.mark.parametrize(("second", "attribution"), [(0.5, 1.0), (0.1, 0.4)])
def test_a_cause_that_does_not_stand_clear_needs_a_person(shop, repo, monkeypatch, second, attribution):
    commit(repo, "first", shop__py=BEFORE)
    cause = commit(repo, "prefix", shop__py=AFTER)
    with_cause(monkeypatch, candidate(cause, attribution=attribution), candidate("other", score=second))
    with pytest.raises(AnalysisError, match="run `effnb confirm reg-1`"):
        _fixing.fix_regression(shop.workspace, regression())
    tried(shop, cause, "reproduced")
    assert _fixing.fix_regression(shop.workspace, regression()).cause == cause


def test_a_cause_that_a_replay_refutes_gets_no_fix(shop, repo, monkeypatch):
    commit(repo, "first", shop__py=BEFORE)
    cause = commit(repo, "prefix", shop__py=AFTER)
    with_cause(monkeypatch, candidate(cause))
    tried(shop, cause, "not_reproduced")
    with pytest.raises(AnalysisError, match="a replay did not reproduce"):
        _fixing.fix_regression(shop.workspace, regression())


def test_a_setting_is_set_back_in_the_file_that_holds_it(shop, monkeypatch):
    with_cause(monkeypatch, candidate("config:search.most", kind="config"))
    made = _fixing.fix_regression(shop.workspace, regression(service="search"))
    assert (made.kind, made.cause) == ("config", "config:search.most")
    assert "-most = 140\n+most = 110\n" in made.diff
    assert _fixing.fix_folder(shop.workspace, made) == shop.workspace.root / "settings"


def test_a_revert_says_what_it_also_undoes(shop, repo, monkeypatch):
    two = BEFORE + "\n\ndef other():\n    return 1\n"
    commit(repo, "first", shop__py=two)
    cause = commit(repo, "both", shop__py=AFTER + "\n\ndef other():\n    return 2\n")
    with_cause(monkeypatch, candidate(cause))
    made = _fixing.revert_regression(shop.workspace, regression())
    assert "shop:other" in made.narrows
    assert "+    return 1\n" in made.diff


@pytest.fixture
def stored(shop, repo):
    """A fix that was filed and verified."""
    base = commit(repo, "first", shop__py="x = 1\ny = 2\n")
    fix = Fix(
        id="fix-1", kind="code", title="Make x two", pattern="p", subject="opp-1", service="jobs", function="shop:f",
        base=base, diff="--- a/shop.py\n+++ b/shop.py\n@@ -1,2 +1,2 @@\n-x = 1\n+x = 2\n y = 2\n", made_by="rule",
        reviewer="ana@example.org",
    )  # fmt: skip
    shop.workspace.fixes.add(fix)
    found = Opportunity(
        id="opp-1", pattern="p", title="x is one", file="shop.py", function="shop:f", line=1, last_line=1,
        confidence="high", risk="low", fixable=True, service="jobs", cost=0.041,
    )  # fmt: skip
    shop.workspace.records.add("opportunity", "opp-1", found)
    return fix


def prove(shop, verdict="verified"):
    shop.workspace.fixes.add_verification(Verification(fix="fix-1", verdict=verdict, reason="2× as fast", at=AT))


def test_a_draft_is_not_delivered(shop, repo, stored):
    for deliver in (shop.apply_fix, shop.open_pull_request):
        with pytest.raises(ToolFailed, match="fix-1 is a draft: nothing is proved"):
            deliver("fix-1")
    prove(shop, "underpowered")
    with pytest.raises(ToolFailed, match=r"not verified but underpowered: 2× as fast; --unproved"):
        shop.apply_fix("fix-1")
    assert (repo / "shop.py").read_text() == "x = 1\ny = 2\n"
    shop.apply_fix("fix-1", unproved=True)
    assert (repo / "shop.py").read_text() == "x = 2\ny = 2\n"


def test_a_person_applies_and_takes_back(shop, repo, stored):
    prove(shop)
    assert shop.apply_fix("fix-1").delivery.state == "applied"
    assert (repo / "shop.py").read_text() == "x = 2\ny = 2\n"
    assert shop.undo_fix("fix-1").delivery.state == "undone"
    assert (repo / "shop.py").read_text() == "x = 1\ny = 2\n"
    delivered = [one for one in shop.workspace.audit.entries() if one.tool in ("apply_fix", "undo_fix")]
    assert [one.outcome for one in delivered if one.outcome in ("approved", "success")] == [
        "approved", "success", "approved", "success",
    ]  # fmt: skip


def test_a_pull_request_is_opened_once_with_its_evidence(shop, repo, stored):
    prove(shop)
    first = shop.open_pull_request("fix-1").pull
    again = shop.open_pull_request("fix-1").pull
    assert (first.number, again.number, again.created) == (1, 1, False)
    assert first.reviewers == ("ana@example.org",)
    assert "4.10% of the CPU of `jobs`" in first.body
    assert "**verified**: 2× as fast" in first.body
    bare = shop.workspace.root / ".effnb" / "forge" / "repo" / "repository.git"
    assert git(bare, "show", f"{first.branch}:shop.py") == "x = 2\ny = 2"
    assert (repo / "shop.py").read_text() == "x = 1\ny = 2\n"


def test_without_a_persons_word_nothing_is_written(shop, repo, stored):
    from effnb.errors import ApprovalNeeded

    prove(shop)
    with pytest.raises(ApprovalNeeded, match="waits for a person"):
        shop.tools.apply_fix(fix="fix-1")
    assert (repo / "shop.py").read_text() == "x = 1\ny = 2\n"


def test_what_is_not_known_is_named(shop):
    with pytest.raises(ToolFailed, match="no opportunity or regression 'reg-9'"):
        shop.tools.propose_fix(subject="reg-9")
    assert shop.fix_of("reg-9") is None
