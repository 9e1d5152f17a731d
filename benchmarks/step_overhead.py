"""What a step of a playbook costs beside its tool, and how long a whole playbook takes, on the demo workspace.

    python benchmarks/step_overhead.py [--quick] [--json] [--workspace DIR]

Every regression of the demo is investigated several times, each time in a run of its own that is written to disk as
always. Overhead is the run's time without its tools' time, divided by its steps: asking the playbook, the gate, the
audit log, the transcript. ``ten_steps_s`` is the median run, its tools included, taken to ten steps.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from _demo import demo_session

from effnb.session import Session

ROUNDS = {True: 3, False: 10}
GOALS = {"overhead_ms": 25.0, "ten_steps_s": 5.0}


def main() -> None:
    """Measure, then print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    parser.add_argument("--json", action="store_true", help="one JSON value instead of a table")
    parser.add_argument("--workspace", type=Path, help="a demo workspace; built when omitted")
    options = parser.parse_args()
    with demo_session(options.workspace) as session:
        result = measure(session, ROUNDS[options.quick])
    if options.json:
        print(json.dumps(result))
        return
    print(f"{result['runs']} runs, {result['steps']} steps; first run {result['first_run_s']:.2f} s")
    print(f"overhead a step: median {result['overhead_ms']:.1f} ms, 90 % below {result['overhead_ms_90']:.1f} ms")
    print(f"ten steps: {result['ten_steps_s']:.2f} s")
    for name, goal in GOALS.items():
        print(f"{'met   ' if result[name] <= goal else 'MISSED'} {name} <= {goal:g}")


def measure(session: Session, rounds: int) -> dict[str, Any]:
    """The figures; the first run, which imports and compiles, is reported apart."""
    found = session.regressions().rows
    first, _, _ = one_run(session, found[0])
    print(f"{rounds} rounds of {len(found)} investigations", file=sys.stderr)
    runs = [one_run(session, regression) for _ in range(rounds) for regression in found]
    overheads = [1e3 * (total - tools) / steps for total, tools, steps in runs]
    return {
        "runs": len(runs),
        "steps": sum(steps for _, _, steps in runs),
        "overhead_ms": median(overheads),
        "overhead_ms_90": quantiles(overheads, n=10)[-1],
        "ten_steps_s": 10 * median(total / steps for total, _, steps in runs),
        "first_run_s": first,
    }


def one_run(session: Session, regression: Any) -> tuple[float, float, int]:
    """Seconds of a whole run, seconds of its tools, number of its steps."""
    begun = time.perf_counter()
    transcript = session.investigate(regression).finish_blocking()
    total = time.perf_counter() - begun
    return total, sum(call.seconds for call in transcript.calls), len(transcript.calls)


if __name__ == "__main__":
    main()
