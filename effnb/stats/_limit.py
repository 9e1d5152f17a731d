"""How large the largest of many standardised differences gets when nothing changes."""

from __future__ import annotations

from functools import lru_cache
from math import erfc, exp, log, pi, sqrt


@lru_cache(maxsize=4096)
def scan_limit(points: int, margin: int, alpha: float) -> float:
    """What the largest two-sided CUSUM statistic of ``points`` normal values exceeds with probability ``alpha``.

    Splits closer than ``margin`` to an end are not looked at. Tail approximation of James, James and Siegmund
    (Biometrika 74, 1987, equation 2), with Siegmund's ν(x) ≈ exp(−0.583 x) for the overshoot of a discrete walk.
    """
    low, high = 1.0, 12.0
    while high - low > 1e-6:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _exceeds(middle, points, margin) > alpha else (low, middle)
    return high


def _exceeds(limit: float, points: int, margin: int, steps: int = 256) -> float:
    """Chance of passing ``limit``; the integral over log odds of the split, where its integrand is smooth."""
    start = min(max(margin, 1), points // 2) / points
    edge = log((1 - start) / start)
    density = exp(-0.5 * limit * limit) / sqrt(2 * pi)
    width = 2 * edge / steps
    total = 0.0
    for i in range(steps):
        share = 1 / (1 + exp(edge - (i + 0.5) * width))
        total += exp(-0.583 * limit / sqrt(points * share * (1 - share)))
    # One split alone is an ordinary two-sided test.
    return limit * density * total * width + erfc(limit / sqrt(2))
