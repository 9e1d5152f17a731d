"""Stage: at most the tolerated share of false reports, over everything that was scanned in the run.

Every function is one hypothesis, "its level never changed". A cause's p-value is that of its step in standard errors,
times the number of places the search could have put it. Benjamini and Yekutieli's procedure (2001, "The control of
the false discovery rate in multiple testing under dependency", Annals of Statistics 29, 1165–1188) bounds the
expected share of false reports under any dependence; Benjamini and Hochberg's would need positive dependence, and
shares of one total push each other down. What it does not cover: a change that is there but is not a regression. The
other stages do that.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from effnb.detect._history import Floats, ServiceHistory
from effnb.detect._merge import Cause
from effnb.detect._scan import MIN_POINTS
from effnb.detect._types import Step, suppress
from effnb.domain import Suppressed
from effnb.settings import DetectSettings


def drop_false_discoveries(
    history: ServiceHistory, causes: list[Cause], settings: DetectSettings
) -> tuple[list[Cause], list[Suppressed]]:
    """Drops the causes that the procedure rejects at ``false_reports``."""
    p = np.array([p_value(history, cause.step) for cause in causes])
    rates = smallest_rates(p, len(history.functions))
    kept = [cause for cause, rate in zip(causes, rates, strict=True) if rate <= settings.false_reports]
    dropped = [
        suppress(
            history,
            cause.step,
            "false-discovery",
            f"{cause.step.ratio:.1f} standard errors: among {len(history.functions)} functions that would be a false "
            f"report in {100 * min(rate, 1):.0f} of 100",
            would_keep=_would_keep(float(rate)),
            p_value=float(one),
            smallest_rate=float(rate),
            functions=len(history.functions),
        )
        for cause, rate, one in zip(causes, rates, p, strict=True)
        if rate > settings.false_reports
    ]
    return kept, dropped


def p_value(history: ServiceHistory, step: Step) -> float:
    """Chance that a series without a change shows one this clear anywhere."""
    places = max(history.n_buckets / MIN_POINTS, 1.0)
    return min(1.0, 2 * NormalDist().cdf(-min(step.ratio, 37.0)) * places)


def smallest_rates(p: Floats, tested: int) -> Floats:
    """The smallest rate at which each of the ``p`` is accepted among ``tested`` hypotheses; shape as ``p``."""
    if not len(p):
        return p
    m = max(tested, len(p))
    order = np.argsort(p)
    scaled = p[order] * m * _harmonic(m) / np.arange(1, len(p) + 1)
    rates = np.empty(len(p))
    rates[order] = np.minimum.accumulate(scaled[::-1])[::-1]
    return rates


def _harmonic(m: int) -> float:
    return float((1 / np.arange(1, m + 1)).sum())


def _would_keep(rate: float) -> str:
    upper = math.ceil(100 * rate) / 100
    return f"[detect] false_reports = {upper:.2f}" if upper < 1 else "none: noise alone may well look like this"
