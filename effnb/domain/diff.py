"""The ranked difference of two profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from effnb.domain._base import Noun

if TYPE_CHECKING:
    import pandas as pd


class FunctionDelta(Noun):
    """One function in two profiles."""

    function: str
    """Name; Python functions are ``module:qualname``."""
    before: float
    """Share of the first profile's samples that contain it (gCPU), 0 … 1."""
    after: float
    """Share of the second profile's samples that contain it."""
    delta: float
    """``after − before``."""
    low: float
    """Lower end of the 95 % interval of ``delta``, from sample counts alone."""
    high: float
    """Upper end of that interval."""
    self_before: float
    """Share of the first profile's samples in which it is the innermost frame."""
    self_after: float
    """The same in the second profile."""


class ProfileDiff(Noun):
    """Two profiles, function by function, largest absolute change first."""

    before: str
    """What the first profile is."""
    after: str
    """What the second profile is."""
    unit: str
    """Unit of the counts in both."""
    total_before: int = Field(ge=0)
    """Sum of counts in the first profile."""
    total_after: int = Field(ge=0)
    """Sum of counts in the second profile."""
    rows: tuple[FunctionDelta, ...]
    """Functions; empty when both profiles are."""
    functions: int = Field(ge=0)
    """How many functions were compared, shown or not."""

    def to_frame(self) -> pd.DataFrame:
        """One row a function, same columns as ``FunctionDelta``."""
        import pandas as pd

        columns = list(FunctionDelta.model_fields)
        return pd.DataFrame([row.model_dump() for row in self.rows], columns=columns)
