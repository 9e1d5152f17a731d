"""Is what a fix was proved to save what the service then saves? Predicted against re-measured, on the storefront.

    python benchmarks/verified_savings.py [--quick] [--json] [--workspace DIR]

The demo workspace is built (or taken from DIR), its code scanned, and every fix of an opportunity that costs half a per
cent or more goes through the gate. What the gate verified states an interval: the share of the service's CPU that is
saved. Then the whole service runs without and with the fix, in the sandbox, side by side, for requests of seeds that
nothing before has seen; its start is taken off. ``inside_interval`` is the share of fixes whose re-measured saving
lies in the stated interval; the re-measurement's own 95 % interval is printed beside it.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

from _demo import demo_session

from effnb.domain import Fix, Interval, Opportunity, Verification
from effnb.errors import EffnbError
from effnb.session import Session
from effnb.verify import Sandbox, ServiceWorkload, best_sandbox, load_service_workload
from effnb.verify._ask import NoAnswerError, ask
from effnb.verify._trees import apply_diff, export
from effnb.verify._versions import add_meter

LEAST_COST = 0.005
ROUNDS = {True: 7, False: 15}
MOST_FIXES = {True: 6, False: 40}
FIRST_SEED = 7001
STARTS = 3
SECONDS = 240.0
SEED = 20261125


def main() -> None:
    """Build, verify, measure again, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="six fixes and fewer runs")
    parser.add_argument("--json", action="store_true", help="one JSON value on stdout")
    parser.add_argument("--workspace", type=Path, help="a demo workspace that is there already; fixes are filed in it")
    options = parser.parse_args()
    sandbox = best_sandbox()
    if sandbox is None:
        sys.exit("no strong sandbox on this machine, see `effnb doctor`; nothing was measured")
    with tempfile.TemporaryDirectory(prefix="effnb-savings-") as scratch, demo_session(options.workspace) as session:
        rows = [row for row in measured(session, sandbox, Path(scratch), quick=options.quick) if row]
    report(rows, as_json=options.json)


def measured(session: Session, sandbox: Sandbox, scratch: Path, *, quick: bool) -> list[dict[str, Any] | None]:
    """One row a verified fix, dearest opportunity first."""
    session.tools.scan_code(limit=1000)
    found = session.tools.list_opportunities(limit=1000).rows
    dear = [one for one in found if one.fixable and (one.cost or 0) >= LEAST_COST]
    say(f"{len(found)} opportunities, {len(dear)} of them fixable and dear enough")
    dear = sorted(dear, key=lambda one: -(one.cost or 0))[: MOST_FIXES[quick]]
    return [one_row(session, sandbox, scratch / one.id, one, ROUNDS[quick]) for one in dear]


def one_row(
    session: Session, sandbox: Sandbox, scratch: Path, opportunity: Opportunity, rounds: int
) -> dict[str, Any] | None:
    """A fix, what the gate says it saves, and what it saves or why that is not known; None when it is not verified."""
    try:
        fix: Fix = session.tools.propose_fix(subject=opportunity.id)
        verification: Verification = session.tools.verify_fix(fix=fix.id)
    except EffnbError as error:
        say(f"{opportunity.pattern} in {opportunity.function}: {error}")
        return None
    stated = verification.saved_share
    say(f"{opportunity.pattern} in {opportunity.function}: {verification.verdict}: {verification.reason}")
    if verification.verdict != "verified" or stated is None or fix.service is None:
        return None
    workload = load_service_workload(session.workspace.workloads / fix.service)
    try:
        saving, whole = remeasure(sandbox, session.workspace.repository.path, fix, workload, scratch, rounds)
    except NoAnswerError as error:
        say(f"  not measured again: {error}")
        return {"pattern": opportunity.pattern, "function": opportunity.function, "not_measured": str(error)}
    inside = stated.low <= saving.value <= stated.high
    place = "inside" if inside else "outside"
    say(f"  stated {words(stated)}, measured {words(saving)}, as a whole {words(whole)}: {place}")
    return {
        "function": fix.function,
        "pattern": fix.pattern,
        "service": fix.service,
        "stated": stated.model_dump(),
        "measured": saving.model_dump(),
        "whole": whole.model_dump(),
        "similarity": verification.similarity,
        "inside": inside,
    }


def remeasure(
    sandbox: Sandbox, repository: Path, fix: Fix, workload: ServiceWorkload, scratch: Path, rounds: int
) -> tuple[Interval, Interval]:
    """Share of the service's CPU that the fix saves in its target, and as a whole, each with its 95 % interval."""
    scratch.mkdir()
    scratch.chmod(0o755)
    trees = {"old": scratch / "old", "new": scratch / "new"}
    for tree in trees.values():
        export(repository, fix.base, tree)
    apply_diff(trees["new"], fix.diff)
    for tree in trees.values():
        add_meter(tree, fix.function)
    chooser = random.Random(SEED)
    with ThreadPoolExecutor(max_workers=2) as pool:

        def both(words: list[str]) -> dict[str, dict[str, float]]:
            order = chooser.sample(sorted(trees), 2)
            return dict(zip(order, pool.map(lambda side: cpu(sandbox, trees[side], words), order), strict=True))

        starts = [both(workload.words(seed=FIRST_SEED + n, requests=1)) for n in range(STARTS)]
        start = median(answer["whole_ns"] for one in starts for answer in one.values())
        runs = [both(workload.words(seed=FIRST_SEED + n)) for n in range(rounds)]
    service = median(run["old"]["whole_ns"] for run in runs) - start
    inside, whole = (
        [(run["old"][key] - run["new"][key]) / service for run in runs] for key in ("target_ns", "whole_ns")
    )
    return resampled(inside, chooser), resampled(whole, chooser)


def cpu(sandbox: Sandbox, tree: Path, words: list[str]) -> dict[str, float]:
    """CPU nanoseconds of one run: in the target, and as a whole."""
    answer = ask(sandbox, "replay.py", {"words": words[1:]}, folder=tree, seconds=SECONDS)
    if answer["code"]:
        raise SystemExit(f"{' '.join(words)} ended with exit code {answer['code']}")
    return answer


def resampled(values: list[float], chooser: random.Random, draws: int = 2000) -> Interval:
    """Median with its 95 % interval."""
    drawn = sorted(median(chooser.choices(values, k=len(values))) for _ in range(draws))
    return Interval(value=median(values), low=drawn[int(0.025 * draws)], high=drawn[int(0.975 * draws)])


def report(found: list[dict[str, Any]], *, as_json: bool) -> None:
    """The table, or one JSON value; verified fixes that could not be measured again are named apart, never left out."""
    rows = [row for row in found if "inside" in row]
    lost = [row for row in found if "not_measured" in row]
    inside = sum(row["inside"] for row in rows) / len(rows) if rows else None
    if as_json:
        print(json.dumps({"inside_interval": inside, "fixes": len(rows), "rows": rows, "not_measured": lost}))
        return
    for row in rows:
        stated, saving = Interval.model_validate(row["stated"]), Interval.model_validate(row["measured"])
        mark = "inside" if row["inside"] else "OUTSIDE"
        print(f"{row['pattern']:28} {row['function']:48} stated {words(stated)}  measured {words(saving)}  {mark}")
    share = "–" if inside is None else f"{100 * inside:.0f} %"
    print(f"inside the stated interval: {share} of {len(rows)} verified fixes measured again")
    for row in lost:
        print(f"not measured again: {row['pattern']} in {row['function']}: {row['not_measured']}")


def words(interval: Interval) -> str:
    """An interval of shares in per cent."""
    return f"{100 * interval.value:.2f} % [{100 * interval.low:.2f}, {100 * interval.high:.2f}]"


say: Callable[[str], None] = lambda text: print(text, file=sys.stderr, flush=True)  # noqa: E731


if __name__ == "__main__":
    main()
