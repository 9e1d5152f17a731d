"""One service's samples as arrays: what every stage of detection is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from effnb.domain import Window
from effnb.errors import AnalysisError

Stack = tuple[str, ...]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
NEARLY_ALL = 0.8
AROUND = 25
"""Buckets over which the cost of a request is averaged where some were not measured."""


@dataclass(frozen=True)
class ServiceHistory:
    """Counts of every stack of a service over time, with the requests that caused them where those are known."""

    service: str
    start: int
    """Start of the first bucket, seconds since 1970 UTC."""
    step_seconds: int
    stacks: Sequence[Stack]
    counts: Ints
    """Samples, shape ``(n_stacks, n_buckets)``."""
    endpoint: Ints
    """Row of ``requests`` each stack belongs to, −1 for none; shape ``(n_stacks,)``."""
    requests: Floats | None = None
    """Requests, shape ``(n_endpoints, n_buckets)``; None when nobody counted them."""
    own_code: tuple[str, ...] = ()
    """Module prefixes of the service's own code; empty when all code may name a report."""

    def __post_init__(self) -> None:
        """Refuse what no samples can be; requests that are negative or infinite were not measured.

        Raises:
            AnalysisError: shapes that do not fit, negative counts, or buckets of no width.
        """
        n = len(self.stacks)
        if self.step_seconds <= 0:
            raise AnalysisError(f"{self.service}: buckets of {self.step_seconds} s; give a width above 0")
        if self.counts.ndim != 2 or len(self.counts) != n or self.endpoint.shape != (n,):
            raise AnalysisError(
                f"{self.service}: {n} stacks, counts {self.counts.shape}, endpoints {self.endpoint.shape}; "
                "give counts (n_stacks, n_buckets) and one endpoint a stack"
            )
        if self.counts.size and self.counts.min() < 0:
            raise AnalysisError(f"{self.service}: a count of {self.counts.min()} samples; ingest the profiles again")
        if self.requests is None:
            return
        known = int(self.endpoint.max(initial=-1)) + 1
        if self.requests.ndim != 2 or self.requests.shape[1] != self.n_buckets or len(self.requests) < known:
            raise AnalysisError(
                f"{self.service}: requests {self.requests.shape} for {known} endpoints and {self.n_buckets} buckets; "
                "give (n_endpoints, n_buckets)"
            )
        strange = ~np.isfinite(self.requests) | (self.requests < 0)
        if strange.any():
            object.__setattr__(self, "requests", np.where(strange, np.nan, self.requests))

    @property
    def n_buckets(self) -> int:
        """Length of the time axis."""
        return int(self.counts.shape[1])

    @property
    def per_day(self) -> int:
        """Buckets a day."""
        return 24 * 3600 // self.step_seconds

    @cached_property
    def functions(self) -> tuple[str, ...]:
        """All functions, sorted."""
        return tuple(sorted({name for stack in self.stacks for name in stack}))

    @cached_property
    def incidence(self) -> sp.csr_array:
        """1 where a function occurs in a stack, shape ``(n_functions, n_stacks)``."""
        rank = {name: i for i, name in enumerate(self.functions)}
        pairs = [(rank[name], j) for j, stack in enumerate(self.stacks) for name in set(stack)]
        rows, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        found = sp.csr_array((np.ones(len(pairs)), (rows, columns)), shape=(len(self.functions), len(self.stacks)))
        found.sort_indices()
        return found

    @cached_property
    def totals(self) -> Floats:
        """All samples of each bucket, shape ``(n_buckets,)``."""
        return np.asarray(self.counts.sum(axis=0), dtype=float)

    @cached_property
    def gcpu(self) -> Floats:
        """Share of samples with each function, shape ``(n_functions, n_buckets)``; NaN in buckets without samples."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.incidence @ self.counts / self.totals)

    @cached_property
    def standard_gcpu(self) -> Floats:
        """``gcpu`` at the mean traffic mix, and undiluted within each endpoint; shape as ``gcpu``.

        A function is measured against the other samples of its endpoint, which neither traffic that moves between
        endpoints nor hosts that are slow as a whole change, nor its own growth: a share would be damped by it where
        endpoints are small. A function that makes up nearly all of an endpoint has no such others there, and keeps its
        plain ``gcpu``.
        """
        groups = [np.flatnonzero(self.endpoint == e) for e in np.unique(self.endpoint)]
        if len(groups) < 2:
            return self.gcpu
        found = np.zeros_like(self.gcpu)
        nearly_all = np.zeros(len(self.functions), dtype=bool)
        whole = max(float(self.totals.sum()), 1.0)
        for rows in groups:
            held = self.incidence[:, rows]
            some = np.flatnonzero(np.diff(held.indptr))
            hits, total = held[some] @ self.counts[rows], self.counts[rows].sum(axis=0)
            rest = total - hits
            mean, weight = hits.sum(axis=1) / max(total.sum(), 1), rest.sum(axis=1) / whole
            with np.errstate(invalid="ignore", divide="ignore"):
                odds = np.where(rest > 0, hits / rest, np.nan)
            # A bucket without samples of an endpoint says nothing about it: its mean stands in.
            usual = hits.sum(axis=1) / np.maximum(rest.sum(axis=1), 1)
            found[some] += weight[:, None] * np.where(np.isnan(odds), usual[:, None], odds)
            nearly_all[some[mean >= NEARLY_ALL]] = True
        mean_share = (self.incidence @ self.counts.sum(axis=1)) / whole
        others = np.maximum(1 - mean_share, 1e-12)[:, None]
        shares = found / (found + others)
        return np.where(nearly_all[:, None] | np.isnan(self.gcpu), self.gcpu, shares)

    @cached_property
    def gcpu_at_constant_traffic(self) -> Floats:
        """Cost per request of every function at mean requests, as a share of the mean cost; shape as ``gcpu``.

        Neither traffic nor the cost of other functions moves it; hosts that are slow as a whole do.
        """
        whole = float(np.nansum(self.stack_cost)) / max(int(self._known_so_far[-1]), 1)
        return np.asarray(self.incidence @ self.stack_cost) / max(whole, 1e-12)

    @cached_property
    def unit_cost(self) -> Floats | None:
        """Cost of each stack at constant traffic: samples per request × mean requests; shape as ``counts``.

        Traffic that grows or moves between endpoints leaves it unchanged, and so does another function's cost.
        None without request counts; a stack of no known endpoint is scaled by all requests. Where requests were not
        measured an endpoint costs what it did around; buckets without any sample are NaN.
        """
        if self.requests is None:
            return None
        known = self._requests_or_guess(np.vstack([self.requests, np.nansum(self.requests, axis=0)]))
        with np.errstate(invalid="ignore", divide="ignore"):
            weight = known.mean(axis=1, keepdims=True) / known
            cost = np.where(self.counts > 0, self.counts * weight[self.endpoint], 0.0)
        return np.asarray(np.where(self.totals > 0, cost, np.nan))

    def _requests_or_guess(self, known: Floats) -> Floats:
        """Requests, where they were not measured as many as would cost what they did around; the last row is all."""
        groups = [self.endpoint == e for e in range(len(known) - 1)]
        samples = np.array([*(self.counts[rows].sum(axis=0) for rows in groups), self.totals], dtype=float)
        measured = np.isfinite(known) & (known > 0)
        guess = np.array([_usual_requests(*row) for row in zip(known, samples, measured, strict=True)])
        return np.where(measured | (samples == 0), np.nan_to_num(known), guess)

    @cached_property
    def stack_cost(self) -> Floats:
        """``unit_cost``; without request counts, samples at the mean total. Shape as ``counts``, NaN where none."""
        if self.unit_cost is not None:
            return self.unit_cost
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.counts * (self.totals.mean() / np.where(self.totals > 0, self.totals, np.nan)))

    @cached_property
    def _cost_so_far(self) -> Floats:
        """``stack_cost`` summed over the buckets before each, shape ``(n_stacks, n_buckets + 1)``."""
        sums = np.zeros((self.counts.shape[0], self.n_buckets + 1))
        np.cumsum(np.nan_to_num(self.stack_cost), axis=1, out=sums[:, 1:])
        return sums

    @cached_property
    def _known_so_far(self) -> Ints:
        """Buckets with samples before each, shape ``(n_buckets + 1,)``."""
        return np.concatenate([[0], np.cumsum(self.totals > 0)])

    def latest(self, days: float) -> ServiceHistory:
        """Its last days; all of it when there are fewer."""
        first = self.n_buckets - round(days * self.per_day)
        if first <= 0:
            return self
        return replace(
            self,
            start=self.start + first * self.step_seconds,
            counts=self.counts[:, first:],
            requests=None if self.requests is None else self.requests[:, first:],
        )

    def mean_cost(self, columns: slice, stacks: Ints | None = None) -> Floats:
        """Mean cost of each stack over some buckets, those without samples left out; 0 when there is none."""
        known = int(self._known_so_far[columns.stop] - self._known_so_far[columns.start])
        sums = self._cost_so_far if stacks is None else self._cost_so_far[stacks]
        return np.asarray((sums[:, columns.stop] - sums[:, columns.start]) / max(known, 1))

    def members(self, row: int) -> Ints:
        """Stacks that contain a function, ascending."""
        return np.asarray(self.incidence.indices[self.incidence.indptr[row] : self.incidence.indptr[row + 1]])

    def holds(self, row: int) -> npt.NDArray[np.bool_]:
        """Which stacks contain a function, shape ``(n_stacks,)``."""
        held = np.zeros(len(self.stacks), dtype=bool)
        held[self.members(row)] = True
        return held

    def is_own(self, function: str) -> bool:
        """Whether a function may name a report."""
        module = function.split(":", maxsplit=1)[0]
        return not self.own_code or any(module == own or module.startswith(own + ".") for own in self.own_code)

    def time(self, index: int) -> datetime:
        """Start of a bucket."""
        return datetime.fromtimestamp(self.start + index * self.step_seconds, tz=UTC)

    def window(self, first: int, stop: int) -> Window:
        """The span of buckets ``first … stop − 1``."""
        return Window(start=self.time(first), end=self.time(stop))

    def columns(self, window: Window) -> slice:
        """Buckets that start inside a window."""
        first = -(-(int(window.start.timestamp()) - self.start) // self.step_seconds)
        stop = -(-(int(window.end.timestamp()) - self.start) // self.step_seconds)
        return slice(max(0, first), max(0, min(stop, self.n_buckets)))

    def stack_counts(self, window: Window) -> Mapping[Stack, int]:
        """Samples of each stack that occurs inside a window."""
        sums = self.counts[:, self.columns(window)].sum(axis=1)
        return {self.stacks[i]: int(sums[i]) for i in np.flatnonzero(sums).tolist()}


def _usual_requests(known: Floats, samples: Floats, measured: npt.NDArray[np.bool_]) -> Floats:
    """As many requests as would cost in each bucket what they cost around it, from buckets where they were measured."""
    if not (samples[measured] > 0).any():
        return samples
    near = np.ones(min(AROUND, len(samples)))
    requests = np.convolve(np.where(measured, known, 0.0), near, mode="same")
    cost = np.convolve(np.where(measured, samples, 0.0), near, mode="same")
    tells = np.flatnonzero(measured & (cost > 0))
    return np.asarray(samples * np.interp(np.arange(len(samples)), tells, requests[tells] / cost[tells]))
