"""Two profiles, function by function: what takes a larger share of the samples now, and how sure that is.

Shares are compared, not counts: two recordings are rarely of the same length. The interval is that of two independent
proportions after Newcombe (1998), "Interval estimation for the difference between independent proportions: comparison
of eleven methods", Statistics in Medicine 17, 873–890, method 10: two Wilson intervals combined. It stays inside
−1 … 1, holds the observed difference, and has a width even where a function was never seen.
"""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
from numpy.typing import NDArray

from effnb.domain import FunctionDelta, Profile, ProfileDiff
from effnb.errors import AnalysisError, NotEnoughData

LABELLED_COUNT = re.compile(r"[1-9]\d{0,17}", re.ASCII)
Z_95 = 1.959963984540054

Floats = NDArray[np.float64]


def compare_profiles(
    before: Profile,
    after: Profile,
    *,
    before_name: str,
    after_name: str,
    limit: int | None = None,
) -> ProfileDiff:
    """Every function's share in both profiles, largest absolute change first, at most ``limit`` rows.

    ``before`` and ``after`` of a row are gCPU: the share of samples that hold the function anywhere, recursion counted
    once. Ties keep the order of self share, then of names.

    The 95 % interval of a row is for that function alone and assumes independent samples. Where counts are samples,
    there are that many. Where they are time or bytes, it takes the label ``effective_samples``; without one it takes
    each distinct stack as seen once: fewer samples than there were (Kish 1965), so a wider interval. Tracing has no
    sampling error, and the interval says nothing about how much two runs differ.

    Raises:
        AnalysisError: the units or sample types differ, or ``limit`` is negative.
        NotEnoughData: one profile is empty and the other is not.
    """
    _refuse_unlike(before, after, before_name, after_name)
    if limit is not None and limit < 0:
        raise AnalysisError(f"cannot show {limit} functions; give a limit of 0 or more")
    totals = before.total, after.total
    functions = _functions(before, after) if all(totals) else []
    return ProfileDiff(
        before=before_name,
        after=after_name,
        unit=before.unit,
        total_before=totals[0],
        total_after=totals[1],
        rows=_rows(before, after, functions, limit) if functions else (),
        functions=len(functions),
    )


def newcombe_interval(before: Floats, after: Floats, n_before: int, n_after: int) -> tuple[Floats, Floats]:
    """Lower and upper ends of the 95 % interval of ``after − before``, shares of ``n`` samples each, any shape."""
    low_before, high_before = _wilson_interval(before, n_before)
    low_after, high_after = _wilson_interval(after, n_after)
    delta = after - before
    low = delta - np.hypot(after - low_after, high_before - before)
    high = delta + np.hypot(high_after - after, before - low_before)
    return np.maximum(low, -1.0), np.minimum(high, 1.0)


def _wilson_interval(share: Floats, n: int) -> tuple[Floats, Floats]:
    """Ends of the 95 % score interval of one proportion."""
    square = Z_95**2
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = Z_95 / (1 + square / n) * np.sqrt(share * (1 - share) / n + square / (4 * n**2))
    return np.clip(middle - half, 0.0, share), np.clip(middle + half, share, 1.0)


def _rows(before: Profile, after: Profile, functions: list[str], limit: int | None) -> tuple[FunctionDelta, ...]:
    share_before, share_after = (
        _shares(before.inclusive(), functions, before),
        _shares(after.inclusive(), functions, after),
    )
    self_before, self_after = (
        _shares(before.exclusive(), functions, before),
        _shares(after.exclusive(), functions, after),
    )
    low, high = newcombe_interval(share_before, share_after, _sample_count(before), _sample_count(after))
    delta = share_after - share_before
    order = np.lexsort((np.arange(len(functions)), -np.abs(self_after - self_before), -np.abs(delta)))
    return tuple(
        FunctionDelta(
            function=functions[row],
            before=float(share_before[row]),
            after=float(share_after[row]),
            delta=float(delta[row]),
            low=float(low[row]),
            high=float(high[row]),
            self_before=float(self_before[row]),
            self_after=float(self_after[row]),
        )
        for row in order[:limit]
    )


def _functions(before: Profile, after: Profile) -> list[str]:
    """Names in either profile, sorted."""
    return sorted({frame for profile in (before, after) for sample in profile.samples for frame in sample.frames})


def _shares(counts: Counter[str], functions: list[str], profile: Profile) -> Floats:
    total = profile.total
    return np.array([counts[function] / total for function in functions], dtype=np.float64)


def _sample_count(profile: Profile) -> int:
    """Samples the interval may count on, at least 1; see ``compare_profiles``."""
    if profile.unit == "samples":
        return profile.total
    known = profile.labels.get("effective_samples", "")
    if LABELLED_COUNT.fullmatch(known):
        return int(known)
    squares = sum(sample.count**2 for sample in profile.samples)
    return max(1, profile.total**2 // squares)


def _refuse_unlike(before: Profile, after: Profile, before_name: str, after_name: str) -> None:
    """Shares of different things may look alike and mean nothing side by side."""
    if before.unit != after.unit:
        raise AnalysisError(
            f"cannot compare {before.unit} ({before_name}) with {after.unit} ({after_name}); choose one sample type"
        )
    kinds = [profile.labels.get("sample_type") for profile in (before, after)]
    if None not in kinds and kinds[0] != kinds[1]:
        raise AnalysisError(
            f"cannot compare sample type {kinds[0]} ({before_name}) with {kinds[1]} ({after_name}); choose one for both"
        )
    for profile, other, name in ((before, after, before_name), (after, before, after_name)):
        if not profile.total and other.total:
            raise NotEnoughData(f"cannot compare {name}: it holds no {profile.unit}; record it again")
