"""Smooth courses that are no change of level: a steady trend, a week that rides on the days."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from effnb.stats._jit import compiled
from effnb.stats._levels import charge, misfit, residuals

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DAYS_A_WEEK = 7
FEWEST_WEEKS = 0.7
"""Less than that of a cycle is a ramp to any eye."""


@compiled
def line(n: int) -> Floats:
    """A straight line of mean zero, shape ``(1, n)``."""
    return ((np.arange(n) - 0.5 * (n - 1)) / n).reshape(1, n)


@compiled
def has_weeks(n: int, period: float) -> bool:
    """Whether days of ``period`` points make enough of a week in ``n`` points."""
    return period > 0 and n >= FEWEST_WEEKS * DAYS_A_WEEK * period


@compiled
def week(n: int, period: float) -> Floats:
    """Waves of a week of seven days of ``period`` points, shape ``(4 or 6, n)``, each of mean zero."""
    # At two cycles and less the third harmonic is a step in disguise.
    harmonics = 3 if n >= 2 * DAYS_A_WEEK * period else 2
    waves = np.empty((2 * harmonics, n))
    for harmonic in range(1, harmonics + 1):
        angle = 2 * np.pi * harmonic * np.arange(n) / (DAYS_A_WEEK * period)
        waves[2 * harmonic - 2] = np.cos(angle)
        waves[2 * harmonic - 1] = np.sin(angle)
    for i in range(2 * harmonics):
        waves[i] -= np.mean(waves[i])
    return waves


@compiled
def course_price(shape: Floats, price: float) -> float:
    """What a course costs: BIC for its parameters, and no less than the change it stands in for."""
    count, n = shape.shape
    return max(price, float(count * np.log(n)))


@compiled
def fit_shape(values: Floats, weights: Floats, shape: Floats, changes: Ints) -> Floats:
    """The course made of the rows of ``shape`` that fits best beside free levels, by weighted least squares."""
    count, n = shape.shape
    centred = np.empty((count, n))
    for i in range(count):
        centred[i] = residuals(shape[i], weights, changes)
    rest = residuals(values, weights, changes)
    gram = np.empty((count, count))
    side = np.empty(count)
    for i in range(count):
        side[i] = np.sum(centred[i] * rest)
        for j in range(count):
            gram[i, j] = np.sum(centred[i] * centred[j])
    # Columns that say nothing beside the levels get a hair of ridge, not an error.
    hair = 1e-9 * np.trace(gram) + 1e-300
    for i in range(count):
        gram[i, i] += hair
    share = np.linalg.solve(gram, side)
    course = np.zeros(n)
    for i in range(count):
        course += share[i] * shape[i]
    return course


@compiled
def may_stand_in(
    values: Floats, weights: Floats, shape: Floats, changes: Ints, known: float, price: float, rest: float
) -> bool:
    """Whether a course explains the series in place of its changes, or beside them, as the cheapest look tells.

    ``rest`` is the misfit of the changes alone.
    """
    n = values.size
    none = changes[:0]
    alone = misfit(values - fit_shape(values, weights, shape, none), weights, none, known)
    if alone + course_price(shape, price) < rest + charge(changes.size, price, n):
        return True
    beside = misfit(values - fit_shape(values, weights, shape, changes), weights, changes, known)
    return rest - beside > course_price(shape, price)
