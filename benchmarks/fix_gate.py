"""What the gate lets through: planted inefficiencies of the storefront, 134 hostile fixes, code that gains nothing.

    python benchmarks/fix_gate.py [--quick] [--json] [--only PART]

``planted``: the eleven causes and inefficiencies of ``truth.json``, with the fixes that our own rules write and the
recorded workloads. ``adversarial``: see ``_adversaries.py``. ``identical``: the same code in other words. ``speed``:
code that is really 5 % or 10 % faster, with two CPU hogs running. Candidate code runs in the sandbox or not at all.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import _spare
from _adversaries import REPOSITORY, Function, adversaries, right_fix
from _planted import Planted, planted

from effnb.domain import Fix, Verification
from effnb.settings import VerifySettings
from effnb.verify import (
    FunctionWorkload,
    Policy,
    Sandbox,
    ServiceWorkload,
    Subject,
    best_sandbox,
    encoded_call,
    policy_for,
    verify_candidate,
)

PARTS = ("planted", "adversarial", "identical", "speed")


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    identical: int
    true_5: int
    true_10: int


QUICK, FULL = Size(10, 10, 10), Size(50, 30, 30)


def say(text: str) -> None:
    """Progress, on stderr."""
    print(text, file=sys.stderr, flush=True)


# -- parts -------------------------------------------------------------------------------------------------------


def run_planted(sandbox: Sandbox) -> dict[str, Any]:
    """The verdict on every planted cost."""
    found: list[Verification] = []
    names: list[str] = []
    with tempfile.TemporaryDirectory(prefix="effnb-planted-") as folder:
        for case in planted(Path(folder)):
            verdict = _verify_planted(case, sandbox)
            if verdict is None:
                names.append(f"{case.name}: refused: {case.refusal}")
                say(f"planted {names[-1]}")
                continue
            found.append(verdict)
            names.append(f"{case.name}: {verdict.verdict}: {verdict.reason}")
            say(f"planted {names[-1]} ({verdict.seconds:.1f} s)")
    verified = sum(one.verdict == "verified" for one in found)
    return {
        "planted": len(names),
        "planted_verified": verified / len(names),
        "planted_verdicts": names,
        "median_gate_s": round(median(one.seconds for one in found), 2),
    }


def _verify_planted(case: Planted, sandbox: Sandbox) -> Verification | None:
    if case.fix is None:
        return None
    return verify_candidate(case.fix, case.repository, case.subject, policy_for(case.fix, VerifySettings()), sandbox)


def run_adversarial(sandbox: Sandbox) -> dict[str, Any]:
    """How many hostile fixes are accepted, and what rejected the others; right fixes of the same functions beside."""
    requests = _requests()
    accepted: list[str] = []
    by_check: Counter[str] = Counter()
    by_kind: dict[str, Counter[str]] = {}
    every = adversaries()
    for number, one in enumerate(every, 1):
        found = _verify_text(one.function, one.diff, requests, sandbox)
        stopped = _stopped_by(found)
        by_check[stopped] += 1
        by_kind.setdefault(one.kind, Counter())[stopped] += 1
        if found.verdict == "verified":
            accepted.append(f"{one.kind} on {one.function.name}")
        say(f"adversarial {number}/{len(every)} {one.kind} on {one.function.name}: {found.verdict} ({_short(found)})")
    functions = {one.function.name: one.function for one in every}
    right = [_verify_text(function, right_fix(function), requests, sandbox) for function in functions.values()]
    for function, found in zip(functions, right, strict=True):
        say(f"right fix of {function}: {found.verdict} ({_short(found)})")
    return {
        "adversarial": len(every),
        "adversarial_accepted": len(accepted),
        "adversarial_kinds": len(by_kind),
        "adversarial_functions": len(functions),
        "accepted": accepted,
        "rejected_by": dict(by_check.most_common()),
        "rejected_by_kind": {kind: dict(counts) for kind, counts in by_kind.items()},
        "right_fixes": len(right),
        "right_fixes_verified": sum(found.verdict == "verified" for found in right),
    }


def _verify_text(function: Function, diff: str, requests: dict[str, list[Any]], sandbox: Sandbox) -> Verification:
    fix = _fix(f"{function.module}:{function.name}", diff)
    return verify_candidate(fix, REPOSITORY, _toolbox_subject(function, requests), Policy(), sandbox)


def run_identical(sandbox: Sandbox, count: int) -> dict[str, Any]:
    """How often code that only says the same in other words is accepted."""
    found = []
    with _spare.repository() as folder:
        for number in range(count):
            case = _spare.identical(number)
            found.append(_verify_spare(folder, case, sandbox, Policy(seed=number * 100)))
            say(f"identical {number + 1}/{count}: {found[-1].verdict} ({_short(found[-1])})")
    return {"identical": count, "identical_accepted": sum(one.verdict == "verified" for one in found)}


def run_speed(sandbox: Sandbox, size: Size) -> dict[str, Any]:
    """How often a true 5 % is seen and a true 10 % is accepted, beside two CPU hogs."""
    seen, accepted = [], []
    with _hogs(2), _spare.repository() as folder:
        for number in range(size.true_5):
            policy = Policy(seed=number * 100, without=frozenset({"style", "tests", "reprofile", "saving", "evidence"}))
            found = _verify_spare(folder, _spare.faster(number, 5), sandbox, policy)
            seen.append(found.speedup is not None and found.speedup.low > 1)
            say(f"true 5 % {number + 1}/{size.true_5}: {_ratio(found)}")
        for number in range(size.true_10):
            found = _verify_spare(folder, _spare.faster(number, 10), sandbox, Policy(seed=number * 100))
            accepted.append(found.verdict == "verified")
            say(f"true 10 % {number + 1}/{size.true_10}: {found.verdict} {_ratio(found)} ({_short(found)})")
    return {
        "true_5_percent": len(seen),
        "true_5_percent_detected": sum(seen) / len(seen),
        "true_10_percent": len(accepted),
        "true_10_percent_accepted": sum(accepted) / len(accepted),
    }


def _verify_spare(folder: Path, case: _spare.Case, sandbox: Sandbox, policy: Policy) -> Verification:
    samples = tuple(encoded_call((seed,), {}).model_copy(update={"n": 10}) for seed in range(40))
    workload = FunctionWorkload(
        function=case.function, service="spare", calls=400, distinct=40, repeat_rate=0.9, samples=samples
    )
    service = ServiceWorkload(service="spare", command=("python", "-m", "spare.drive", "{requests}"), requests=900)
    return verify_candidate(
        _fix(case.function, case.diff), folder, Subject(workload=workload, service=service), policy, sandbox
    )


# -- what they share ---------------------------------------------------------------------------------------------


def _fix(function: str, diff: str) -> Fix:
    return Fix(
        id=f"fix-{abs(hash(diff)):x}",
        kind="code",
        title="candidate",
        pattern="none",
        subject="benchmark",
        service="benchmark",
        function=function,
        base="",
        diff=diff,
        made_by="benchmark",
    )


def _requests() -> dict[str, list[Any]]:
    """The arguments the toolbox' own driver uses."""
    code = (
        "import json, sys; sys.path.insert(0, '.'); from toolbox.requests import REQUESTS; print(json.dumps(REQUESTS))"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def _toolbox_subject(function: Function, requests: dict[str, list[Any]]) -> Subject:
    calls = requests[function.name]
    samples = tuple(encoded_call(args, {}).model_copy(update={"n": 8}) for args in calls)
    workload = FunctionWorkload(
        function=f"{function.module}:{function.name}",
        service="toolbox",
        calls=8 * len(calls),
        distinct=len(calls),
        repeat_rate=7 / 8,
        samples=samples,
    )
    service = ServiceWorkload(service="toolbox", command=("python", "-m", "toolbox.drive", "{requests}"), requests=900)
    return Subject(workload=workload, service=service)


def _stopped_by(found: Verification) -> str:
    check = next((one for one in found.checks if one.outcome in ("failed", "broken")), None)
    return check.name if check else found.verdict


def _short(found: Verification) -> str:
    return found.reason if len(found.reason) < 160 else f"{found.reason[:159]}…"


def _ratio(found: Verification) -> str:
    one = found.speedup
    return f"{one.value:.3f} [{one.low:.3f}, {one.high:.3f}]" if one else f"no ratio: {_short(found)}"


@contextmanager
def _hogs(count: int) -> Iterator[None]:
    """Processes that want a CPU each, all the time."""
    hogs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, all adversaries")
    parser.add_argument("--json", action="store_true", help="one JSON value and nothing else")
    parser.add_argument("--only", choices=PARTS, action="append", help="this part; may be repeated")
    options = parser.parse_args(arguments)
    sandbox = best_sandbox()
    if sandbox is None:
        sys.exit("fix_gate: no strong sandbox on this machine, so no candidate is run; see `effnb doctor`")
    size = QUICK if options.quick else FULL
    runs = {
        "planted": lambda: run_planted(sandbox),
        "adversarial": lambda: run_adversarial(sandbox),
        "identical": lambda: run_identical(sandbox, size.identical),
        "speed": lambda: run_speed(sandbox, size),
    }
    started = time.monotonic()
    result: dict[str, Any] = {}
    for part in options.only or PARTS:
        result |= runs[part]()
    result["seconds"] = round(time.monotonic() - started, 1)
    if options.json:
        print(json.dumps(result))
    else:
        for name, value in result.items():
            print(f"{name:28} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
