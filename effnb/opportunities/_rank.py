"""What opportunities cost and may save, from stack samples, recorded arguments and what each pattern is known to gain.

Saving = share of samples the fix relieves × (1 − 1 / ratio), where the ratio is the one measured for the pattern. Its
interval joins the ends of the ratio with the 95 % interval of the share.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from effnb.domain import Interval, Opportunity
from effnb.opportunities._rule import Ratio, Rule, Site

Stack = tuple[str, ...]
Z95 = 1.959964
UNSEEN_PART = (0.0, 0.3, 1.0)
"""Part of a function's own samples its site is taken to hold when no frame tells: nothing, a third, all."""


@dataclass(frozen=True)
class Repeats:
    """How often recorded calls of a function had arguments that were seen before."""

    rate: float
    calls: int
    distinct: int
    workload: str
    """Where the recording lies."""


@dataclass(frozen=True)
class Evidence:
    """What is known from outside the code; everything may be missing."""

    stacks: Mapping[str, Mapping[Stack, int]] = field(default_factory=dict)
    """Samples of each service: frames root first → count."""
    servers: Mapping[str, int] = field(default_factory=dict)
    """Servers of each service, where known."""
    repeats: Mapping[str, Repeats] = field(default_factory=dict)
    """Recorded arguments by function."""
    owner: Callable[[str], str | None] = lambda _: None
    """Who answers for a file."""
    examples: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Ids of verified fixes by pattern, newest first."""
    window: str = ""
    """Span the samples are from, in words."""


@dataclass(frozen=True)
class Shares:
    """A function's samples in one service."""

    service: str
    total: int
    inside: int
    """Samples that hold the function."""
    own: int
    """Samples in which it is the innermost frame."""
    callees: int
    """Samples in which one of the named callees is somewhere below it."""


def rank(
    found: Iterable[Opportunity], rules: Iterable[Rule], evidence: Evidence, sites: Mapping[str, Site]
) -> list[Opportunity]:
    """Opportunities with cost, expected saving, owner and examples, the largest saving first.

    Saving is compared in servers where all their numbers are known, else as a share. Without samples the surest and
    most rewarding patterns come first; test code comes last.
    """
    named = {rule.name: rule for rule in rules}
    indexed = {service: _Index(service, stacks) for service, stacks in evidence.stacks.items() if stacks}
    weighed = [_weigh(one, named.get(one.pattern), sites.get(one.id), evidence, indexed) for one in found]
    return sorted(weighed, key=lambda one: _order(one, named.get(one.pattern)))


def _order(one: Opportunity, rule: Rule | None) -> tuple[object, ...]:
    saving = one.expected_saving.value if one.expected_saving else 0.0
    per_share = one.cores / one.cost if one.cores and one.cost else 1.0
    sure = {"high": 0, "medium": 1, "low": 2}[one.confidence]
    return (one.in_tests, -saving * per_share, not one.fixable, sure, -(rule.ratio.typical if rule else 1), one.id)


def _weigh(
    one: Opportunity, rule: Rule | None, site: Site | None, evidence: Evidence, indexed: Mapping[str, _Index]
) -> Opportunity:
    known = evidence.repeats.get(one.function)
    update: dict[str, object] = {
        "owner": evidence.owner(one.file) or None,
        "examples": tuple(evidence.examples.get(one.pattern, ()))[:5],
        "repeat_rate": known.rate if known else None,
        "workload": known.workload if known else None,
    }
    if indexed and one.language == "python":
        callees = _frames(one, site)
        shares = max((index.shares(one.function, callees) for index in indexed.values()), key=_dearest(evidence))
        update |= _cost(shares, evidence)
        if rule is not None:
            saving, basis = expected_saving(shares, rule, known.rate if known else None)
            update |= {"expected_saving": saving, "saving_basis": _sentence(basis, shares, evidence)}
    return one.model_copy(update=update)


def _frames(one: Opportunity, site: Site | None) -> frozenset[str]:
    """Frames that hold the site's cost; names without a module are the opportunity's own."""
    module = one.function.partition(":")[0]
    return frozenset(module + name if name.startswith(":") else name for name in (site.callees if site else ()))


def _dearest(evidence: Evidence) -> Callable[[Shares], float]:
    return lambda shares: shares.inside / shares.total * evidence.servers.get(shares.service, 1)


def _cost(shares: Shares, evidence: Evidence) -> dict[str, object]:
    servers = evidence.servers.get(shares.service)
    cost = shares.inside / shares.total
    cores = cost * servers if servers is not None else None
    return {
        "service": shares.service if shares.inside else None,
        "cost": cost,
        "cores": cores if shares.inside else None,
    }


def _sentence(basis: str, shares: Shares, evidence: Evidence) -> str:
    span = f" of {evidence.window}" if evidence.window else ""
    return f"{basis}; {shares.inside:,} of {shares.total:,} samples of {shares.service}{span}"


def expected_saving(shares: Shares, rule: Rule, repeat_rate: float | None) -> tuple[Interval, str]:
    """Share of the service's CPU a fix may save, with an interval, and what it rests on."""
    low, value, high, what = _relieved(shares, rule)
    ratio = rule.ratio
    basis = f"{what} × (1 − 1/ratio), ratio {ratio.typical:g} [{ratio.low:g}, {ratio.high:g}]: {ratio.basis}"
    if repeat_rate is not None and rule.name in MEMOISING:
        part = (max(0.0, repeat_rate - 0.1), repeat_rate, min(1.0, repeat_rate + 0.05))
        few, usual, most = (1 / max(1e-3, 1 - one) for one in part)
        ratio = Ratio(few, usual, most, "")
        basis = f"{what} × share of recorded calls with repeated arguments, {100 * repeat_rate:.1f} %"
    ends = (low * _gain(ratio.low), value * _gain(ratio.typical), high * _gain(ratio.high))
    return Interval(value=ends[1], low=min(ends), high=max(ends)), basis


MEMOISING = frozenset({"unmemoised-pure-function", "lost-memo", "property-recomputed"})
"""Patterns that gain as much as arguments repeat."""


def _gain(ratio: float) -> float:
    return max(0.0, 1 - 1 / ratio)


def _relieved(shares: Shares, rule: Rule) -> tuple[float, float, float, str]:
    """Share of samples a fix relieves: low, best, high, and what was counted."""
    if rule.part == "callees" and shares.callees:
        low, high = interval(shares.callees, shares.total)
        # what surrounds the call in the function's own frame goes with it, as far as nobody can tell
        return low, shares.callees / shares.total, high + shares.own / shares.total, "samples of the calls it replaces"
    if rule.part == "function":
        low, high = interval(shares.inside, shares.total)
        return low, shares.inside / shares.total, high, "samples of the function"
    own_low, own_high = interval(shares.own, shares.total)
    low, value, high = UNSEEN_PART
    own = shares.own / shares.total
    return low * own_low, value * own, high * own_high, "about a third (0 to all) of the function's own samples"


def interval(hits: int, total: int) -> tuple[float, float]:
    """95 % Wilson interval of a share."""
    share, z2 = hits / total, Z95**2
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = Z95 / (1 + z2 / total) * math.sqrt(share * (1 - share) / total + z2 / (4 * total**2))
    return max(0.0, middle - half), min(1.0, middle + half)


class _Index:
    """Samples of one service by function, so that a hundred opportunities do not read them a hundred times."""

    def __init__(self, service: str, stacks: Mapping[Stack, int]) -> None:
        self.service = service
        self.total = sum(stacks.values())
        self._by_function: dict[str, list[tuple[Stack, int]]] = {}
        for stack, n in stacks.items():
            for name in set(stack):
                self._by_function.setdefault(name, []).append((stack, n))

    def shares(self, function: str, callees: frozenset[str]) -> Shares:
        held = self._by_function.get(function, [])
        inside = sum(n for _, n in held)
        own = sum(n for stack, n in held if stack[-1] == function)
        below = sum(n for stack, n in held if callees & set(stack[stack.index(function) + 1 :])) if callees else 0
        return Shares(self.service, self.total, inside, own, below)
