"""Stack samples and profiles, the same for every profiler and language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Self

from pydantic import Field

from effnb.domain._base import Noun


class StackSample(Noun):
    """One distinct call stack and its weight."""

    frames: tuple[str, ...]
    """Function names, root first; Python functions are ``module:qualname``."""
    count: int = Field(ge=0)
    """Samples (or the profile's unit) seen with exactly this stack."""


class Profile(Noun):
    """The stacks one recording or query returned; empty means the profiler saw nothing."""

    samples: tuple[StackSample, ...]
    """Distinct stacks."""
    unit: str = "samples"
    """Unit of the counts: ``samples``, ``nanoseconds``, ``bytes`` …"""
    labels: dict[str, str] = Field(default_factory=dict)
    """Service, version, workload, host group, sample type, as far as known."""

    @classmethod
    def from_stacks(
        cls, stacks: Mapping[tuple[str, ...], int] | Iterable[tuple[tuple[str, ...], int]], **fields: object
    ) -> Self:
        """A profile of the given stacks; equal stacks are added up."""
        total: Counter[tuple[str, ...]] = Counter()
        for frames, count in stacks.items() if isinstance(stacks, Mapping) else stacks:
            total[frames] += count
        samples = tuple(StackSample(frames=frames, count=count) for frames, count in sorted(total.items()))
        return cls(samples=samples, **fields)

    @property
    def total(self) -> int:
        """Sum of all counts, in ``unit``."""
        return sum(sample.count for sample in self.samples)

    def inclusive(self) -> Counter[str]:
        """Count of the samples that contain each function anywhere; a function counts once per stack."""
        counts: Counter[str] = Counter()
        for sample in self.samples:
            for function in set(sample.frames):
                counts[function] += sample.count
        return counts

    def exclusive(self) -> Counter[str]:
        """Count of the samples in which each function is the innermost frame."""
        counts: Counter[str] = Counter()
        for sample in self.samples:
            if sample.frames:
                counts[sample.frames[-1]] += sample.count
        return counts

    def gcpu(self) -> dict[str, float]:
        """Share of samples that contain each function anywhere (0 … 1); empty for an empty profile."""
        total = self.total
        return {function: count / total for function, count in self.inclusive().items()} if total else {}
