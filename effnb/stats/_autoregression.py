"""How strongly the noise of a series hangs together: what is left to explain once its own past is known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from effnb.stats._jit import compiled, compiled_for_sums

Floats = npt.NDArray[np.float64]
MOST_LAGS = 6
UNIT_ROOT = 14.1
"""Noise of n points whose autoregression sums to more than 1 − 14.1/n may be a walk, which keeps no level (Dickey and
Fuller's 5 % limit of n(1 − φ) with a constant)."""


@compiled
def fit_autoregression(noise: Floats) -> tuple[float, Floats]:
    """Innovation variance and coefficients of the autoregression of order 0 to 6 that BIC prefers; Burg's recursion.

    ``noise`` has mean zero. Burg's estimates are stable and keep their worth on a few dozen points, where the
    Yule-Walker equations do not (Burg 1967; recursion as in Kay, Modern Spectral Estimation, 7.5).
    """
    n = noise.size
    forward = noise.copy()
    backward = noise.copy()
    variance = max(float(np.mean(noise * noise)), 1e-300)
    coefficients = np.zeros(0)
    best = coefficients
    best_variance = variance
    best_score = n * np.log(variance)
    for order in range(1, min(MOST_LAGS, n // 8) + 1):
        cross = power = 0.0
        for t in range(order, n):
            cross += forward[t] * backward[t - 1]
            power += forward[t] * forward[t] + backward[t - 1] * backward[t - 1]
        reflection = 2 * cross / power if power > 0 else 0.0
        longer = np.empty(order)
        for i in range(order - 1):
            longer[i] = coefficients[i] - reflection * coefficients[order - 2 - i]
        longer[order - 1] = reflection
        coefficients = longer
        for t in range(n - 1, order - 1, -1):
            ahead = forward[t]
            forward[t] = ahead - reflection * backward[t - 1]
            backward[t] = backward[t - 1] - reflection * ahead
        variance = max(variance * (1 - reflection * reflection), 1e-300)
        score = n * np.log(variance) + order * np.log(n)
        if score < best_score:
            best_score = score
            best_variance = variance
            best = coefficients
    return best_variance, best


@compiled
def long_run_deviation(variance: float, coefficients: Floats) -> float:
    """√n times the standard deviation of the mean of n points; the sum of coefficients is held below 0.98."""
    return float(np.sqrt(variance) / max(1 - float(np.sum(coefficients)), 0.02))


@compiled
def local_long_run_deviation(values: Floats, deviation: float) -> float:
    """√n times the standard deviation of a mean, from differences of near points: changes of level hardly touch it.

    Half the mean squared difference at lag k is γ(0) − γ(k) (the variogram); at lag 8 γ(k) is taken as 0. The
    autocovariances give an autoregression (Levinson) whose order BIC chooses. Differences beyond 2.5 ``deviation``·√2
    count as that much: they are steps. Strong correlation over more than 8 points is underestimated, so what passes
    this must be judged again.
    """
    n = values.size
    far = min(8, n // 6)
    most = min(MOST_LAGS, far - 1)
    cap = 12.5 * deviation * deviation
    spread = half_squared_difference(values, far, cap)
    if spread <= 0:
        return 0.0
    covariance = np.empty(most + 1)
    covariance[0] = spread
    for lag in range(1, most + 1):
        covariance[lag] = spread - half_squared_difference(values, lag, cap)
    best = spread
    best_score = n * np.log(spread)
    error = spread
    coefficients = np.zeros(most)
    for order in range(1, most + 1):
        if error <= 0:
            break
        rest = covariance[order]
        for i in range(order - 1):
            rest -= coefficients[i] * covariance[order - 1 - i]
        reflection = min(max(rest / error, -0.98), 0.98)
        old = coefficients.copy()
        for i in range(order - 1):
            coefficients[i] = old[i] - reflection * old[order - 2 - i]
        coefficients[order - 1] = reflection
        error *= 1 - reflection * reflection
        score = n * np.log(error) + order * np.log(n)
        if score < best_score:
            best_score = score
            best = error / max(1 - np.sum(coefficients[:order]), 0.05) ** 2
    return float(np.sqrt(best))


@compiled_for_sums
def half_squared_difference(values: Floats, lag: int, cap: float) -> float:
    """Half the mean squared difference of points ``lag`` apart (the variogram), each square at most ``cap``."""
    total = 0.0
    for t in range(lag, values.size):
        step = values[t] - values[t - lag]
        total += min(step * step, cap)
    return 0.5 * total / (values.size - lag)
