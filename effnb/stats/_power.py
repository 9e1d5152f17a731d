"""How small a rise of a share can be seen in so many samples, and how many samples a rise of given size needs.

A share p estimated from n samples scatters with variance p(1 − p)/n, its difference from a baseline of finite length
with p(1 − p)(1/n₁ + 1/n₂). Samples of one server resemble each other, so both are multiplied by a design effect D ≥ 1
(Kish, Survey Sampling, 1965, section 5.4). A rise Δ is found with probability ``power`` at false-alarm rate ``alpha``
from n = D·p(1 − p)·((z_α + z_power)/Δ)² samples on. That formula takes hits for normal; functions with a handful of
hits are what a small fleet has most of. Here the hits are Poisson counts of the same variance, which is the formula
itself once there are many, and the exact test when there are few.

FBDetect: Yoon et al., SOSP '24, doi 10.1145/3694715.3695977, appendices A.2 to A.4.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import special

from effnb.errors import AnalysisError
from effnb.stats._noise import MAD_TO_SD, without_daily_season

Floats = npt.NDArray[np.float64]
Numbers = npt.ArrayLike

MIN_BLOCKS = 8
"""Fewest blocks whose scatter says anything."""
MIN_HITS = 10.0
"""Fewest hits a block for its scatter to be more than that of small whole numbers."""


def sampling_sd(share: Numbers, after: Numbers, before: Numbers = np.inf, *, design_effect: Numbers = 1.0) -> Floats:
    """Standard deviation of the rise of a share, measured on ``after`` samples against ``before`` older ones.

    Without ``before`` the baseline is known exactly. Arguments broadcast.
    """
    p, n2, n1 = _checked(share, after, before)
    return np.asarray(np.sqrt(np.asarray(design_effect) * p * (1 - p) * (1 / n1 + 1 / n2)))


def smallest_rise(
    share: Numbers,
    after: Numbers,
    before: Numbers = np.inf,
    *,
    alpha: float = 0.01,
    power: float = 0.95,
    design_effect: Numbers = 1.0,
) -> Floats:
    """Smallest rise of a share that is found with probability ``power`` when pure noise passes with ``alpha``.

    One-sided. Arguments broadcast; a rise that would make the share more than 1 is infinite: it cannot be seen.

    Raises:
        AnalysisError: a share outside (0, 1), or a chance outside (0, 0.5] or [0.5, 1).
    """
    p, n2, n1 = _checked(share, after, before)
    _check_chances(alpha, power)
    exposure = _exposure(p, n2, n1, design_effect)
    found = special.gammaincinv(critical_hits(exposure * p, alpha), power) / exposure - p
    return np.asarray(np.where(found <= 1 - p, found, np.inf))


def detection_chance(
    share: Numbers,
    rise: Numbers,
    after: Numbers,
    before: Numbers = np.inf,
    *,
    alpha: float = 0.01,
    design_effect: Numbers = 1.0,
) -> Floats:
    """Probability that a rise of this size is found; the test is that of ``smallest_rise``."""
    p, n2, n1 = _checked(share, after, before)
    _check_chances(alpha, 0.5)
    exposure = _exposure(p, n2, n1, design_effect)
    return np.asarray(special.gammainc(critical_hits(exposure * p, alpha), exposure * (p + np.asarray(rise))))


def samples_needed(
    share: Numbers,
    rise: Numbers,
    before: Numbers = np.inf,
    *,
    alpha: float = 0.01,
    power: float = 0.95,
    design_effect: Numbers = 1.0,
) -> Floats:
    """Samples after a rise until it is found; infinite when the baseline's own ``before`` samples scatter too much.

    The same test as ``smallest_rise``: some per cent more than ``normal_samples_needed``, or with few hits many times.
    """
    p, size, n1, effect = np.broadcast_arrays(*map(np.asarray, (share, rise, before, design_effect)))
    if not (size > 0).all():
        raise AnalysisError(f"cannot plan for a rise of {float(np.min(size)):g}; give a share above 0")

    def found(count: Floats) -> npt.NDArray[np.bool_]:
        least = smallest_rise(p, count, n1, alpha=alpha, power=power, design_effect=effect)
        return np.asarray(least <= size)

    low, high = np.full(p.shape, -3.0), np.full(p.shape, 50.0)  # natural logarithm of the count
    possible = found(np.exp(high))
    for _ in range(60):
        middle = (low + high) / 2
        enough = found(np.exp(middle))
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.asarray(np.where(possible, np.exp(high), np.inf))


def normal_samples_needed(
    share: Numbers, rise: Numbers, *, alpha: float = 0.01, power: float = 0.95, design_effect: Numbers = 1.0
) -> Floats:
    """The textbook's D·p(1 − p)·((z_α + z_power)/Δ)²: long baseline, many hits, the variance of before for after."""
    _check_chances(alpha, power)
    spread = sampling_sd(share, 1.0, design_effect=design_effect)
    return np.asarray((spread * (special.ndtri(power) - special.ndtri(alpha)) / np.asarray(rise)) ** 2)


def critical_hits(expected: Numbers, alpha: float) -> Floats:
    """Fewest hits that so many expected ones reach with a probability of at most ``alpha``; exact for Poisson counts.

    Above 10⁹ expected hits the normal quantile with its skewness term is taken; a hit more or less is nothing there.
    """
    mean = np.asarray(expected, dtype=np.float64)
    z = float(-special.ndtri(alpha))
    hits = np.maximum(np.ceil(mean + z * np.sqrt(mean) + (z * z - 1) / 6), 1.0)
    exact = mean < 1e9
    for _ in range(50):
        too_few = exact & (special.gammainc(hits, mean) > alpha)
        too_many = exact & (hits > 1) & (special.gammainc(np.maximum(hits - 1, 1), mean) <= alpha)
        if not (too_few | too_many).any():
            break
        hits = hits + too_few - too_many
    return np.asarray(hits)


def design_effect_at(design_effect: Numbers, factor: float) -> Floats:
    """Design effect when every server is sampled ``factor`` times as often.

    Further samples of the same servers see the same load, so only the sampling part of the variance falls: with m
    samples a server and correlation ρ within it, D = 1 + (m − 1)ρ (Kish). More servers or more time leave D as it is.
    """
    return np.asarray(1 + (np.asarray(design_effect, dtype=np.float64) - 1) * factor)


def measured_design_effect(hits: Numbers, totals: Numbers, *, block: int, per_day: int) -> Floats:
    """Variance of the shares of adjacent blocks of time over what sampling alone gives, for each function.

    ``hits`` has shape ``(rows, n)``, ``totals`` ``(n,)``; a block is ``block`` points, shortened when fewer than eight
    fit. The daily course is removed first, and differences beyond 3.5 deviations are left out: changes of level are no
    noise.
    NaN where nothing can be said: fewer than eight blocks of four points, or fewer than ten hits a block. Values below
    1 are scatter and become 1.
    """
    counts, all_samples = np.atleast_2d(np.asarray(hits, dtype=np.float64)), np.asarray(totals, dtype=np.float64)
    unknown = np.full(counts.shape[0], np.nan)
    seen = all_samples > 0
    block = min(block, int(all_samples.size // MIN_BLOCKS))
    if block < 4 or seen.mean() < 0.5:
        return unknown
    mean = counts.sum(axis=1) / all_samples.sum()
    shares = np.where(seen, counts / np.where(seen, all_samples, 1.0), mean[:, None])
    variance = _block_variance(without_daily_season(shares, per_day), block)
    sampling = mean * (1 - mean) * float(np.mean(1 / all_samples[seen])) / block
    known = (mean * float(all_samples[seen].mean()) * block >= MIN_HITS) & (mean < 1)
    return np.asarray(np.where(known, np.maximum(variance / np.where(known, sampling, 1.0), 1.0), np.nan))


def size_strata(quantiles: Sequence[tuple[float, float]], count: int) -> Floats:
    """``count`` equally likely sizes of a distribution given by some quantiles ``(probability, size)``.

    Between two quantiles the logarithm of the size is a straight line in the probability. The probabilities run from
    0 to 1 and both they and the sizes rise.

    Raises:
        AnalysisError: they do not.
    """
    chance, size = np.asarray(quantiles, dtype=np.float64).reshape(-1, 2).T
    rising = len(chance) >= 2 and (np.diff(chance) > 0).all() and (np.diff(size) >= 0).all()
    if not rising or chance[0] != 0 or chance[-1] != 1 or size[0] <= 0:
        raise AnalysisError(
            f"cannot read the sizes {list(map(tuple, quantiles))}; give probability and size pairs that rise, "
            "from probability 0 to 1, sizes above 0"
        )
    middle = (np.arange(count) + 0.5) / count
    return np.asarray(np.exp(np.interp(middle, chance, np.log(size))))


def _block_variance(values: Floats, block: int) -> Floats:
    """Variance of a mean over ``block`` points, from the differences of all pairs of adjacent blocks; per row.

    All pairs, overlapping ones too, scatter a third less than disjoint ones.
    """
    cumulated = np.cumsum(np.concatenate([np.zeros((len(values), 1)), values], axis=1), axis=1)
    means = (cumulated[:, block:] - cumulated[:, :-block]) / block
    steps = (means[:, block:] - means[:, :-block]) / np.sqrt(2)
    usual = MAD_TO_SD * np.median(np.abs(steps), axis=1, keepdims=True)
    kept = (np.abs(steps) <= 3.5 * usual) | (usual == 0)
    return np.asarray((steps**2 * kept).sum(axis=1) / np.maximum(kept.sum(axis=1), 1))


def _exposure(p: Floats, after: Floats, before: Floats, design_effect: Numbers) -> Floats:
    """Samples of a Poisson count whose share scatters as the measured one does."""
    return np.asarray(1 / (np.asarray(design_effect) * (1 - p) * (1 / before + 1 / after)))


def _checked(share: Numbers, after: Numbers, before: Numbers) -> tuple[Floats, Floats, Floats]:
    p, n2, n1 = (np.asarray(one, dtype=np.float64) for one in (share, after, before))
    if not ((p > 0) & (p < 1)).all():
        wrong = p[~((p > 0) & (p < 1))].flat[0]
        raise AnalysisError(f"a share is {wrong:g}; gCPU is a fraction above 0 and below 1: 1 % is 0.01")
    if not ((n1 > 0).all() and (n2 > 0).all()):
        raise AnalysisError("no samples before or after; give windows, servers and a rate above 0")
    return p, n2, n1


def _check_chances(alpha: float, power: float) -> None:
    if not 0 < alpha <= 0.5:
        raise AnalysisError(f"the chance of a false alarm is {alpha:g}; give one above 0, at most 0.5")
    if not 0.5 <= power < 1:
        raise AnalysisError(f"the chance to find a rise is {power:g}; give one of at least 0.5, below 1")
