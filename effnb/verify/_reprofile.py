"""Check ``reprofile``: in the service itself, driven by its own command, the target really takes less CPU.

A target that became faster on recorded calls alone proves little: the calls may be stale, or the cost may have moved.
So the service runs as a whole, under the old and the new code in turns.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from effnb.domain import Check
from effnb.errors import EffnbError
from effnb.verify._ask import NoAnswerError
from effnb.verify._candidate import Candidate
from effnb.verify._checks import broken, failed, passed, skipped
from effnb.verify._statistics import turned
from effnb.verify._versions import Ratios, Version, compare_versions
from effnb.verify._workload import ServiceWorkload

ROUNDS = 3
ROUNDS_FOR_SMALL = 7
LOOKS = 3
LARGE = 1.3
"""Ratio above which few rounds show a gain; a smaller one takes longer."""
STARTS = 1
CLEAR = 0.95
"""Where the race promises much, the target's interval, new over old, has to lie below this; below 1 otherwise."""
SHORTER = 3
"""A large gain shows in a part of the recorded run: costs are CPU time, not samples, and need fewer requests."""


def check_reprofile(candidate: Candidate) -> Check:
    """Whether the target costs less in the service with the fix."""
    if candidate.fix.kind != "code":
        return skipped("reprofile", "the whole service was replayed for its speed")
    if candidate.service is None:
        return skipped("reprofile", "no command that drives the service; record one with `effnb record`")
    is_large = candidate.speedup is None or candidate.speedup.value > LARGE
    wanted, rounds, shorter = (CLEAR, ROUNDS, SHORTER) if is_large else (1.0, ROUNDS_FOR_SMALL, 1)
    old, new = (
        service_version(_copied(candidate, name), candidate.service, shorter=shorter) for name in ("old", "new")
    )
    try:
        ratios = compare_versions(
            candidate.sandbox,
            old,
            new,
            candidate.fix.function,
            # looked at three times, not after every round: whoever looks often enough sees what is not there
            is_enough=lambda found: (
                found.rounds % rounds == 0 and (_has_fallen(found, wanted) or found.rounds >= LOOKS * rounds)
            ),
            least_rounds=rounds,
            starts=STARTS,
            seed=candidate.policy.seed + 1,
        )
    except (NoAnswerError, EffnbError) as error:
        return broken("reprofile", f"the service could not be replayed: {error}")
    seen = ratios.against_rest
    if seen is None or ratios.share is None:
        return broken("reprofile", f"the command of {candidate.service.service} does not call {candidate.qualname}")
    candidate.measured_cost = ratios.share
    candidate.replayed = turned(seen)
    left = 100 * ratios.share * seen.value
    said = (
        f"{100 * ratios.share:.3g} % → {left:.3g} % of the replay's CPU, new/old "
        f"{seen.value:.3g} [{seen.low:.3g}, {seen.high:.3g}] in {ratios.rounds} rounds"
    )
    if _has_fallen(ratios, wanted):
        return passed("reprofile", said)
    candidate.answers["open"] = seen.low < wanted and seen.value < 1
    return failed("reprofile", f"not shown that the target costs the service less: {said}")


def service_version(tree: Path, service: ServiceWorkload, *, shorter: int = 1) -> Version:
    """A tree with the command that drives it."""
    counted = any("{requests}" in word for word in service.command)
    return Version(
        tree=tree,
        words=tuple(service.words(requests=service.part(shorter))[1:]),
        idle=tuple(service.words(requests=1)[1:]) if counted else None,
    )


def _has_fallen(ratios: Ratios, wanted: float) -> bool:
    return ratios.against_rest is not None and ratios.against_rest.high < wanted


def _copied(candidate: Candidate, name: str) -> Path:
    """A copy of a tree: a line is added to the target's file in it."""
    tree = candidate.scratch / f"metered-{name}"
    shutil.copytree(candidate.old if name == "old" else candidate.new, tree, symlinks=True)
    return tree
