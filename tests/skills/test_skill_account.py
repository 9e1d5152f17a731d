"""What playbooks share: gaps instead of exceptions, conclusions with all findings, patches read line by line."""

from __future__ import annotations

from effnb.domain import Listing, Owner
from effnb.skills import Account, StepFailed, change_name, cite, owner_of, patch_lines, percent, points

PATCH = """\
diff --git a/shop/old.py b/shop/new.py
index dc305a3..c79fab3 100644
--- a/shop/old.py
+++ b/shop/new.py
@@ -2,3 +2,3 @@ def f():
 same
-+++ looks like a header
+--- and so does this
diff --git a/gone.py b/gone.py
deleted file mode 100644
--- a/gone.py
+++ /dev/null
@@ -1 +0,0 @@
-last
"""


def drive(generator, *answers):
    """The calls and the result of a playbook's part; exceptions among the answers are raised in it."""
    calls = [next(generator)]
    for answer in answers:
        try:
            go_on = generator.throw if isinstance(answer, StepFailed) else generator.send
            calls.append(go_on(answer))
        except StopIteration as end:
            return calls, end.value
    raise AssertionError("it asks for more")


def test_a_failed_step_is_a_gap_and_no_exception():
    account = Account()
    asked = account.ask("owner", "Who?", "who_owns", Owner, target="web", path=None)
    calls, result = drive(asked, StepFailed("owner", "denied", "not now"))
    assert (calls[0].tool, calls[0].args) == ("who_owns", {"target": "web"})
    assert result is None
    assert account.gaps == ["owner (denied): not now"]


def test_a_conclusion_holds_findings_and_gaps_in_order():
    account = Account(gaps=["x: y"])
    listing = Listing[Owner](rows=(), searched="nowhere", total=0)
    account.claim("Nothing is there.", cite("owners", listing, "total"))
    ended = account.end("not_found", "None.", "Look elsewhere.")
    assert [one.claim for one in ended.findings] == ["Nothing is there."]
    assert (ended.gaps, ended.next_steps, ended.cause) == (("x: y",), ("Look elsewhere.",), None)


def test_nobody_on_record_is_no_owner():
    account = Account()
    _, owner = drive(owner_of(account, "web"), Owner(target="web", owner=None, said_by="OWNERS: several"))
    assert owner is None
    assert (account.findings, account.gaps) == ([], [])


def test_an_owner_is_named_with_evidence():
    account = Account()
    found = Owner(target="web", owner="Web", contact="web@shop.example", said_by="OWNERS: web/")
    _, owner = drive(owner_of(account, "web"), found)
    assert owner == found
    assert account.findings[0].claim == "Web (web@shop.example) answers for web."


def test_a_patch_is_read_by_file_and_sign():
    assert list(patch_lines(PATCH)) == [
        ("shop/new.py", " ", "same"),
        ("shop/new.py", "-", "+++ looks like a header"),
        ("shop/new.py", "+", "--- and so does this"),
        ("gone.py", "-", "last"),
    ]


def test_numbers_and_names_as_they_are_said():
    assert (points(0.0213), percent(0.0449), percent(-0.1)) == ("2.13 points", "+4.5 %", "-10.0 %")
    assert change_name("440e28b45eef7f361b61acd0dab63b44c5f3fbf8", "Group") == "440e28b45eef “Group”"
    assert change_name("config:search.max_candidates") == "config:search.max_candidates"
