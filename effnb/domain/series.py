"""Metrics and their values on a regular grid of times."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from effnb.domain._base import Noun, Utc
from effnb.domain.window import Window

if TYPE_CHECKING:
    import pandas as pd


class Metric(Noun):
    """What a series measures."""

    name: str
    """Name in the source's own terms, e.g. ``gcpu`` or ``http_request_seconds_p95``."""
    unit: str
    """Unit of the values, e.g. ``share of samples``, ``s``, ``requests/s``."""
    worse: Literal["more", "less"] = "more"
    """Direction in which the metric gets worse."""


class Series(Noun):
    """Values of one metric on a regular grid; a missing value is null, never zero."""

    metric: Metric
    """What is measured."""
    labels: dict[str, str] = Field(default_factory=dict)
    """What it is measured of, e.g. service and function."""
    start: Utc
    """Start of the first bucket."""
    step_seconds: int = Field(gt=0)
    """Width of a bucket in seconds."""
    values: tuple[float | None, ...]
    """One value a bucket, in time order."""
    counts: tuple[int, ...] | None = None
    """Stack samples (or events) behind each value, where known."""

    @model_validator(mode="after")
    def _same_length(self) -> Self:
        if self.counts is not None and len(self.counts) != len(self.values):
            raise ValueError(f"{len(self.counts)} counts for {len(self.values)} values")
        return self

    @property
    def window(self) -> Window:
        """The span the buckets cover."""
        return Window(start=self.start, end=self.start + timedelta(seconds=self.step_seconds * len(self.values)))

    def inside(self, window: Window) -> Self | None:
        """The buckets that start inside a window; None when there are none."""
        step = self.step_seconds
        first = max(0, -int((self.start - window.start).total_seconds() // step))
        stop = min(len(self.values), -int((self.start - window.end).total_seconds() // step))
        if first >= stop:
            return None
        start, counts = self.start + timedelta(seconds=first * step), self.counts
        cut = {"start": start, "values": self.values[first:stop], "counts": counts[first:stop] if counts else None}
        return self.model_copy(update=cut)

    def to_frame(self) -> pd.DataFrame:
        """Columns ``time`` (UTC) and ``value``, with ``count`` where known; one row a bucket."""
        import pandas as pd

        times = pd.date_range(self.start, periods=len(self.values), freq=f"{self.step_seconds}s")
        frame = pd.DataFrame({"time": times, "value": pd.array(self.values, dtype="Float64").astype("float64")})
        return frame if self.counts is None else frame.assign(count=list(self.counts))
