"""Which change explains a regression: where it acts, when it arrived, how near it is.

Score = attribution × proximity × timing, each in 0 … 1 and each shown. It ranks; it is not a probability.

- *Attribution* is FBDetect's L/R (SOSP '24, §5.6): R is the rise over all stacks of the regressed function, L the part
  in stacks that hold a function the change touches; a stack that holds two of them counts once.
- *Proximity*: a change of the function itself, or of what it calls, says more than one of a distant caller.
- *Timing*: the function's share on each host group is compared with the arrival of the change on that group; the
  squared correlation is taken relative to the best step anywhere in the same hours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from effnb.domain import Candidate, Change, Regression, RootCause
from effnb.settings import CauseSettings

Stack = tuple[str, ...]
Floats = npt.NDArray[np.float64]
PER_CALL = 0.8
"""What a change loses for each call between it and the regressed function."""
MODULE_LEVEL = ":<module>"


@dataclass(frozen=True)
class Arrival:
    """A change on its way to the hosts."""

    change: Change
    touched: frozenset[str]
    """Functions it touches; for a setting, the functions that read it."""
    steps: Mapping[str, Sequence[tuple[float, float]]]
    """Host group → (seconds since 1970 UTC, share of its traffic from then on), in time order."""
    level_before: bool = False
    """Whether the first step only says what was exposed already when these hours began."""

    @property
    def reached(self) -> float:
        """When it first reached hosts in these hours, seconds since 1970 UTC."""
        return min(steps[1 if self.level_before else 0][0] for steps in self.steps.values())


@dataclass(frozen=True)
class GroupShares:
    """The regressed function's share on each host group around the change point."""

    times: Floats
    """Middle of each bucket, seconds since 1970 UTC, shape ``(n,)``."""
    shares: Mapping[str, Floats]
    """Host group → share in each bucket, shape ``(n,)``; NaN where the group had no samples."""


@dataclass(frozen=True)
class _Scored:
    arrival: Arrival
    attribution: float
    calls: int
    timing: float
    functions: tuple[str, ...]
    reached: float = field(default=0.0)

    @property
    def score(self) -> float:
        return self.attribution * PER_CALL**self.calls * self.timing


def rank_causes(
    regression: Regression,
    arrivals: Sequence[Arrival],
    change_of_stacks: Mapping[Stack, float],
    groups: GroupShares,
    settings: CauseSettings,
) -> RootCause:
    """Candidates best first, and the one that stands out, or null with the reason why none does.

    ``change_of_stacks`` is the change of each stack's cost around the change point, in any unit; ``arrivals`` are the
    changes that reached the service in the look-back.
    """
    sign = 1.0 if regression.absolute_delta > 0 else -1.0
    mine = {stack: sign * delta for stack, delta in change_of_stacks.items() if regression.function in stack}
    best = _best_fit(groups, [_exposure(arrival, groups) for arrival in arrivals], sign)
    scored = [_score(regression, arrival, mine, groups, best, sign) for arrival in arrivals]
    scored = sorted((one for one in scored if one.attribution > 0), key=lambda one: -one.score)
    candidates = tuple(_candidate(one) for one in scored)
    return _conclude(candidates, len(arrivals), settings)


def _score(
    regression: Regression,
    arrival: Arrival,
    mine: Mapping[Stack, float],
    groups: GroupShares,
    best: float,
    sign: float,
) -> _Scored:
    touched = _expand(arrival.touched, mine)
    whole = sum(mine.values())
    part = sum(delta for stack, delta in mine.items() if touched.intersection(stack))
    attribution = min(1.0, max(0.0, part / whole)) if whole > 0 else 0.0
    fit = _fit(_exposure(arrival, groups), groups, sign)
    functions = tuple(sorted(touched & {name for stack in mine for name in stack}))
    calls = _calls_away(regression.function, touched, mine)
    return _Scored(arrival, attribution, calls, min(1.0, fit / best) if best > 0 else 0.0, functions, arrival.reached)


def _expand(touched: frozenset[str], stacks: Mapping[Stack, float]) -> frozenset[str]:
    """A change at module level may concern every function of its module that runs here."""
    modules = {name.removesuffix(MODULE_LEVEL) for name in touched if name.endswith(MODULE_LEVEL)}
    if not modules:
        return touched
    return touched | {name for stack in stacks for name in stack if name.split(":")[0] in modules}


def _calls_away(function: str, touched: frozenset[str], mine: Mapping[Stack, float]) -> int:
    """Calls between the nearest touched caller and the function, in the stacks that rose most; 0 from there inwards."""
    weight: dict[int, float] = {}
    for stack, delta in mine.items():
        at = stack.index(function)
        if touched.intersection(stack[at:]):
            calls = 0
        else:
            above = [at - i for i, name in enumerate(stack[:at]) if name in touched]
            if not above:
                continue
            calls = min(above)
        weight[calls] = weight.get(calls, 0.0) + max(delta, 0.0)
    return max(weight, key=lambda calls: (weight[calls], -calls)) if weight else 0


def _exposure(arrival: Arrival, groups: GroupShares) -> dict[str, Floats]:
    """Share of each group's traffic that the change has reached, a value a bucket."""
    found = {}
    for group in groups.shares:
        share = np.zeros(len(groups.times))
        for start, fraction in arrival.steps.get(group, arrival.steps.get("*", ())):
            share = np.where(groups.times >= start, fraction, share)
        found[group] = share
    return found


def _fit(exposure: Mapping[str, Floats], groups: GroupShares, sign: float) -> float:
    """Squared correlation of exposure and share within host groups, pooled; 0 for the wrong direction or no data."""
    x = np.concatenate([_centred(exposure[group], groups.shares[group]) for group in groups.shares])
    y = np.concatenate([_centred(groups.shares[group], groups.shares[group]) for group in groups.shares])
    product = sign * float(x @ y)
    scale = float(x @ x) * float(y @ y)
    return product**2 / scale if product > 0 and scale > 0 else 0.0


def _centred(values: Floats, shares: Floats) -> Floats:
    known = values[np.isfinite(shares)]
    return known - known.mean() if known.size else known


def _best_fit(groups: GroupShares, exposures: Sequence[Mapping[str, Floats]], sign: float) -> float:
    """Best fit that the data allow: of any candidate, or of a step of all hosts at any time."""
    free = [{group: (groups.times >= t).astype(float) for group in groups.shares} for t in groups.times[1:]]
    return max((_fit(exposure, groups, sign) for exposure in [*exposures, *free]), default=0.0)


def _candidate(one: _Scored) -> Candidate:
    change = one.arrival.change
    reads = "touches" if change.kind == "code" else "is read by"
    nearest = "the function itself or what it calls" if one.calls == 0 else f"a caller {one.calls} call(s) above it"
    return Candidate(
        change_id=change.id,
        kind=change.kind,
        title=change.title,
        author=change.author,
        reached_at=datetime.fromtimestamp(one.reached, tz=UTC),
        score=one.score,
        attribution=one.attribution,
        timing=one.timing,
        functions=one.functions,
        reasons=(
            f"{reads} {', '.join(one.functions[:3]) or 'no function of these stacks'}: "
            f"{100 * one.attribution:.0f} % of the rise lies in stacks with it (L/R)",
            f"acts on {nearest}: factor {PER_CALL**one.calls:.2f}",
            f"its arrival fits the rise {100 * one.timing:.0f} % as well as the best step in these hours",
        ),
    )


def _conclude(candidates: tuple[Candidate, ...], looked_at: int, settings: CauseSettings) -> RootCause:
    span = f"{looked_at} change(s) arrived in the {settings.look_back_hours:g} h before"
    if not candidates:
        return RootCause(change_id=None, reason=f"{span}; none touches a function in the regressed stacks")
    best, runner_up = candidates[0], candidates[1].score if len(candidates) > 1 else 0.0
    if best.score < settings.min_score:
        reason = f"{span}; the best score, {best.score:.2f}, is below [causes] min_score = {settings.min_score:g}"
        return RootCause(change_id=None, reason=reason, candidates=candidates)
    if best.score < settings.min_lead * runner_up:
        reason = (
            f"{span}; the two best score {best.score:.2f} and {runner_up:.2f}: "
            f"less than {settings.min_lead:g} times apart ([causes] min_lead)"
        )
        return RootCause(change_id=None, reason=reason, candidates=candidates)
    reason = f"{span}; this one scores {best.score:.2f}, the next {runner_up:.2f}"
    return RootCause(change_id=best.change_id, score=best.score, reason=reason, candidates=candidates)
