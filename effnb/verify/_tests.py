"""Check ``tests``: the repository's own tests, taken from the base, pass with the fix wherever they passed before.

A test that fails without the fix says nothing about it, and one that fails now and then is not believed either.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from effnb.domain import Check
from effnb.verify._ask import NoAnswerError, ask
from effnb.verify._candidate import Candidate
from effnb.verify._checks import broken, failed, passed, skipped

NO_TESTS, INTERNAL, USAGE = 5, 3, 4  # exit statuses of pytest
AGAIN = 5
RERUNS = 3
_base_runs: dict[tuple[str, tuple[str, ...]], dict[str, Any]] = {}


def check_tests(candidate: Candidate) -> Check:
    """Whether what passed at the base still passes."""
    with ThreadPoolExecutor(2) as pool:
        before = pool.submit(_base, candidate)
        after = pool.submit(_run, candidate, candidate.new, lines=True)
        try:
            old = before.result()
        except NoAnswerError as error:
            after.exception()
            return _unusable(error)
        try:
            new = after.result()
        except NoAnswerError as error:
            return failed("tests", f"with the fix the tests gave no result: {error}")
    if old["code"] == NO_TESTS or not old["outcomes"]:
        return _without_tests(old)
    if new["code"] in (INTERNAL, USAGE):
        return failed("tests", "with the fix pytest itself stops", str(new["broken"][:1]))
    return _compare(candidate, old, new)


def _compare(candidate: Candidate, old: dict[str, Any], new: dict[str, Any]) -> Check:
    good = [name for name, outcome in old["outcomes"].items() if outcome == "passed"]
    if not good:
        first = next(iter(old["messages"].values()), "")
        return broken("tests", f"none of {len(old['outcomes'])} tests passes here without the fix: {first}")
    worse = [name for name in good if new["outcomes"].get(name) != "passed"]
    if worse:
        return _worse(candidate, worse, new)
    covering = [name for name in new["covering"] if name in set(good)]
    candidate.tests = len(covering)
    candidate.answers["lines by tests"] = new["lines"]
    rest = len(old["outcomes"]) - len(good)
    left = f"; {rest} do not pass here without the fix either and do not count" if rest else ""
    return passed("tests", f"{len(good)} tests pass as before, {len(covering)} cover the changed lines{left}")


def _worse(candidate: Candidate, worse: list[str], new: dict[str, Any]) -> Check:
    """Run what fails again on both sides, so that a flaky test refutes nothing."""
    some = worse[:AGAIN]
    try:
        base = [_run(candidate, candidate.old, only=some) for _ in range(RERUNS)]
        fixed = [_run(candidate, candidate.new, only=some) for _ in range(RERUNS)]
    except NoAnswerError as error:
        return failed("tests", f"{worse[0]} gives no result with the fix: {error}")
    for name in some:
        before = {run["outcomes"].get(name) for run in base}
        after = {run["outcomes"].get(name) for run in fixed}
        if before == {"passed"} and "passed" not in after:
            more = f", and {len(worse) - 1} more" if len(worse) > 1 else ""
            return failed(
                "tests", f"{name} passes without the fix and fails with it{more}", new["messages"].get(name, "")
            )
    return broken("tests", f"{some[0]} fails now and then, with the fix or without; mend or skip it")


def _base(candidate: Candidate) -> dict[str, Any]:
    """The tests without the fix; kept while this process runs, for several fixes often share a base."""
    base = candidate.fix.base
    key = (f"{candidate.answers.get('repository')}@{base}", candidate.policy.tests)
    if not base:
        return _run(candidate, candidate.old)
    if key not in _base_runs:
        _base_runs[key] = _run(candidate, candidate.old)
    return _base_runs[key]


def _run(candidate: Candidate, tree: Path, *, only: Sequence[str] = (), lines: bool = False) -> dict[str, Any]:
    policy = candidate.policy
    job = {
        "arguments": [word for word in policy.tests[1:] if word not in ("-m", "pytest")],
        "only": list(only),
        "file": f"/src/{candidate.file}" if lines and candidate.file else "",
        "lines": sorted(candidate.watched_lines) if lines and candidate.fix.kind == "code" else [],
    }
    return ask(
        candidate.sandbox,
        "run_tests.py",
        job,
        folder=tree,
        seconds=policy.tests_seconds,
        writable=True,
        memory_bytes=policy.memory_bytes,
    )


def _unusable(error: NoAnswerError) -> Check:
    if error.killed_for == "time":
        return broken(
            "tests", f"without the fix the tests hang: {error}; raise [verify] tests_seconds, or skip the test"
        )
    return broken("tests", f"without the fix the tests gave no result: {error}")


def _without_tests(old: dict[str, Any]) -> Check:
    if old["broken"]:
        return broken(
            "tests", f"the tests cannot be loaded without the fix: {old['broken'][0]}; does it need building?"
        )
    if old["code"] in (INTERNAL, USAGE):
        return broken("tests", "pytest does not start in this repository; see [verify] tests in effnb.toml")
    return skipped("tests", "the repository has no tests")
