"""A table-like answer: rows, what was searched, and how to get more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Generic, TypeVar

from pydantic import BaseModel, Field

from effnb.domain._base import Noun

if TYPE_CHECKING:
    import pandas as pd

RowT = TypeVar("RowT", bound=BaseModel)


class Listing(Noun, Generic[RowT]):
    """Rows of one kind; an empty one says what was searched."""

    rows: tuple[RowT, ...]
    """The rows, in the order the question asks for."""
    searched: str
    """Where and in which window was looked: what an empty answer means."""
    total: int = Field(ge=0)
    """How many rows match; more than ``rows`` holds when a limit cut them."""

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[RowT]:  # type: ignore[override]  # rows, not (name, value) pairs
        return iter(self.rows)

    def __getitem__(self, index: int) -> RowT:
        return self.rows[index]

    def to_frame(self) -> pd.DataFrame:
        """One row each; nested values become columns ``outer.inner``. An empty listing has no columns."""
        import pandas as pd

        return pd.json_normalize([row.model_dump() for row in self.rows])
