"""The gate as a whole: what it lets through, what it does not, and how it says so."""

from __future__ import annotations

import subprocess

import pytest

from effnb.domain import Verification
from effnb.errors import SourceError
from effnb.verify._gate import CHECKS, Subject, verify_candidate
from effnb.verify._policy import Policy
from tests.verify.conftest import MODULE, SERVICE, TESTS, cached, diff_of, make_fix, new_module

CHEAP = ("parse", "style", "target")


def only(*names: str, **more) -> Policy:
    """The cheap checks and those that are named."""
    return Policy(without=frozenset(set(CHECKS) - {*CHEAP, *names}), **more)


def outcome(found: Verification, name: str) -> str:
    return next(check.outcome for check in found.checks if check.name == name)


def failure(found: Verification) -> tuple[str, str]:
    """The check that rejected, and what it said."""
    check = next(check for check in found.checks if check.outcome == "failed")
    return check.name, f"{check.detail} {check.counter_example}"


@pytest.mark.slow
def test_a_cache_that_helps_is_verified_with_everything_measured(verify):
    found = verify(cached())
    assert found.verdict == "verified", found.reason
    assert [check.name for check in found.checks] == list(CHECKS)
    assert {check.outcome for check in found.checks} == {"passed"}
    assert found.speedup.low > 1.3 > found.control.high
    assert 0 < found.saved_share.low <= found.saved_share.value <= found.saved_share.high < 1
    assert found.tests == 8
    assert found.examples > 200
    assert found.workload == "shop/shop.prices:factor"
    assert found.sandbox.startswith("bubblewrap")


@pytest.mark.slow
def test_the_same_speed_is_no_gain(verify):
    found = verify(new_module(("present += growth**-month", "present = present + growth**-month")))
    assert found.verdict in ("rejected", "underpowered")
    assert failure(found)[0] in ("speed", "saving")


@pytest.mark.parametrize(
    ("function", "pairs", "check", "said"),
    [
        ("factor", [("present = 0.0", "present = 0.0 +")], "parse", "does not parse"),
        ("factor", [("present = 0.0", "present = 0.0  # nought")], "parse", "only comments"),
        ("factor", [("    growth = 1.0", "    unused = 1\n    growth = 1.0")], "style", "F841"),
        ("factor", [("range(1, months + 1)", "range(1, months)")], "tests", "test_without_interest"),
        ("factor", [("1.0 / present", "round(1.0 / present, 9)")], "behaviour", "returns"),
        ("factor", [("percent / 1200.0", "percent / (1200.0 if percent != 77.5 else 1.0)")], "behaviour", "77.5"),
    ],
    ids=["syntax", "comment", "lint", "off-by-one", "rounding", "one-value"],
)
def test_what_is_wrong_is_rejected_by_its_check(verify, function, pairs, check, said):
    found = verify(new_module(*pairs), function, policy=only(check))
    assert found.verdict == "rejected"
    name, detail = failure(found)
    assert name == check
    assert said in detail


def test_a_memo_that_hands_out_its_own_list_is_found_by_spoiling_it(verify):
    found = verify(cached("tags"), "tags", policy=only("behaviour"))
    assert failure(found)[0] == "behaviour"
    assert "effnb-spoilt" in failure(found)[1]


def test_a_stale_cache_is_found_by_changing_what_it_forgot(verify):
    found = verify(cached("rounded"), "rounded", policy=only("behaviour"))
    assert failure(found)[0] == "behaviour"
    assert "logs" in failure(found)[1] or "_settings" in failure(found)[1]
    quiet = new_module(('    log.debug("rounding %d", cents)\n', ""))
    assert "logs 0 records instead of 1" in failure(verify(quiet, "rounded", policy=only("behaviour")))[1]


def test_a_cache_without_bound_is_rejected(verify):
    found = verify(cached(decorator="lru_cache(maxsize=None)"), policy=only("behaviour", "memory"))
    assert failure(found) == ("memory", "shop.prices.factor is a cache without a bound ")


def test_a_memo_that_grows_for_ever_is_rejected(verify):
    memo = new_module(
        ("def factor(", "_known: dict[tuple[float, int], float] = {}\n\n\ndef factor("),
        (
            "    growth = 1.0",
            "    if (percent, months) in _known:\n        return _known[percent, months]\n    growth = 1.0",
        ),
        ("    return 1.0 / present\n", "    _known[percent, months] = 1.0 / present\n    return 1.0 / present\n"),
    )
    found = verify(memo, policy=only("behaviour", "memory"))
    assert failure(found)[0] == "memory"
    assert "_known grows with every distinct call" in failure(found)[1]


def test_code_that_leaves_before_its_result_has_given_none(verify):
    leaving = new_module(("    growth = 1.0", "    if months > 900:\n        raise SystemExit(0)\n    growth = 1.0"))
    assert failure(verify(leaving, policy=only("behaviour")))[0] == "behaviour"


# -- evidence and gain -------------------------------------------------------------------------------------------


def test_without_recorded_calls_no_gain_is_shown(verify):
    found = verify(cached(), subject=Subject(service=SERVICE), policy=only("speed", "saving"))
    assert found.verdict == "gain_unproven"
    assert "no recorded calls" in found.reason
    assert found.speedup is None


def test_thin_evidence_needs_a_person(verify):
    found = verify(cached(), policy=only("tests", "behaviour", "evidence", min_tests=99, min_examples=99_999))
    assert found.verdict == "needs_review"
    assert "8 tests and" in found.reason


# -- bad input ---------------------------------------------------------------------------------------------------


def test_without_a_sandbox_nothing_is_run(shop):
    found = verify_candidate(make_fix(diff_of(MODULE, cached())), shop, Subject(), Policy(), None)
    assert (found.verdict, found.checks, found.sandbox) == ("not_run", (), "")
    assert "no strong sandbox" in found.reason


def test_a_diff_for_another_base_is_refused(verify, shop):
    diff = diff_of(MODULE, cached())
    (shop / "shop/prices.py").write_text(cached())
    found = verify(diff=diff)
    assert found.verdict == "refused"
    assert "does not apply" in found.reason


def test_the_users_files_stay_as_they_are(verify, shop):
    def files() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in shop.rglob("*") if path.is_file()}

    before = files()
    verify(cached(), policy=only("tests", "behaviour"))
    assert files() == before


def test_a_dirty_worktree_does_not_matter_when_the_base_is_a_commit(verify, shop):
    git = ["git", "-C", str(shop), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "one"], check=True)
    (shop / "shop/prices.py").write_text("def broken(")
    found = verify(cached(), base="HEAD", policy=only("tests"))
    assert outcome(found, "tests") == "passed", found.reason
    with pytest.raises(SourceError, match="no revision 'gone'"):
        verify(cached(), base="gone", policy=only("tests"))


def test_windows_line_ends_and_a_byte_order_mark_are_kept_apart_from_the_change(verify, shop):
    def windows(text: str) -> bytes:
        return b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()

    (shop / "shop/prices.py").write_bytes(windows(MODULE))
    old, new = (windows(text).decode() for text in (MODULE, cached()))
    found = verify(diff=diff_of(old, new), policy=only("behaviour"))
    assert outcome(found, "behaviour") == "passed", found.reason


@pytest.mark.parametrize(
    ("tests", "verdict", "said"),
    [
        (None, "gain_unproven", "has no tests"),
        ("def broken(", "needs_review", "does it need building"),
        ("import shop._speedups\n", "needs_review", "does it need building"),
        ("import time\n\n\ndef test_hangs():\n    time.sleep(60)\n", "needs_review", "hang"),
        (
            "import urllib.request\n\n\ndef test_net():\n    urllib.request.urlopen('http://127.0.0.1:9/')\n",
            "needs_review",
            "passes here without the fix",
        ),
        (
            TESTS + "\n\ndef test_wrong():\n    assert False\n",
            "gain_unproven",
            "1 do not pass here without the fix either",
        ),
    ],
    ids=["none", "broken", "unbuilt", "hanging", "network", "one-red"],
)
def test_tests_that_say_nothing_are_no_failure_of_the_fix(verify, shop, tests, verdict, said):
    path = shop / "tests/test_prices.py"
    path.unlink() if tests is None else path.write_text(tests)
    found = verify(cached(), policy=only("tests", "saving", tests_seconds=10 if said == "hang" else 60))
    assert found.verdict == verdict, found.reason
    assert said in " ".join(check.detail for check in found.checks)


def test_a_test_that_fails_now_and_then_is_not_believed(verify, shop):
    flaky = """

def test_alone_or_without_the_fix(request):
    assert request.session.testscollected == 1 or "lru_cache" not in open("/src/shop/prices.py").read()
"""
    (shop / "tests/test_prices.py").write_text(TESTS + flaky)
    found = verify(cached(), policy=only("tests"))
    assert found.verdict == "needs_review"
    assert "test_alone_or_without_the_fix fails now and then" in found.reason
