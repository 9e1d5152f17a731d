"""Stage: is the change large enough to matter?

Asked twice: of every step at half the threshold, which spares the later stages most of the work; and of every cause at
the threshold. There a large noisy caller must not carry a small change over the bar.
"""

from __future__ import annotations

import math
from itertools import groupby

import numpy as np
import scipy.sparse as sp

from effnb.detect._history import Floats, ServiceHistory
from effnb.detect._local import LocalChange, local_change, sum_error
from effnb.detect._merge import Cause
from effnb.detect._types import Kept, Step, suppress
from effnb.domain import Suppressed
from effnb.settings import DetectSettings

EARLY_SHARE = 0.5
LARGEST_FACTOR = 1.25
LOCAL_ERROR = 0.1
"""Largest relative error at which the hours around a change may tell its size."""
SIZE_ERROR = 0.05
"""Relative error of every size that no noise shows: buckets within the rollout, and what else changed meanwhile."""


def drop_tiny(history: ServiceHistory, steps: list[Step], settings: DetectSettings) -> Kept:
    """Drops a step only when even the upper end of its 95 % interval lies below half the threshold.

    The stairs of one function in one direction count together: a drift has no large ones.
    """
    kept = Kept([])
    mix = traffic_factors(history)
    for _, group in groupby(steps, key=lambda step: (step.row, step.delta > 0)):
        run = list(group)
        factor = float(mix[run[0].row])
        together = factor * (abs(sum(step.delta for step in run)) + 1.96 * max(step.error for step in run))
        reach = max(together, *(factor * _reach(step) for step in run))
        if reach >= EARLY_SHARE * settings.threshold:
            kept.steps += run
        else:
            kept.dropped += [_too_small(history, step, settings.threshold, reach) for step in run]
    return kept


def drop_small_causes(
    history: ServiceHistory, causes: list[Cause], settings: DetectSettings
) -> tuple[list[Cause], list[Suppressed]]:
    """Drops a cause only when even the upper end of its 95 % interval lies below one of the thresholds.

    Of the function it is named after and the one that shows it best, the larger counts.
    """
    mix = traffic_factors(history)
    kept: list[Cause] = []
    dropped: list[Suppressed] = []
    for cause in causes:
        most, level = _reach_of_cause(history, cause, mix), cause.step.before
        if most < settings.threshold:
            dropped.append(_too_small(history, cause.step, settings.threshold, most))
        elif most < settings.relative_threshold * level:
            dropped.append(_too_small_a_part(history, cause.step, settings.relative_threshold, most / level))
        else:
            kept.append(cause)
    return kept, dropped


def traffic_factors(history: ServiceHistory) -> Floats:
    """Largest share each function's endpoint had on a day, over its mean share; shape ``(n_functions,)``.

    Sizes are measured at the mean traffic mix. A change is too small when it is so in every mix that was seen.
    """
    day, n = history.per_day, history.n_buckets // history.per_day * history.per_day
    names = np.unique(history.endpoint)
    if len(names) < 2 or n < day:
        return np.ones(len(history.functions))
    group = sp.csr_array((history.endpoint[None, :] == names[:, None]).astype(float))
    daily = (group @ history.counts[:, :n]).reshape(len(names), -1, day).sum(axis=2)
    share = daily / np.maximum(daily.sum(axis=0), 1)
    factor = share.max(axis=1) / np.maximum(share.mean(axis=1), 1e-12)
    held = history.incidence @ (group * history.counts.sum(axis=1)[None, :]).T
    most = np.asarray(held.toarray() if sp.issparse(held) else held).argmax(axis=1)
    return np.asarray(np.clip(factor[most], 1.0, LARGEST_FACTOR))


def _reach(step: Step) -> float:
    return abs(step.delta) + 1.96 * math.hypot(step.error, SIZE_ERROR * abs(step.delta))


def _reach_of_cause(history: ServiceHistory, cause: Cause, mix: Floats) -> float:
    """Upper end of a cause's size: over its whole levels, or around the change alone, where nothing else adds up."""
    whole = max(_reach(cause.step), _reach(cause.leader))
    if cause.moved:
        return whole  # around the change there is also what was moved
    change = local_change(history, cause.step.starts, cause.step.ends)
    members = history.members(cause.step.row)
    around = float(change.stacks[members].sum()) * float(np.sign(cause.step.delta))
    error = sum_error(history, change, members)
    around = min(around, _around_in_its_levels(history, cause.step, change))
    if error > LOCAL_ERROR * around:
        return whole * float(mix[cause.step.row])
    around += 1.96 * math.hypot(error, SIZE_ERROR * around)
    return max(whole * float(mix[cause.step.row]), around)


def _around_in_its_levels(history: ServiceHistory, step: Step, change: LocalChange) -> float:
    """Change of the function's share in the hours around a step, those left out that belong to the steps next to it.

    Infinite when no hour with samples is left.
    """
    share = history.standard_gcpu[step.row]
    before = share[max(change.before.start, step.first) : change.before.stop]
    after = share[change.after.start : min(change.after.stop, step.stop)]
    before, after = (side[np.isfinite(side)] for side in (before, after))
    if not len(before) or not len(after):
        return float("inf")
    return (float(after.mean()) - float(before.mean())) * float(np.sign(step.delta))


def _too_small(history: ServiceHistory, step: Step, threshold: float, reach: float) -> Suppressed:
    return suppress(
        history,
        step,
        "threshold",
        f"at most {100 * reach:.2f} points of gCPU, below the threshold of {100 * threshold:.2f}",
        would_keep=f"[detect] threshold = {math.floor(1e4 * reach) / 1e4:.4f}",
        upper_end=reach,
        threshold=threshold,
    )


def _too_small_a_part(history: ServiceHistory, step: Step, threshold: float, reach: float) -> Suppressed:
    return suppress(
        history,
        step,
        "threshold",
        f"at most {100 * reach:.1f} % of the level before it, below the relative threshold of {100 * threshold:.1f} %",
        would_keep=f"[detect] relative_threshold = {math.floor(1e4 * reach) / 1e4:.4f}",
        upper_end=reach,
        threshold=threshold,
    )
