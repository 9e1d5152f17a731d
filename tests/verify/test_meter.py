"""The meter that runs inside the sandbox, loaded here by its file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import effnb.verify

REPLAY = Path(effnb.verify.__file__).parent / "inside" / "replay.py"
LOAD = f"""
import importlib.util, os
answers = os.dup(1)
spec = importlib.util.spec_from_file_location("effnb_meter", {str(REPLAY)!r})
meter = importlib.util.module_from_spec(spec)
spec.loader.exec_module(meter)
os.dup2(answers, 1)
"""


def said(code: str) -> str:
    """What a program prints that has loaded the meter; a process of its own, for the meter takes its output away."""
    done = subprocess.run([sys.executable, "-c", LOAD + code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_call_that_was_stopped_before_any_other_is_not_counted_as_long():
    code = """
one = meter.Meter()
one.quick = True
one.clock = iter([0, 10 * meter.STOPPED_NS]).__next__
one.leave(one.enter())
print(one.calls, one.stopped, one.spent)
"""
    assert said(code) == "1 1 0"


def test_a_stopped_call_counts_as_its_neighbours_do():
    code = """
one = meter.Meter()
one.quick, one.recent = True, [1000, 2000, 3000]
one.clock = iter([0, 10 * meter.STOPPED_NS]).__next__
one.leave(one.enter())
print(one.stopped, one.spent)
"""
    assert said(code) == "1 2000"


def test_only_functions_whose_tried_calls_are_all_short_are_timed_by_the_wall_clock():
    code = """
def chosen(*tail):
    one = meter.Meter()
    for took in [1000] * (meter.TRIED - len(tail)) + list(tail):
        one.calls += 1
        one.remember(took)
    return one.quick
print(chosen(), chosen(meter.STOPPED_NS), chosen(*[meter.QUICK_NS * 2] * meter.TRIED))
"""
    assert said(code) == "True False False"


def test_a_call_inside_a_call_counts_once():
    code = """
one = meter.Meter()
def down(n):
    return n and timed(n - 1)
timed = meter.timed(down, one)
timed(5)
print(one.calls, one.depth)
"""
    assert said(code) == "1 0"
