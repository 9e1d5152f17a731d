"""Stage: did the code get dearer, or only its share? Shares move when traffic or another function's cost does.

gCPU is a share: it rises when requests move towards an endpoint, and when something else in the service gets cheaper.
Neither is a regression of the function. With request counts, the cost per request of each endpoint decides. Without
them only the second can be seen: then most functions move by one common factor.
"""

from __future__ import annotations

import math

import numpy as np

from effnb.detect._history import Floats, Ints, ServiceHistory
from effnb.detect._types import Kept, Step, suppress
from effnb.settings import DetectSettings
from effnb.stats import long_run_sd

MOST = 0.5
TELLS = 5.0
"""Standard errors of cost in a change of share from which on the cost must show it."""
PARTLY = 0.7
"""Part of ``traffic_share`` that is enough where something is surely left."""
SURELY = 4.0
"""Standard errors that count as showing it."""


def drop_traffic(history: ServiceHistory, steps: list[Step], settings: DetectSettings) -> Kept:
    """Drops a step whose cost at constant traffic changed by less than ``traffic_share`` of its share's change."""
    kept = Kept([])
    for step in steps:
        real = cost_change(history, step)
        keeps = real / step.delta if step.delta else 0.0
        error = _cost_error(history, step)
        # A step that meets another change in its endpoint shows less than all of itself, but surely some.
        asked = PARTLY * settings.traffic_share if abs(real) >= SURELY * error else settings.traffic_share
        if keeps >= asked and not step.by_share and not _is_level(step, real, error):
            kept.steps.append(step)
        else:
            kept.dropped.append(
                suppress(
                    history,
                    step,
                    "traffic",
                    _reason(history, step, real),
                    would_keep=_would_keep(keeps, settings.traffic_share),
                    cost_change=real,
                    share_change=step.delta,
                    by="requests" if history.requests is not None else "share",
                )
            )
    return kept


def cost_change(history: ServiceHistory, step: Step, *, without: Ints | None = None) -> float:
    """Change of a function's cost at constant traffic, as a share of the service's cost before.

    The stacks ``without`` are left out.
    """
    before, after = slice(step.first, max(step.starts, step.first + 1)), slice(min(step.ends, step.stop - 1), step.stop)
    if history.requests is None and without is None:
        return step.delta - (_common_factor(history, step) - 1) * step.before
    use = history.members(step.row)
    if without is not None:
        use = np.setdiff1d(use, without, assume_unique=True)
    difference = float((history.mean_cost(after, use) - history.mean_cost(before, use)).sum())
    base = float(history.mean_cost(before).sum())
    return difference / base if base > 0 else step.delta  # nothing measured before: the share is all there is


def _cost_error(history: ServiceHistory, step: Step) -> float:
    """Standard error of a cost change, as a share of the service's cost; infinite without request counts."""
    if history.requests is None:
        return float("inf")
    series = np.nan_to_num(history.stack_cost[history.members(step.row)].sum(axis=0))
    base = float(history.mean_cost(slice(step.first, step.index)).sum())
    lengths = 1 / (step.index - step.first) + 1 / (step.stop - step.index)
    return float(long_run_sd(series[None, :])[0] * lengths**0.5 / max(base, 1e-12))


def _is_level(step: Step, real: float, error: float) -> bool:
    """Whether a function's cost stayed level where it can tell: the change would show in it, and does not.

    Where cost is too noisy to show a change of that size the share decides, but not for a function that is most of the
    service: its share mirrors what all others do.
    """
    if not np.isfinite(error):
        return False
    tells = abs(step.delta) >= TELLS * error or max(step.before, step.after) >= MOST
    return tells and abs(real) < SURELY * error


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


def _would_keep(keeps: float, asked: float) -> str:
    if keeps >= asked:
        return "none: what is left of it at constant traffic is no more than that cost's own noise"
    share = math.floor(100 * keeps) / 100
    return f"[detect] traffic_share = {share:.2f}" if share > 0 else "none: at constant traffic nothing of it is left"


def _reason(history: ServiceHistory, step: Step, real: float) -> str:
    share = f"its share moved by {100 * step.delta:+.2f} points"
    if history.requests is None:
        return f"{share} with the rest of the service; {100 * real:+.2f} points are left after the common factor"
    return f"{share}, but at constant traffic its cost changed by only {100 * real:+.2f} % of the service's"
