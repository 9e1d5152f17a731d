"""Stage: did the code get dearer, or only its share? Shares move when traffic or another function's cost does.

gCPU is a share: it rises when requests move towards an endpoint, and when something else in the service gets cheaper.
Neither is a regression of the function. With request counts, the cost per request of each endpoint decides. Without
them only the second can be seen: then most functions move by one common factor.
"""

from __future__ import annotations

import math

import numpy as np

from effnb.detect._history import Floats, ServiceHistory
from effnb.detect._types import Kept, Step, suppress
from effnb.settings import DetectSettings


def drop_traffic(history: ServiceHistory, steps: list[Step], settings: DetectSettings) -> Kept:
    """Drops a step whose cost at constant traffic changed by less than ``traffic_share`` of its share's change."""
    kept = Kept([])
    for step in steps:
        real = cost_change(history, step)
        keeps = real / step.delta if step.delta else 0.0
        if keeps >= settings.traffic_share:
            kept.steps.append(step)
        else:
            kept.dropped.append(
                suppress(
                    history,
                    step,
                    "traffic",
                    _reason(history, step, real),
                    would_keep=_would_keep(keeps),
                    cost_change=real,
                    share_change=step.delta,
                    by="requests" if history.requests is not None else "share",
                )
            )
    return kept


def cost_change(history: ServiceHistory, step: Step, *, without: int | None = None) -> float:
    """Change of a function's cost at constant traffic, as a share of the service's cost before.

    Stacks that also contain the function in row ``without`` are left out.
    """
    before, after = slice(step.first, step.index), slice(step.index, step.stop)
    costs = history.unit_cost
    if costs is None and without is None:
        return step.delta - (_common_factor(history, step) - 1) * step.before
    costs = history.counts / np.maximum(history.totals, 1) if costs is None else costs
    use = history.holds(step.row)
    if without is not None:
        use &= ~history.holds(without)
    difference = _mean(costs[use, after].sum(axis=0)) - _mean(costs[use, before].sum(axis=0))
    base = _mean(costs[:, before].sum(axis=0))
    return difference / base if base > 0 else step.delta  # nothing measured before: the share is all there is


def service_cost(history: ServiceHistory, columns: slice) -> float:
    """Mean cost of the whole service at constant traffic over some buckets, in samples a bucket."""
    cost = history.unit_cost if history.unit_cost is not None else history.counts
    return _mean(cost[:, columns].sum(axis=0))


def _common_factor(history: ServiceHistory, step: Step) -> float:
    """Factor by which most of the service's samples changed their share, the step's own stacks left out."""
    others = ~history.holds(step.row)
    before, after = _shares(history, slice(step.first, step.index)), _shares(history, slice(step.index, step.stop))
    use = others & (before > 0)
    if not use.any():
        return 1.0
    ratio, weight = after[use] / before[use], before[use]
    order = np.argsort(ratio)
    cumulated = np.cumsum(weight[order])
    return float(ratio[order][np.searchsorted(cumulated, cumulated[-1] / 2)])


def _shares(history: ServiceHistory, columns: slice) -> Floats:
    counts = history.counts[:, columns].sum(axis=1)
    return np.asarray(counts / max(counts.sum(), 1))


def _mean(values: Floats) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else 0.0


def _would_keep(keeps: float) -> str:
    share = math.floor(100 * keeps) / 100
    return f"[detect] traffic_share = {share:.2f}" if share > 0 else "none: at constant traffic nothing of it is left"


def _reason(history: ServiceHistory, step: Step, real: float) -> str:
    share = f"its share moved by {100 * step.delta:+.2f} points"
    if history.requests is None:
        return f"{share} with the rest of the service; {100 * real:+.2f} points are left after the common factor"
    return f"{share}, but at constant traffic its cost changed by only {100 * real:+.2f} % of the service's"
