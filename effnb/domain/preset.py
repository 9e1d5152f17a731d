"""Detection by kind of workload: the paper's twelve rows, and ours for small fleets.

The rows are Table 1 of "FBDetect: Catching Tiny Performance Regressions at Hyperscale through In-Production
Monitoring" (SOSP 2024, doi 10.1145/3694715.3695977): threshold, how often detection runs, and its three windows.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pydantic import Field

from effnb.domain._base import Noun

NO_THRESHOLD = 1e-6
"""Threshold of workloads whose threshold is a relative one."""


class Preset(Noun):
    """How detection is set up for one kind of workload."""

    name: str
    """What ``[detect] preset`` calls it."""
    about: str
    """The workload it is meant for."""
    threshold: float = Field(gt=0, lt=1)
    """Smallest lasting rise that is reported, in gCPU."""
    relative_threshold: float = Field(default=0.0, ge=0)
    """Smallest rise over the level before it; 0 for none."""
    rerun_hours: float = Field(gt=0)
    """How often detection is meant to run."""
    historic_days: float = Field(gt=0)
    """Baseline."""
    analysis_hours: float = Field(gt=0)
    """Where new changes are expected."""
    extended_hours: float = Field(default=0.0, ge=0)
    """What follows, to see whether a change lasts."""

    @property
    def history_days(self) -> float:
        """All three windows."""
        return self.historic_days + (self.analysis_hours + self.extended_hours) / 24

    @property
    def settings(self) -> Mapping[str, float]:
        """The keys of ``[detect]`` it stands for."""
        return {
            "threshold": self.threshold,
            "relative_threshold": self.relative_threshold,
            "history_days": self.history_days,
        }


def _row(
    name: str, about: str, threshold: float, rerun: float, historic: float, analysis: float, extended: float = 0.0
) -> Preset:
    return Preset(
        name=name,
        about=about,
        threshold=threshold,
        rerun_hours=rerun,
        historic_days=historic,
        analysis_hours=analysis,
        extended_hours=extended,
    )


def _relative(name: str, about: str, rerun: float, historic: float, analysis: float, extended: float = 0.0) -> Preset:
    row = _row(name, about, NO_THRESHOLD, rerun, historic, analysis, extended)
    return row.model_copy(update={"relative_threshold": 0.05})


_ROWS = (
    _row("small-fleet", "10–200 pods in 5–50 services, 19–100 Hz, deployed at once (ours)", 0.005, 1, 58, 24, 24),
    _row("frontfaas-large", "web tier of 500,000 servers, large changes soon", 0.03, 0.5, 10, 3),
    _row("frontfaas-small", "the same, small changes", 0.00005, 2, 10, 4, 6),
    _row("pythonfaas-large", "Python functions as a service, large changes soon", 0.005, 1, 10, 6),
    _row("pythonfaas-small", "the same, small changes", 0.0003, 4, 10, 6, 6),
    _row("tao-frontfaas", "a graph store as its web tier calls it", 0.0005, 2, 10, 4, 24),
    _row("tao-other", "the same as others call it", 0.0005, 1, 10, 24, 6),
    _row("adserving-short", "ads, changes of a day", 0.002, 6, 10, 24, 12),
    _row("adserving-long", "ads, slow changes", 0.001, 24, 16, 9 * 24),
    _row("invoicer-short", "16 servers sampled once a second", 0.005, 12, 14, 24, 24),
    _relative("ct-supply-short", "a capacity metric without stacks, 5 % relative", 12, 7, 24, 24),
    _relative("ct-supply-long", "the same, slow changes", 12, 10, 7 * 24, 24),
    _relative("ct-demand", "demand for capacity, without stacks, 5 % relative", 12, 7, 24),
)
PRESETS: Mapping[str, Preset] = MappingProxyType({row.name: row for row in _ROWS})
"""By name; ``small-fleet`` is the default."""
DEFAULT_PRESET = _ROWS[0].name
