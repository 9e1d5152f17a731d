"""How small a regression a fleet can see, how soon, and what it misses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from effnb.domain._base import Noun

if TYPE_CHECKING:
    import pandas as pd


class SampledFleet(Noun):
    """What decides how small a regression can be seen: how many stack samples there are."""

    name: str
    """Service, or what a planned fleet is called."""
    servers: float | None = Field(default=None, gt=0)
    """Servers; null when nobody said."""
    samples_per_minute: float = Field(gt=0)
    """Stack samples a minute that reach the store, all servers together."""

    @property
    def rate(self) -> float | None:
        """Samples per server and minute; null when the servers are unknown."""
        return None if self.servers is None else self.samples_per_minute / self.servers


class PowerTerms(Noun):
    """What "can be seen" means: windows and chances."""

    analysis_hours: float = Field(default=6.0, gt=0)
    """Samples after the change that a test may use: analysis and extended window, hours."""
    baseline_hours: float = Field(default=240.0, gt=0)
    """Samples before it, hours."""
    alpha: float = Field(default=0.01, gt=0, le=0.5)
    """Chance of any false alarm in one look at all functions."""
    functions: int = Field(default=1, gt=0)
    """Functions tested together; each gets ``alpha / functions`` (Bonferroni)."""
    power: float = Field(default=0.95, ge=0.5, lt=1)
    """Chance that a regression of the stated size is found."""
    size: float = Field(default=0.005, gt=0, lt=1)
    """Rise of gCPU whose time to detection is asked for."""

    @property
    def alpha_each(self) -> float:
        """Chance of a false alarm for one function."""
        return self.alpha / self.functions


class RegressionSizes(Noun):
    """Which regressions come along in a year: an assumption, with its source."""

    per_year: float = Field(ge=0)
    """Regressions a year."""
    quantiles: tuple[tuple[float, float], ...]
    """Pairs of probability and size as a rise of gCPU, both rising, from probability 0 to 1."""
    source: str
    """Where this comes from."""


class FunctionPower(Noun):
    """How small a rise of one function can be seen."""

    function: str
    """Function, or a share where no function is meant."""
    gcpu: float
    """Its share of stack samples now."""
    samples: float
    """Samples of the service in the window after a change."""
    design_effect: float
    """Variance of its share over that of sampling alone."""
    noise: Literal["measured", "typical", "given"]
    """From this function's series, from those of the service's other functions, or as the caller said."""
    smallest_rise: float | None
    """Smallest rise of gCPU that is found; null when none can be."""
    smallest_relative: float | None
    """The same relative to ``gcpu``."""
    servers: float | None
    """The same in servers-equivalent; null without a number of servers."""
    hours_to_detect: float | None
    """Hours from a rise of ``terms.size`` until it is found; null when the baseline is too short to find it ever."""
    smallest_rise_one_more: float | None
    """Smallest rise with one more sample per server and minute; null without a number of servers."""
    smallest_rise_twice_rate: float | None
    """Smallest rise with every server sampled twice as often."""


class UndetectedWaste(Noun):
    """What regressions that are never found cost, if sizes and rate are as assumed."""

    regressions: float
    """Regressions a year that are missed."""
    share: float
    """Their share of all."""
    gcpu: float
    """CPU they cost, as a share of the service, added within a year."""
    servers: float | None
    """The same in servers-equivalent; null without a number of servers."""
    servers_twice_rate: float | None
    """Servers-equivalent when every server is sampled twice as often."""


class FleetPower(Noun):
    """What one fleet or service can see."""

    fleet: SampledFleet
    """The fleet."""
    functions: tuple[FunctionPower, ...]
    """Its functions, largest share first."""
    total: int = Field(ge=0)
    """How many there are; more than ``functions`` holds when a limit cut them."""
    waste: UndetectedWaste
    """What it misses, over all functions."""

    def to_frame(self) -> pd.DataFrame:
        """One row a function, columns as in ``FunctionPower``."""
        import pandas as pd

        return pd.DataFrame([row.model_dump() for row in self.functions])


class PowerPlan(Noun):
    """What can be seen, with the terms and assumptions it holds under."""

    terms: PowerTerms
    """Windows and chances."""
    sizes: RegressionSizes
    """Which regressions are expected."""
    fleets: tuple[FleetPower, ...]
    """One fleet or service each."""
    not_enough_data: dict[str, str] = Field(default_factory=dict)
    """Services that cannot be planned for, and why."""


class DetectionTime(Noun):
    """How soon one size of regression is found."""

    fleet: str
    """Name of the fleet."""
    gcpu: float
    """Share of the function before."""
    size: float
    """Rise of gCPU."""
    hours: float | None
    """Hours until it is found; null when the baseline is too short to find it ever."""
